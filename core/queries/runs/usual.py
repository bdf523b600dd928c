"""How long the stages of a profile usually take: the median of its runs before."""

from __future__ import annotations

from statistics import median

from core.journal import Journal, Run

MOST_RUNS = 20
"""Runs before it, of the same profile, that a run is set against."""

LEAST = 3
"""Times that a stage was made; of fewer there is no usual."""


def usual_seconds(journal: Journal, run: Run) -> dict[str, float]:
    """Return the median seconds in which stages were made by the runs before ``run``, by stage.

    What was reused took no time and does not count; a stage made less than :data:`LEAST` times is not in it.
    """
    return usual_of_profile(journal, run.profile, before=run.seq)


def usual_of_profile(journal: Journal, profile: str, *, before: int | None = None) -> dict[str, float]:
    """Return the median seconds in which stages were made by the newest runs of a profile, by stage.

    Parameters
    ----------
    before : int or None
        Number of a run: only those before it count.
    """
    runs = [
        each
        for each in journal.runs(limit=10 * MOST_RUNS, profile=profile)
        if (before is None or each.seq < before) and each.profile == profile
    ][:MOST_RUNS]
    seconds: dict[str, list[float]] = {}
    for events in journal.events_of([each.run_id for each in runs]).values():
        for event in events:
            if event.state == "succeeded" and "seconds" in event.facts:
                seconds.setdefault(event.stage, []).append(float(event.facts["seconds"]))
    return {stage: median(times) for stage, times in seconds.items() if len(times) >= LEAST}
