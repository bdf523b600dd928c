"""The model page's panel of decisions: about the candidate of the run shown and the champion, each asked first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import streamlit as st

from core.errors import listed
from core.evaluation.advice import KEEP, RETRAIN
from core.journal import Run
from core.queries.models import model_tables
from core.queries.models.gates import PromotionGate
from core.queries.models.to_decide import (
    Choice,
    ModelFacts,
    advice_now,
    model_of,
    not_passed,
    question,
    side_by_side,
    since_then,
)
from core.queries.runs.run_labels import run_name, short_ids
from core.report.formatting import counted
from core.tables import Body
from dashboard import acting, compact, deciding, kept_words, parts, shell, wrapped
from dashboard.words import literal

MOST_WAITING = 5


def draw(run: Run, body: Body, gates: list[PromotionGate], choice: Choice) -> None:
    """Draw what is asked now, what is advised and can be done, the models, and which other candidates wait."""
    with st.container(border=True, key="decide"):
        st.subheader("Decide", anchor=False)
        st.markdown(f"**{literal(question(choice, body))}**")
        if since(choice, body):
            st.markdown(advice_now(choice, gates))
        else:
            _advice(body, "by this run")
        advised = "" if since(choice, body) else (body.get("advice") or {}).get("decision", "")
        _candidate(body, gates, choice, advised)
        _champion(run, choice, advised)
        acting.show_message(deciding.PAGE)
        _both(body, choice)
        _waiting(choice.waiting)
        st.caption("Each decision is kept for good: who, when, why, and the advice at that time.")


def since(choice: Choice, body: Body) -> str:
    """Return what happened to the champion since the run was judged, in a sentence; nothing if nothing did."""
    return since_then(choice.champion.model_id if choice.champion else "", body)


def advised_then(choice: Choice, body: Body) -> None:
    """Draw advice that was true of its time, and why it is no more; nothing where it is today's."""
    if words := since(choice, body):
        st.caption(f"▲ {literal(words)}")
        _advice(body, "before that")


def _advice(body: Body, when: str) -> None:
    """Draw what was advised when the run was judged."""
    advice = body.get("advice")
    if advice is None:
        st.caption("This evaluation was made before advice was given; there is none.")
        return
    st.markdown(f"Advised {when}: **{literal(advice['decision'])}.** {literal(advice['sentence'])}")


def _both(body: Body, choice: Choice) -> None:
    """Draw candidate and champion beside each other, or the one that there is."""
    if choice.candidate is None and choice.champion is None:
        return
    columns = _side_by_side(choice.candidate or choice.champion, choice.champion)  # type: ignore[arg-type]  # one is there
    left_out: tuple[str, ...] = _LEFT_TO_THE_DIALOG
    if choice.candidate is None:
        del columns["Candidate"]
    elif choice.champion is None:
        del columns["Champion in use"]
    alone = None if choice.candidate and choice.champion else choice.candidate or choice.champion
    if alone and alone.model_id == model_of(body) and body["mode"] == "train":
        left_out = (*left_out, "Walk-forward AUC")  # that of the run shown, which stands beside this
    places = [place for place, row in enumerate(columns[""]) if row not in left_out]
    table: dict[str, list[object]] = {
        title: [cells[place] for place in places] for title, cells in columns.items()
    }
    table[""] = [str(row).removeprefix("Walk-forward ") for row in table[""]]
    wrapped.table(table, "beside-decide")


def _side_by_side(candidate: ModelFacts, champion: ModelFacts | None) -> dict[str, list[object]]:
    """Return candidate and champion as columns, models and runs as the desk calls them."""
    names, *columns = side_by_side(candidate, champion).items()
    drawn = {
        title: [wrapped.Drawn(compact.short_id(model)), *about, wrapped.Drawn(compact.short_run(run))]
        for title, (model, *about, run) in columns
    }
    return {names[0]: list(names[1]), **drawn}


_LEFT_TO_THE_DIALOG = ("Run", "Rows")


def _candidate(body: Body, gates: list[PromotionGate], choice: Choice, advised: str) -> None:
    facts = choice.candidate
    if not facts:
        if choice.why_none:
            st.caption(literal(choice.why_none))
        return
    if choice.champion:  # else the buttons can only be about the candidate
        st.markdown("**Candidate of this run**")
    with st.container(horizontal=True):
        if _opener("Promote...", "promote", "promote", first=advised == RETRAIN):
            ask_promotion(facts, choice.champion, gates, body)
        if _opener("Reject...", "reject_model", "decide"):
            act = partial(deciding.reject, facts.model_id)
            _ask("Reject this candidate?", _description(facts), key="reject_model", label="Reject", act=act)


