"""A profile's section of luigi.cfg changed from the desk: that alone, and nothing that only who opens the file sets."""

from __future__ import annotations

import dataclasses

import pytest

from core.errors import AftercloseError
from core.request.settings import load
from core.review.people import Person
from core.upkeep.profile_section import draft_of, section_lines, why_not, write_section

ANN, VERA = Person("local:ann", "Ann", "operator"), Person("local:vera", "Vera", "viewer")
FILE = """\
# of this desk
[market]
calendar = 24/7

[profile:mine]
; what is read
source = files
path = a.csv
waivers = w.toml
review_signatures = 2
columns =
  date=Datum
  close=Schluss
seed =   3

[profile:other]
source = yahoo
tickers = MSFT
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with luigi.cfg; nobody logs in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LUIGI_CONFIG_PATH", raising=False)
    (tmp_path / "luigi.cfg").write_text(FILE)
    (tmp_path / "luigi.cfg").chmod(0o640)
    return tmp_path


def settings():
    return load({"AFTERCLOSE_DATA": "data"})


def write(profile, texts, person=ANN, draft=None):
    write_section(settings(), draft or draft_of(settings(), profile), texts, person=person)


def refusal(profile, texts, **more):
    """The words with which a change is refused, the file being as it was."""
    with pytest.raises(AftercloseError) as caught:
        write(profile, texts, **more)
    assert (settings().file).read_text() == FILE
    return str(caught.value)


def test_a_changed_section_keeps_its_comments_and_what_the_desk_does_not_set(here):
    """The keys that are set stay in their places, new ones come last, and no other line is another."""
    draft = draft_of(settings(), "mine")
    assert draft.texts["path"] == "a.csv"
    assert not {"waivers", "review_signatures"} & draft.texts.keys()
    write("mine", {"source": "files", "path": "b.csv", "seed": "3", "horizon_sessions": "5"})
    after = FILE.replace("a.csv", "b.csv").replace("columns =\n  date=Datum\n  close=Schluss\n", "")
    after = after.replace("seed =   3\n", "seed =   3\nhorizon_sessions = 5\n")
    assert (here / "luigi.cfg").read_text() == after
    assert (here / "luigi.cfg").stat().st_mode & 0o777 == 0o640
    assert settings().profiles["mine"]["horizon_sessions"] == 5
    assert [path.name for path in here.iterdir()] == ["luigi.cfg"]


def test_a_new_section_stands_at_the_end_and_begins_as_another_profile(here):
    """What that one sets of a run comes along; what is not the desk's to set does not."""
    draft = dataclasses.replace(draft_of(settings(), "", like="mine"), profile="third")
    assert draft.texts.keys() == {"source", "path", "columns", "seed"}
    write("third", draft.texts, draft=draft)
    assert (here / "luigi.cfg").read_text() == f"{FILE}\n{section_lines('third', draft.texts)}\n"
    assert settings().profiles["third"]["columns"] == "date=Datum, close=Schluss"


def test_a_value_that_stays_keeps_its_lines(here):
    """A list in lines of its own is one value: a run of it has the key that it had."""
    write("mine", draft_of(settings(), "mine").texts)
    assert (here / "luigi.cfg").read_text() == FILE


@pytest.mark.parametrize(
    ("profile", "texts", "words"),
    [
        ("mine", {"waivers": "x.toml"}, "waivers cannot be set here"),
        ("mine", {"plugins": "x.py"}, "plugins cannot be set here"),
        ("mine", {"review_signatures": "1"}, "review_signatures cannot be set here"),
        ("mine", {"path": "a.csv\n[user]\nrole = admin"}, "several lines"),
        ("mine", {"path": "a.csv\u2028[user]"}, "several lines"),
        ("mine", {"min_rows": "few"}, "few"),
        ("Mine", {"source": "sample"}, "small letters"),
        ("x]\n[user]\nrole = admin\n[y", {"source": "sample"}, "small letters"),
        ("sample", {"source": "sample"}, "without a profile"),
    ],
)
def test_what_is_not_the_desks_to_set_is_refused(here, profile, texts, words):
    """Which code runs, which findings are accepted, who must sign; and a second line that would be a section."""
    draft = dataclasses.replace(draft_of(settings(), "mine"), profile=profile)
    assert words in refusal(profile, texts, draft=draft)


def test_a_file_that_was_changed_since_is_left_alone(here):
    """Somebody had it open in an editor meanwhile."""
    draft = draft_of(settings(), "mine")
    (here / "luigi.cfg").write_text(f"{FILE}# theirs\n")
    with pytest.raises(AftercloseError, match="changed since"):
        write("mine", {"source": "sample"}, draft=draft)
    assert (here / "luigi.cfg").read_text() == f"{FILE}# theirs\n"


def test_a_viewer_may_not_and_in_a_team_nobody(here, monkeypatch):
    """There the file is out of everybody's reach."""
    assert "viewer" in refusal("mine", {"source": "sample"}, person=VERA)
    monkeypatch.setenv("AFTERCLOSE_LOGIN", "1")
    assert "People log in here" in refusal("mine", {"source": "sample"})
    assert why_not(settings(), {}) == ""
