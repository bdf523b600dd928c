"""Decisions on the Model page: each is recorded with its reason, or refused in words, by the services."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.fingerprint import sha256
from core.journal import Journal
from core.registry.registry import Registry
from core.request.settings import load
from core.review.decision_history import states
from core.review.decisions import promote
from core.review.people import Person
from tests.champions import champion as the_champion

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

ANN = Person("local:ann", "Ann", "approver")
CONFIG = (Path(__file__).parents[2] / "luigi.cfg").read_text(encoding="utf-8")


@pytest.fixture
def two(finished) -> Path:
    """A finished data root with a second usable model."""
    body = json.loads((finished / "latest" / "model.json").read_bytes())
    body["training"]["seed"] += 1
    Registry(finished).add(json.dumps(body).encode())
    return finished


@pytest.fixture
def page(open_view, monkeypatch):
    """Open the page on a data root, by a person with a role."""

    def show(data, *, role="approver", **query) -> AppTest:
        config = data / "other.cfg"
        config.write_text(CONFIG.replace("role = approver", f"role = {role}"), encoding="utf-8")
        monkeypatch.setenv("LUIGI_CONFIG_PATH", str(config))
        return open_view("model", data, **query)

    return show


def decide(at, button, why="Seen the figures.", *, agreed=True) -> AppTest:
    """Press a button, answer its question with a reason and, where it is asked for, the tick, and confirm."""
    at.button(key=button).click().run()
    at.text_area(key="decision_why").set_value(why)
    for tick in at.checkbox:
        if tick.key == "decision_agreed" and agreed:
            tick.check()
    return at.button(key=f"{button}-yes").click().run()


def present_model(data) -> str:
    """The id of the model that the newest run trained."""
    return sha256((data / "latest" / "model.json").read_bytes())[:12]


def records(data):
    """The chain."""
    return Journal(data).records() if Journal.exists(data) else []


def champion(data):
    """The champion's id, None before the first promotion."""
    match = the_champion(data)
    return match.model_id if match else None


def test_promote_reject_keep_and_roll_back_are_recorded_with_their_reason(page, two, reader):
    """One after the other, on one page; the history shows each with who and why."""
    own = present_model(two)
    (other,) = set(Registry(two).ids()) - {own}
    promote(load({"AFTERCLOSE_DATA": str(two)}), other, "An earlier one.", person=ANN)
    at = decide(page(two, part="Decisions"), "reject_model", "Not yet.")
    assert states(load({"AFTERCLOSE_DATA": str(two)}), "files:prices")[own] == "rejected"
    at = decide(at, "promote", "After all.")
    assert f"{own[:6]} is the champion of files:prices now instead of {other[:6]}" in reader.said(at.success)
    assert champion(two) == own
    at = decide(at, "keep", "Nothing moved.")
    at = decide(at, "roll_back", "It was worse.")
    assert not at.exception
    assert champion(two) == other
    assert [r.content["why"] for r in records(two)] == [
        "An earlier one.", "Not yet.", "After all.", "Nothing moved.", "It was worse.",
    ]  # fmt: skip
    shown = reader.table(at, "Decision", "Why", "Advice then")
    assert list(shown["Why"]) == [r.content["why"] for r in records(two)][::-1]
    assert set(shown["Who"]) == {"local user", "Ann"}


def test_only_the_candidate_of_the_run_shown_can_be_decided_about(page, two, run_luigi, small, reader):
    """Its own after training; none when the run scored; others are described, and led to, not acted on."""
    own = present_model(two)
    (other,) = set(Registry(two).ids()) - {own}
    at = page(two)
    assert reader.table(at, "Candidate")["Candidate"][0] == own[:6]
    assert not at.button(key="promote").disabled
    assert not any(box.key == "decision_model" for box in at.selectbox)
    (waiting,) = [c.value for c in at.caption if f"`{other[:6]}`" in c.value]
    assert "AUC" in waiting
    assert "trained" in waiting
    decide(at, "promote", "A baseline.")
    assert run_luigi(*small, "--mode", "score", data=two).code == 0
    at = page(two)
    assert not {"promote", "reject_model"} & {button.key for button in at.button}
    assert "This run trained nothing" in reader.said(at.caption)
    assert not at.button(key="keep").disabled


