"""``afterclose look``: what a file or folder of prices is taken for, before anything runs."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import click

from core.cli import output
from core.cli.paging import no_pager, pages
from core.queries.look import Look, basis_sentence, fit_sentence, left_out_sentence, look_apart
from core.report.formatting import count
from core.request import settings
from core.request.profiles import PROFILE
from core.request.stages import parameters_of, stage_named

MOST_TICKERS = 10
_NOT_HERE = frozenset({"source", "path", "on_missing"})


def _options() -> list[click.Parameter]:
    """Return the options of the stages that read and judge, without those of live sources."""
    stages = [stage_named(name) for name in ("ingest", "validate")]
    return [
        click.Argument(["path"], type=output.FILE, metavar="FILE_OR_FOLDER"),
        click.Option(["--profile"], default="", help="Named set of parameters: [profile:NAME] in luigi.cfg."),
        *(
            click.Option([p.option, p.name], default="", help=p.help)
            for p in parameters_of(stages).values()
            if not p.resolved and p.name not in _NOT_HERE and p.section not in ("yahoo", "tiingo")
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="Print all of it as JSON."),
        no_pager(),
    ]


@pages()
def _look(path: str, profile: str, *, as_json: bool, **texts: Any) -> None:
    request = {
        "path": path,
        **({PROFILE: profile} if profile else {}),
        **{k: v for k, v in texts.items() if v},
    }
    look = look_apart(settings.load(), request, now=datetime.now(UTC))
    if as_json:
        output.as_json(as_mapping(look))
        return
    _print(look)


def as_mapping(look: Look) -> dict[str, Any]:
    """Return a look as JSON values, without what is only drawn."""
    body = asdict(replace(look, pictures={}))
    del body["pictures"]
    return {**body, "stops": look.stops, "enough": not look.shortage, "advice": look.advice()}


def _print(look: Look) -> None:
    span = f", {look.first} to {look.last}" if look.first else ""
    output.facts(
        {
            "name": look.name,
            "rows": count(look.rows),
            "sessions": f"{count(look.sessions)}{span}",
            "tickers": _tickers(look),
            "columns": ", ".join(look.columns),
        }
    )
    click.echo(f"{fit_sentence(look)}\n{basis_sentence(look)}")
    for file in look.files[:MOST_TICKERS]:
        how = {
            name: text
            for name, text in file.items()
            if name not in ("name", "sha256", "rows") and isinstance(text, str)
        }
        click.echo(f"{file['name']}: {', '.join(f'{name} {text}' for name, text in how.items())}")
        if sentence := left_out_sentence(file):
            click.echo(f"  {sentence}")
    click.echo()
    output.table(look.columns, [[row[name] for name in look.columns] for row in look.first_rows], exact=True)
    click.echo()
    for each in look.rules():
        click.echo(f"{each.severity} {each.rule} {each.example}{each.more}")
        click.echo(f"  expected {each.expected}. {each.action}")
        for line in each.lines:
            click.echo(f"  {line}")
    for sentence in look.advice():
        click.echo(sentence)
    if not look.advice():
        click.echo("Nothing stands in the way of a run.")


def _tickers(look: Look) -> str:
    names = list(look.tickers)
    more = f" and {len(names) - MOST_TICKERS} more" if len(names) > MOST_TICKERS else ""
    return f"{len(names)}: {', '.join(names[:MOST_TICKERS])}{more}"


command = click.Command(
    "look", params=_options(), callback=_look,
    help="Say how a file or folder of prices is read and what the gate would say; nothing is made.",
)  # fmt: skip
