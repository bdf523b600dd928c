"""Results of a single worker are taken from memory; workers in processes of their own keep their pipe."""

import multiprocessing.queues

import luigi
import pytest

import luigi_tasks  # noqa: F401 - importing it is what is judged
from luigi_tasks.in_process import Results


class Said(luigi.Task):
    """A task that remembers in its file that it ran."""

    path = luigi.Parameter()

    def output(self):
        """The file."""
        return luigi.LocalTarget(self.path)

    def run(self):
        """Write it."""
        with self.output().open("w") as file:
            file.write("ran")


@pytest.mark.parametrize(("workers", "kind"), [(1, Results), (2, multiprocessing.queues.Queue)])
def test_where_results_are_taken_from(workers, kind, tmp_path, monkeypatch):
    """Both run the task to its end."""
    kinds, start = [], luigi.worker.Worker.run

    def run(worker):
        kinds.append(type(worker._task_result_queue))
        return start(worker)

    monkeypatch.setattr(luigi.worker.Worker, "run", run)
    task = Said(path=str(tmp_path / "said"))
    assert luigi.build([task], local_scheduler=True, workers=workers, log_level="ERROR")
    assert kinds == [kind]
    assert (tmp_path / "said").read_text() == "ran"


def test_a_result_survives_where_nothing_can_be_pickled(tmp_path, monkeypatch):
    """As where memory has run out: through the pipe the result would be lost, and waited for without an end."""

    def out_of_memory(*_):
        raise MemoryError

    monkeypatch.setattr("multiprocessing.queues._ForkingPickler.dumps", out_of_memory)
    assert luigi.build(
        [Said(path=str(tmp_path / "said"))], local_scheduler=True, workers=1, log_level="ERROR"
    )


def test_a_failure_that_could_not_be_printed_is_said_once():
    """By whoever takes Luigi's word of it; one of ours, one that was printed, and an interrupt are not said again."""
    from core.errors import DataError
    from luigi_tasks.terminal import Terminal

    terminal = Terminal()
    assert terminal.lacks(SystemError("error return without exception set"))
    assert not terminal.lacks(DataError("x", expected="y"))
    assert not terminal.lacks(KeyboardInterrupt())
    terminal.stage("clean", "failed", {"exception": MemoryError()})
    assert not terminal.lacks(MemoryError())
