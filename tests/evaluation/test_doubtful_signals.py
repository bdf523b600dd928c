"""A signal whose ticker's newest row is in doubt."""

from core.evaluation.evaluate import evaluate
from core.evaluation.evaluate_settings import EvaluateSettings
from core.parameters import settings_from
from core.tables.artifacts import Document


def test_the_signal_of_a_ticker_whose_last_row_is_in_doubt_is_withheld(world, settings):
    """Of the same session only: a doubt about an earlier row says nothing about the newest features."""
    inputs = world()

    def signal(session):
        doubts = {"T0": {"session": session, "rules": ["large_move", "unit_mixup"]}}
        body = inputs["findings"].body
        source = body["source"] | {"last_rows_in_doubt": doubts}
        inputs_in_doubt = inputs | {"findings": Document("findings", body | {"source": source})}
        found = evaluate(inputs_in_doubt, {}, settings_from(EvaluateSettings, settings)).body
        assert "last_rows_in_doubt" not in found["data"]["source"]
        return found["signals"][0]

    reason = "withheld: the last row is in doubt (large move, unit mixup)"
    doubtful = signal("2020-10-06")
    assert (doubtful["direction"], doubtful["reason"], doubtful["probability"]) == (None, reason, 0.5)
    assert (signal("2020-10-05")["direction"], signal("2020-10-05")["reason"]) == ("up", None)
