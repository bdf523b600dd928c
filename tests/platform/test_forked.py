"""Work in copies of this process: in order, and none is left over."""

from __future__ import annotations

import os
import time
from functools import partial

import pytest

from core.platform.forked import EndedWithoutAnswer, side_by_side


def answer(number: int, wait_s: float = 0.0) -> tuple[int, int]:
    time.sleep(wait_s)
    return number, os.getpid()


@pytest.mark.parametrize("at_once", [1, 2, 3, 9])
def test_answers_come_in_order_whoever_is_done_first(at_once):
    """The first takes longest; above one, each works in a process of its own."""
    outcomes = list(side_by_side([partial(answer, n, 0.1 if n == 0 else 0) for n in range(4)], at_once))
    assert [number for number, _ in outcomes] == [0, 1, 2, 3]
    assert len({pid for _, pid in outcomes} - {os.getpid()}) == (0 if at_once == 1 else 4)


def test_an_answer_larger_than_a_pipe_holds():
    """Each is read as it comes, whoever's turn it is."""
    assert [len(data) for data in side_by_side([partial(bytes, 300_000), partial(bytes, 500_000)], 2)] == [
        300_000, 500_000,
    ]  # fmt: skip


def sleep(says):
    says.write_text(str(os.getpid()), encoding="ascii")
    time.sleep(60)


def fail(waits_for):
    while not (waits_for.exists() and waits_for.read_text(encoding="ascii")):
        time.sleep(0.01)
    raise ValueError("no")


def test_what_one_raises_is_raised_and_the_others_are_ended(tmp_path):
    """Not after the minute that the other would sleep."""
    says = tmp_path / "pid"
    with pytest.raises(ValueError, match="no"):
        list(side_by_side([partial(fail, says), partial(sleep, says)], 2))
    with pytest.raises(ProcessLookupError):
        os.kill(int(says.read_text(encoding="ascii")), 0)


def test_a_copy_that_ends_without_an_answer_is_named():
    """As when the system takes it for want of memory."""
    with pytest.raises(EndedWithoutAnswer, match="code 7"):
        list(side_by_side([partial(os._exit, 7), partial(answer, 1)], 2))


def wait_for(path):
    while not path.exists():
        time.sleep(0.01)
    return 1


def test_a_work_is_made_while_the_one_before_goes_on(tmp_path):
    """The first waits for what is done here when the second is asked for; one after the other it is done first."""

    def tasks(*, waits):
        yield partial(wait_for, tmp_path / "made") if waits else partial(int, 1)
        (tmp_path / "made").touch()
        yield partial(int, 2)

    assert list(side_by_side(tasks(waits=True), 2)) == [1, 2]
    assert list(side_by_side(tasks(waits=False), 1)) == [1, 2]


def test_a_long_work_keeps_none_waiting_and_no_more_go_on_than_may(tmp_path):
    """The first of four waits for what the last one does; each counts who goes on beside it."""

    def going(number):
        mine = tmp_path / f"going{number}"
        mine.touch()
        time.sleep(0.05)
        beside = len(list(tmp_path.glob("going*")))
        if number == 3:
            (tmp_path / "made").touch()
        if number == 0:
            wait_for(tmp_path / "made")
        mine.unlink()
        return number, beside

    outcomes = list(side_by_side([partial(going, number) for number in range(4)], 2))
    assert [number for number, _ in outcomes] == [0, 1, 2, 3]
    assert max(beside for _, beside in outcomes) == 2


def test_a_copy_is_ended_when_the_next_work_cannot_be_made(tmp_path):
    """What goes wrong here in between leaves nobody behind."""
    says = tmp_path / "pid"

    def tasks():
        yield partial(sleep, says)
        while not (says.exists() and says.read_text(encoding="ascii")):
            time.sleep(0.01)
        raise ValueError("no rows")

    with pytest.raises(ValueError, match="no rows"):
        list(side_by_side(tasks(), 2))
    with pytest.raises(ProcessLookupError):
        os.kill(int(says.read_text(encoding="ascii")), 0)
