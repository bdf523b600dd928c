"""The guide's code is run as it stands."""

from __future__ import annotations

import doctest
import re

import pytest


@pytest.fixture(scope="module")
def guide(root):
    """Everything the guide's code blocks define, run in order."""
    text = (root / "docs" / "add-a-feature.md").read_text(encoding="utf-8")
    names: dict[str, object] = {"__name__": "guide"}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, "add-a-feature.md", "exec"), names)  # the code is the repository's own
    return names


def test_the_guides_example_of_the_function_holds(guide):
    """The doctest in its docstring."""
    (found,) = doctest.DocTestFinder().find(guide["drawdown"], "drawdown", globs=guide, module=False)
    assert found.examples
    assert not doctest.DocTestRunner().run(found).failed


def test_the_guides_tests_pass(guide):
    """Both of them, and they are tests of the new feature."""
    tests = {name: test for name, test in guide.items() if name.startswith("test_")}
    assert len(tests) == 2
    for test in tests.values():
        test()


def test_the_guides_leak_probe_can_fail(guide):
    """A drawdown from the highest close of all time to come is caught."""

    def all_knowing(panel):
        return panel.adj_close / panel.adj_close.max() - 1.0

    leaky = guide["Feature"]("drawdown20", all_knowing, "looks ahead", 0)
    namespace = {**guide, "WITH_DRAWDOWN": (*guide["FEATURES"], leaky)}
    probe = type(guide["test_the_future_changes_no_drawdown"])(
        guide["test_the_future_changes_no_drawdown"].__code__, namespace
    )
    with pytest.raises(AssertionError):
        probe()