def test_a_failed_gate_needs_a_tick_beside_the_reason(page, finished, reader):
    """The question names the gate; without the tick nothing is recorded."""
    at = page(finished)
    at.button(key="promote").click().run()
    assert "gate" in reader.said(at.warning)
    assert "Better than chance" in reader.said(at.warning)
    beside = reader.table(at, "Candidate", "Champion in use")
    assert beside["Champion in use"][0] == "none yet"
    assert beside["Candidate"][0] == present_model(finished)[:6]
    at = decide(page(finished), "promote", agreed=False)
    assert "the tick that it is meant" in reader.said(at.error)
    assert champion(finished) is None
    assert records(finished) == []


def test_a_page_does_not_say_that_there_is_no_champion_beside_the_champion(page, two, open_view, reader):
    """What the run's advice said of its time is followed by what happened since."""
    own = present_model(two)
    (other,) = set(Registry(two).ids()) - {own}
    promote(load({"AFTERCLOSE_DATA": str(two)}), other, "Another one.", person=ANN)
    at = page(two)
    assert "There is no champion" in reader.said(at.markdown)
    since = f"there was no champion; since then {other[:6]} was made the champion"
    assert since in reader.said(at.caption)
    assert "Advised before that: " in reader.said(at.markdown)
    assert f"Should {own[:6]} replace the champion {other[:6]}?" in reader.said(at.markdown)
    bodies = [each.proto.body for each in open_view("report", two).get("html")]
    paper = " ".join(body for body in bodies if 'class="report-page"' in body)
    lead = f"<strong>{other[:6]} is the champion now.</strong> Should {own[:6]} replace the champion {other[:6]}?"
    order = [lead, 'class="verdict"', "<dt>Asked of you</dt><dd>Answer", "How sure", "<dt>Then</dt>"]
    order += [f"since then {other[:6]} was made", "Asked: Is candidate", "which nobody uses yet", "Advised: "]
    places = [paper.index(words) for words in order]
    assert places == sorted(places), "what is so now leads, what was true of its time follows"
    assert paper.count("was made the champion") == 1, "once, of the question and the advice alike"
    assert "<dt>Advice</dt>" not in paper
    assert "see the desk" not in paper, "this is the desk"


def test_the_model_of_the_run_that_became_champion_is_not_asked_about_as_a_candidate(page, finished, reader):
    """The question is about now: to keep it or train a successor; its AUC stands once, beside the verdict."""
    own = present_model(finished)
    assert f"Should {own[:6]} become the first champion?" in reader.said(page(finished).markdown)
    decide(page(finished), "promote", "A baseline.")
    at = page(finished)
    asked = reader.said(at.markdown)
    assert f"Keep the champion {own[:6]}, the model of this run, or train a successor?" in asked
    assert "keep it with a reason, or train a successor" in asked, "a gate is not passed"
    assert f"since then {own[:6]}, the model of this run, was made the champion" in reader.said(at.caption)
    assert "AUC" not in set(reader.table(at, "Champion in use").iloc[:, 0])


@pytest.mark.parametrize("button", ["promote", "reject_model"])
def test_a_decision_without_a_reason_is_refused_in_words(page, finished, button, reader):
    """Nothing is recorded and no champion made."""
    at = decide(page(finished), button, "   ")
    assert "no reason was given" in reader.said(at.error)
    assert records(finished) == []
    assert champion(finished) is None


def test_without_a_champion_nothing_can_be_kept_or_rolled_back(page, finished, reader):
    """Words say so in place of the buttons; with a first one there is none to roll back to."""
    at = page(finished)
    assert not {"keep", "retrain", "roll_back"} & {button.key for button in at.button}
    assert "nobody has promoted a model" in reader.said(at.caption)
    at = decide(at, "promote")
    assert {"keep", "retrain", "roll_back"} & {button.key for button in at.button} == {"keep", "retrain"}