def _champion(run: Run, choice: Choice, advised: str) -> None:
    champion, profile = choice.champion, literal(shell.profile())
    if not champion:
        st.caption(f"{profile} has no champion yet: nobody has promoted a model.")
        return
    if choice.candidate:
        st.markdown(f"**Champion of {profile}**")
    before, about = deciding.earlier(), _description(champion)
    with st.container(horizontal=True):
        if _opener("Keep...", "keep", "decide", first=advised == KEEP):
            _ask("Keep this champion?", about, key="keep", label="Keep it", act=deciding.keep)
        if _opener("Retrain...", "retrain", "decide", first=advised == RETRAIN and not choice.candidate):
            words = (
                f"{about}  \nA training run with the parameters of this run starts; its model is a candidate."
            )
            act = partial(deciding.retrain, run)
            _ask("Train a successor?", words, key="retrain", label="Retrain", act=act)
        if before and _opener("Roll back...", "roll_back", "rollback"):
            words, title = (
                f"{about}  \n`{short_ids(before)}` becomes the champion again.",
                "Bring back the champion before?",
            )
            _ask(title, words, key="roll_back", label="Roll back", act=deciding.roll_back)


def _waiting(several: tuple[ModelFacts, ...]) -> None:
    if not several:
        return
    with st.expander(f"Other candidates waiting ({len(several):,})", key="waiting"):
        for facts in several[:MOST_WAITING]:
            st.caption(_description(facts))
            if facts.run_id:
                shell.page_link("model", f":blue[Look at it: run {run_name(facts.run_id)}]", run=facts.run_id)
        if len(several) > MOST_WAITING:
            st.caption(f"And {len(several) - MOST_WAITING:,} more: **Decisions** below lists all models.")


def _description(facts: ModelFacts) -> str:
    state = "" if facts.state in ("champion", "candidate") else f" ({facts.state})"
    return f"`{facts.short_id}`{state}: {literal(facts.sentence())}"


def _opener(label: str, key: str, action: str, *, first: bool = False) -> bool:
    """Draw the button of an act, ``first`` where it is what the advice of today says."""
    reason = acting.refusal(action)
    kind: Literal["primary", "secondary"] = "primary" if first else "secondary"
    return st.button(label, key=key, type=kind, disabled=reason is not None, help=reason)


def _reason(about: str) -> None:
    kept_words.bring_back(deciding.PAGE, deciding.WHY, about)
    st.text_area(
        "Reason", key=deciding.WHY, height=90, max_chars=2_000,
        placeholder="Why, in a sentence: also a business cycle or an event",
    )  # fmt: skip


def _ask(title: str, about: str, *, key: str, label: str, act: Callable[[], None]) -> None:
    """Ask for the reason of an act, and do it."""

    @parts.question(title, icon=":material/balance:")
    def question() -> None:
        st.markdown(about)
        _reason(about)
        acting.confirm(deciding.PAGE, label, f"{key}-yes", act)

    question()


@parts.question("Make this model the champion?", width="large", icon=":material/balance:")
def ask_promotion(
    candidate: ModelFacts, champion: ModelFacts | None, gates: list[PromotionGate], body: Body
) -> None:
    """Show candidate and champion side by side, and what speaks against it; a reason and, then, a tick."""
    wrapped.table(_side_by_side(candidate, champion), "side_by_side")
    both = model_tables.contest(body)
    if not both.empty:
        st.caption(literal(model_tables.contest_basis(body["champion"])))
        wrapped.table(both, "promotion_contest")
    against = _against(candidate, gates)
    for words in against:
        st.warning(literal(short_ids(words)), icon=":material/help:")
    _reason(candidate.model_id)
    if against:
        st.checkbox("Promote it all the same; my reason says why", key=deciding.AGREED)
    label = f"Make it the champion of {literal(shell.profile())}"
    act = partial(deciding.promote, candidate.model_id, must_agree=bool(against))
    acting.confirm(deciding.PAGE, label, "promote-yes", act)


def _against(candidate: ModelFacts, gates: list[PromotionGate]) -> list[str]:
    """Return what a person must have read before promoting a candidate; nothing if nothing speaks against it."""
    failed = not_passed(gates)
    words = f"{counted(len(failed), 'gate')} of {len(gates)} not passed: {listed(failed)}." if failed else ""
    return [*([words] if words else []), *deciding.doubts_about(candidate.model_id)]
