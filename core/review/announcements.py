"""What people are told of a decision about a report: it was published, or its signature was taken back."""

from __future__ import annotations

from core.journal import Journal
from core.notices.outgoing import Notice, notify
from core.notices.sending import Event, is_enabled
from core.registry.origins import PAGE, Origins
from core.request.settings import Settings

_TITLES: dict[Event, str] = {
    "publish": "Afterclose: a report was published",
    "revoke": "Afterclose: a signature was revoked",
}


def announce_report(settings: Settings, journal: Journal, event: Event, report_key: str, text: str) -> None:
    """Tell people of an act on a report, with a link to it. Never raises; what was not sent waits in the journal."""
    if not is_enabled(settings, event):
        return
    runs = [run for run in journal.runs(limit=PAGE) if run.keys.get("report") == report_key]
    about = {"run": runs[0].run_id} if runs else None
    names = sorted(Origins(settings).of_key("report", report_key))
    whose = f" (profile {', '.join(names)})" if names else ""
    page, profile = "report" if about else "", names[0] if len(names) == 1 else ""
    notify(settings, Notice(event, _TITLES[event], f"{text}{whose}", page, about, profile=profile))