def test_a_role_is_judged_at_the_moment_of_the_press(page, finished, reader):
    """A viewer finds the button off; who became one after the page was drawn is refused by the service."""
    at = page(finished, role="viewer")
    assert at.button(key="promote").disabled
    assert "viewer" in at.button(key="promote").help
    at = page(finished).button(key="promote").click().run()
    config = finished / "other.cfg"
    config.write_text(
        config.read_text(encoding="utf-8").replace("role = approver", "role = viewer"), encoding="utf-8"
    )
    at.text_area(key="decision_why").set_value("Seen.")
    at.checkbox(key="decision_agreed").check()
    at = at.button(key="promote-yes").click().run()
    assert "role 'viewer'" in reader.said(at.error)
    assert records(finished) == []


def test_an_operator_may_keep_and_not_promote(page, two):
    """Least role by action."""
    assert page(two, role="operator").button(key="promote").disabled
    decide(page(two), "promote")
    at = page(two, role="operator")
    assert not at.button(key="keep").disabled
    at = decide(at, "keep")
    assert [r.content["role"] for r in records(two)] == ["approver", "operator"]


def test_candidate_and_champion_stand_side_by_side(page, finished, run_luigi, small, reader):
    """A second training, while there is a champion: gates, both models' measures, curves of both."""
    (model,) = Registry(finished).ids()
    decide(page(finished), "promote", "A baseline.")
    done = run_luigi(*small, "--mode", "train", "--fold-sessions", "45", data=finished)
    assert done.code == 0, done.err
    at = page(finished, part="Curves", beside="true")
    assert not at.exception
    gates = reader.table(at, "Gate", "Result")
    assert "Compared on the same later rows" in set(gates["Gate"])
    assert any(f"Champion {model[:6]}" in c.value for c in at.caption)
    assert not any(model in c.value for c in at.caption), "by its first six digits"


@pytest.mark.slow
def test_retraining_is_recorded_and_starts_a_training_run(
    desk_page, desk_settings, finished, monkeypatch, wait_until
):
    """With the parameters of the run that is looked at, in mode train."""
    monkeypatch.setenv("AFTERCLOSE_DATA", str(finished))
    at = decide(desk_page("views/model.py"), "promote", "A baseline.")
    at = decide(at, "retrain", "A year has passed.")
    assert not at.exception
    run = Journal(finished).runs(limit=1)[0]
    wait_until(lambda: not Journal(finished).run(run.run_id).active, "the run to end")
    assert run.request["mode"] == "train"
    assert run.request["fold_sessions"] == "60"
    assert run.how == "desk"
    assert records(finished)[-1].content["decision"] == "retrain"
    assert Journal(finished).run(run.run_id).state == "succeeded"


@pytest.mark.slow
def test_a_model_that_nothing_was_judged_of_is_promoted_only_after_a_tick(
    page, data, run_luigi, run_afterclose, prices_file, reader
):
    """The page says which setting would do; Promote is off until a person says it is meant."""
    options = ["--source", "files", "--path", str(prices_file), "--calendar", "24/7"]
    options += ["--bootstrap-samples", "100", "--mode", "train", "--min-train-sessions", "712"]
    outcome = run_luigi(*options, data=data)
    assert outcome.code == 0, outcome.err
    at = page(data)
    assert "min_train_sessions = 239 or fewer (51 at least), or auto would do" in reader.said(at.warning)
    at.button(key="promote").click().run()
    assert "was judged on 0 rows" in reader.said(at.warning)
    at = decide(page(data), "promote", agreed=False)
    assert champion(data) is None
    model = present_model(data)
    told = run_afterclose("promote", model, "--why", "a first baseline", data=data)
    assert told.code == 0
    assert "was judged on 0 rows" in told.err
