"""A log is narrowed by level, stage, attempt and words, and opens at its first error, however large it is."""

from __future__ import annotations

import tracemalloc

import pytest

from core.queries.runs.log_search import (
    MOST_LINES,
    SEARCHED_BYTES,
    LogFilter,
    around_first_error,
    end_of,
    whole,
)
from core.runs.log import RunLog


@pytest.fixture
def log(tmp_path):
    """An ingest that succeeds at its second attempt, a clean that fails, a training after a kept model, and a line."""
    made = RunLog(tmp_path, "r")
    made.write("run_started", request={})
    made.write("started", stage="ingest")
    made.write("asked", stage="ingest", url="first")
    made.write("retried", stage="ingest", level="warning", attempt=1, reason="429", wait_s=0.2)
    made.write("asked", stage="ingest", url="second")
    made.write("succeeded", stage="ingest", rows=3, seconds=1.0)
    made.write("started", stage="clean")
    made.write("failed", stage="clean", level="error", seconds=2.0, error="No Room", traceback="...")
    made.write("run_finished", level="warning", state="failed")
    return made


def messages(log, **asked) -> list[str]:
    return [line.message for line in end_of(log.path, LogFilter(**asked)).lines]


def test_nothing_asked_is_everything(log):
    assert len(messages(log)) == 9


def test_a_level_includes_the_more_serious_ones(log):
    assert messages(log, level="error") == ["failed after 2.00 s: No Room"]
    assert len(messages(log, level="warning")) == 3
    assert len(messages(log, level="info")) == 9


def test_a_stage_and_an_attempt_of_it(log):
    """The line that says that an attempt failed belongs to that attempt."""
    assert len(messages(log, stage="clean")) == 2
    assert messages(log, stage="ingest", attempt=2) == ["asked: url second", "done, 3 rows, 1.00 s"]
    assert [m.partition(":")[0] for m in messages(log, stage="ingest", attempt=1)] == [
        "started", "asked", "attempt 1 failed, again in 0.2 s",
    ]  # fmt: skip
    assert messages(log, attempt=2) == messages(log, stage="ingest", attempt=2)


def test_words_are_found_in_any_case_and_filters_are_meant_together(log):
    assert messages(log, text="no room") == ["failed after 2.00 s: No Room"]
    assert messages(log, text="no room", stage="ingest") == []


def test_only_the_last_of_many_lines_are_shown_and_that_is_said(log):
    for number in range(MOST_LINES + 10):
        log.write("asked", stage="clean", url=str(number))
    seen = end_of(log.path, LogFilter(stage="clean"))
    assert len(seen.lines) == MOST_LINES
    assert seen.lines[-1].message == f"asked: url {MOST_LINES + 9}"
    assert str(seen).startswith("(12 earlier lines left out)")


@pytest.fixture
def long_log(tmp_path):
    """Ten megabytes after the line that is looked for, which stands at the beginning."""
    made = RunLog(tmp_path, "long")
    made.write("started", stage="ingest")
    made.write("asked", stage="ingest", url="Needle 7")
    made.write("progress", stage="clean", done=1234567)
    line = made.path.read_bytes().splitlines(keepends=True)[2]
    with made.path.open("ab") as stream:
        stream.write(line * (10 * 1024**2 // len(line)))
    return made


def test_older_lines_are_found_while_few_are(long_log):
    """Further back than what is searched at once; nothing was left unsearched, so nothing is said."""
    for asked in (
        LogFilter(text="needle"),
        LogFilter(stage="ingest", text="needle 7"),
        LogFilter(text="url needle"),
    ):
        seen = end_of(long_log.path, asked)
        assert [line.message for line in seen.lines] == ["asked: url Needle 7"]
        assert seen.left_out == ""


def test_what_was_not_searched_is_said(long_log):
    seen = end_of(long_log.path, LogFilter(text="needle"), SEARCHED_BYTES)
    assert str(seen) == "(only the last 4 MiB were searched)"


def test_a_long_search_keeps_only_what_is_shown(long_log):
    """Every line but two fits: the last ones are kept, the others counted, and memory stays small."""
    tracemalloc.start()
    seen = end_of(long_log.path, LogFilter(stage="clean", text="1,234,567"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(seen.lines) == MOST_LINES
    assert "earlier lines left out" in seen.left_out
    assert peak < 12 * SEARCHED_BYTES


def test_every_line_is_found_by_each_word_of_its_own_sentence(log):
    """Also by words and figures that its bytes do not have: they are put into the sentence."""
    log.write(
        "progress", stage="clean", share=0.123456, many=12345, facts={}, flag=True, name="d\u00e9j\u00e0 vu"
    )
    log.write("quarantined", stage="clean", moved_to="x", reason="y")
    with log.path.open("ab") as stream:
        stream.write(b"no JSON\n")
    for message in messages(log):
        for word in message.split():
            assert message in messages(log, text=word), word


def test_a_log_opens_a_little_before_its_first_error(log):
    seen = around_first_error(log.path)
    assert [line.level for line in seen.lines].index("error") == 5
    assert "what came before" in seen.left_out


def test_the_first_error_of_a_large_log_is_found_in_its_middle(tmp_path):
    """Ten megabytes before it and after it; whole lines only, and both cuts are said."""
    log = RunLog(tmp_path, "r")
    log.write("asked", stage="clean", url="x")
    line = log.path.read_bytes()
    many = line * (10_000_000 // len(line))
    error = line.replace(b'"info"', b'"error"')
    log.path.write_bytes(many + error + many + error)
    seen = around_first_error(log.path)
    assert [each.level for each in seen.lines[:7]] == ["info"] * 5 + ["error", "info"]
    assert all(each.message == "asked: url x" for each in seen.lines)
    assert seen.left_out.endswith("what came before and what came after")


def test_a_log_without_error_or_without_file_opens_at_none(tmp_path):
    log = RunLog(tmp_path, "r")
    assert around_first_error(log.path) is None
    assert end_of(log.path, LogFilter()).lines == ()
    log.path.parent.mkdir(parents=True)
    log.path.write_bytes(b"")
    assert around_first_error(log.path) is None
    log.write("asked", text='"level": "error"')
    assert around_first_error(log.path) is None


def test_what_is_kept_of_a_log_are_whole_lines(log):
    everything = log.path.read_bytes()
    assert whole(log.path, 10_000_000) == everything
    assert whole(log.path, 300) == b"".join(everything.splitlines(keepends=True)[-2:])
