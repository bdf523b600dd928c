"""Questions about the whole: what needs a person, health, metrics, schedules."""
