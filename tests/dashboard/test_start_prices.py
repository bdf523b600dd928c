"""The prices of a new run: browsed, named, looked at before anything runs."""

from __future__ import annotations

import re

from tests.dashboard.start_page import errors_on, said, wrong
from tests.sources.address_servers import web_server


def test_a_file_is_looked_at_as_soon_as_it_is_named(start_page, prices_file, reader):
    """What is shown is the gate's own, and no run begins; a calendar that fits is one press away."""
    at = start_page()
    at.segmented_control(key="source").set_value("files").run()
    assert any("A look at your prices" in markdown.value for markdown in at.markdown)
    at.text_input(key="field-path").set_value(str(prices_file)).run()
    assert not at.exception
    text = said(at, reader)
    assert "600" in text
    assert "2020-01-01 to 2020-10-26" in text
    assert "enough to judge" in text
    assert at.multiselect(key="field-tickers").options == ["AAA", "BBB"]
    at.button(key="use-calendar").click().run()
    assert "Changed: Exchange calendar 24/7" in said(at, reader)
    assert "use-calendar" not in {button.key for button in at.button}


def test_a_file_that_would_stop_at_the_gate_is_told_so_beside_the_button(
    start_page, tmp_path, prices_file, reader
):
    """Errors with the lines of the file; the run may still be asked for."""
    lines = prices_file.read_text(encoding="utf-8").splitlines()
    path = tmp_path / "twice.csv"
    path.write_text(
        "\n".join([*lines, lines[1].replace(lines[1].split(",")[5], "1")]) + "\n", encoding="utf-8"
    )
    at = start_page()
    at.segmented_control(key="source").set_value("files").run()
    at.text_input(key="field-path").set_value(str(path)).run()
    assert any(": 1 error" in markdown.value for markdown in at.markdown)
    assert "It would stop at the gate" in said(at, reader)
    assert re.search(r"\bline \d+: ", said(at, reader))
    assert (at.button(key="run").label, at.button(key="run").disabled) == ("Run anyway", False)


def test_what_is_no_table_of_prices_cannot_be_run(start_page, tmp_path):
    """The look says what is wrong with it, and the button is off."""
    path = tmp_path / "notes.csv"
    path.write_text("hello,world\n1,2\n", encoding="utf-8")
    at = start_page()
    at.segmented_control(key="source").set_value("files").run()
    at.text_input(key="field-path").set_value(str(path)).run()
    assert "no table of prices" in errors_on(at)
    assert at.button(key="run").disabled


def test_a_large_file_waits_for_a_press(start_page, prices_file, monkeypatch, reader):
    """To read it takes a while: its size is said, and a button."""
    from dashboard import looking

    monkeypatch.setattr(looking, "AT_ONCE_BYTES", 100)
    at = start_page()
    at.segmented_control(key="source").set_value("files").run()
    at.text_input(key="field-path").set_value(str(prices_file)).run()
    assert "enough to judge" not in said(at, reader)
    at.button(key="look-at").click().run()
    assert "enough to judge" in said(at, reader)


def test_a_service_is_asked_for_named_tickers_and_nothing_before(start_page):
    """No alarm for what was not typed yet; nothing is asked while the form is filled in."""
    at = start_page()
    at.segmented_control(key="source").set_value("yahoo").run()
    assert any("Name the tickers" in caption.value for caption in at.caption)
    assert any("Asked when the run starts" in markdown.value for markdown in at.markdown)
    assert at.button(key="run").disabled
    assert not wrong(at, "")


def test_a_folder_under_the_roots_is_browsed_and_searched(
    start_page, tmp_path, monkeypatch, root, prices_file, reader
):
    """Folders, files with size and date; nothing outside, hidden or of another kind; a press chooses one."""
    place = tmp_path / "prices"
    (place / "daily").mkdir(parents=True)
    for name in ("daily/may.csv", "june.csv", ".hidden.csv", "notes.md"):
        (place / name).write_bytes(prices_file.read_bytes())
    text = (root / "luigi.cfg").read_text(encoding="utf-8").replace("roots =\n", f"roots = {place}\n")
    config = tmp_path / "luigi.cfg"
    config.write_text(text, encoding="utf-8")
    monkeypatch.setenv("LUIGI_CONFIG_PATH", str(config))
    at = start_page()
    at.segmented_control(key="source").set_value("files").run()
    text = said(at, reader)
    assert "june.csv" in text
    assert "1 file" in text
    assert ".hidden" not in text
    assert "notes.md" not in text
    at.text_input(key="browse-words").set_value("may").run()
    assert "may.csv" in said(at, reader)
    assert "june.csv" not in said(at, reader)


def test_a_path_is_asked_for_only_with_files(start_page):
    """The field appears with the source it belongs to, and says without alarm that it must be filled."""
    at = start_page()
    assert "field-path" not in {widget.key for widget in at.text_input}
    at.segmented_control(key="source").set_value("files").run()
    assert "field-path" in {widget.key for widget in at.text_input}
    assert not wrong(at, "")
    assert any("Name a file" in caption.value for caption in at.caption)
    assert at.button(key="run").disabled


def test_a_file_that_is_not_there_is_named(start_page):
    """The message names the file that was typed."""
    at = start_page()
    at.segmented_control(key="source").set_value("files").run()
    at.text_input(key="field-path").set_value("nowhere.csv").run()
    assert "nowhere.csv" in wrong(at, "nowhere")


def test_an_address_is_judged_as_it_is_typed_and_asked_when_run_is_pressed(start_page):
    """Each letter would be a question to somebody's server; a mangled one is marked at its field."""
    with web_server() as web:
        at = start_page()
        at.segmented_control(key="source").set_value("files").run()
        at.text_input(key="field-path").set_value("https:/desk.example/p.csv").run()
        assert "mangled" in wrong(at, "")
        assert at.button(key="run").disabled
        at.text_input(key="field-path").set_value(f"{web.url}/prices.csv").run()
        assert not at.button(key="run").disabled
        assert web.asked == []
        at.button(key="run").click().run()
        assert web.asked
        assert any("there is no price file at" in error.value for error in at.error)
