"""What is drawn or given without its page asks for the login itself: a tab may stand open for days."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import SettingsError
from core.request import settings as configuration
from core.review import logouts
from dashboard import login, parts

DESK = Path(parts.__file__).parent


@pytest.fixture
def logged_out(desk_settings, monkeypatch):
    """A desk whose visitor's login is over."""

    def over(settings):
        raise SettingsError("nobody is logged in", expected="a login")

    monkeypatch.setattr(login, "person", over)


def _page():
    import streamlit as st

    from dashboard import parts as parts_

    @parts_.redrawn("words", every_s=None)
    def draw() -> None:
        st.write("what only those see who are logged in")

    draw()


def test_a_part_shows_nothing_new_once_the_login_is_over(logged_out):
    """Streamlit draws such a part again without the page, which would have asked."""
    at = AppTest.from_function(_page).run()
    assert not at.markdown
    assert "nobody is logged in" in at.error[0].value


def test_a_part_shows_what_it_has_to_whoever_is_there(desk_settings):
    """The local user is."""
    at = AppTest.from_function(_page).run()
    assert [each.value for each in at.markdown] == ["what only those see who are logged in"]
    assert not at.error


@pytest.fixture
def offered(desk_settings, monkeypatch):
    """What somebody who is logged in at a team's desk was offered, and the claims of their login."""
    ann = {"is_logged_in": True, "iss": "https://id.example.org", "sub": "77", "iat": time.time()}
    monkeypatch.setattr(login, "required", lambda: True)
    with monkeypatch.context() as page:
        page.setattr(login.st, "user", SimpleNamespace(to_dict=lambda: dict(ann)))
        load = parts.to_download(lambda: b"the artifact")
    return load, ann


def test_a_button_gives_its_file_where_streamlit_makes_it(offered):
    """In a thread without a visitor: who was offered it is asked there, or nobody of a team could download anything."""
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(offered[0]).result() == b"the artifact"


def test_a_button_gives_nothing_once_the_login_is_over(offered):
    """What a page offered before is made when the button is pressed, and judged then."""
    load, ann = offered
    logouts.end(configuration.load(), ann)
    with pytest.raises(SettingsError, match="nobody is logged in"):
        load()


def test_a_button_gives_nothing_to_whom_it_was_offered_too_early(desk_settings, monkeypatch):
    """A page without a login offers nothing; should it, nothing is given."""
    monkeypatch.setattr(login, "required", lambda: True)
    with pytest.raises(SettingsError, match="nobody is logged in"):
        parts.to_download(lambda: b"the artifact")()


def _search():
    from dashboard import searching

    searching._dialog()


def test_the_search_finds_nothing_once_the_login_is_over(logged_out):
    """A dialog that is open is drawn again without its page, too."""
    at = AppTest.from_function(_search).run()
    assert not at.text_input
    assert "nobody is logged in" in at.error[0].value


def test_every_part_and_every_download_of_the_desk_asks():
    """The form of a new run aside: it shows nothing new without the role to start one, and what is typed stays."""
    drawn = {path.name for path in DESK.rglob("*.py") if "@st.fragment" in path.read_text()}
    assert drawn == {"parts.py", "requesting.py"}
    assert {path.name for path in DESK.rglob("*.py") if "st.dialog(" in path.read_text()} == {"parts.py"}
    offers = [
        (path.name, offer)
        for path in DESK.rglob("*.py")
        for offer in re.findall(r"st\.download_button\((.*?)\n    +\)", path.read_text(), re.DOTALL)
    ]
    assert len(offers) >= 8
    assert [offer for offer in offers if "lambda" in offer[1] and "parts.to_download" not in offer[1]] == []


@pytest.mark.parametrize(("view", "choice"), [("data", "part"), ("features", "period"), ("run", "level")])
def test_a_choice_without_a_value_in_the_address_is_the_usual_one(open_view, finished, view, choice):
    """A link that was cut off."""
    at = open_view(view, finished, **{choice: ""})
    assert not at.error
