"""Which files a run may read: every road to a secret, by name."""

from __future__ import annotations

import dataclasses
import os
from datetime import UTC, datetime
from unittest import mock

import pytest

from core.errors import AftercloseError, ParameterError
from core.notices import sending
from core.request import roots
from core.request.receivers import receiver_files
from core.request.settings import load
from core.runs.resolve import resolve

PRICES = "date,ticker,open,high,low,close,volume\n2024-01-02,A,1,1,1,1,1\n"
TEAM = {"AFTERCLOSE_LOGIN": "1"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with prices, configuration and a data root with a key."""
    home = tmp_path / "work"
    (home / "data" / "keys").mkdir(parents=True)
    (home / "data" / "keys" / "desk.pem").write_text(
        "-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n"
    )
    (home / "prices.csv").write_text(PRICES)
    (home / "luigi.cfg").write_text("[people]\nroles_file = roles.toml\n")
    (home / "roles.toml").write_text("[roles]\n")
    (home / ".hidden").mkdir()
    (home / ".hidden" / "prices.csv").write_text(PRICES)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "prices.csv").write_text(PRICES)
    monkeypatch.chdir(home)
    return home


def judged(path, environ=TEAM, **changes):
    """None, or exit code, parameter and words of the refusal of a path."""
    settings = load({"AFTERCLOSE_DATA": "data"})
    settings = dataclasses.replace(settings, defaults={**settings.defaults, **changes})
    try:
        with mock.patch.dict(os.environ, environ):
            roots.check_path(str(path), settings, parameter="path")
    except ParameterError as error:
        return f"{error.exit_code} {error.parameter}: {error}"
    return None


def test_prices_in_the_working_folder_are_read(place):
    """By a relative path, an absolute one, and the folder that holds data root and configuration beside them."""
    for path in ("prices.csv", place / "prices.csv", ".", place):
        assert judged(path) is None, path


@pytest.mark.parametrize("text", ["prices\0.csv", "~\0/prices.csv", "~\ud800/prices.csv"])
def test_a_text_that_no_file_is_called_is_refused(place, text):
    """It ended in a traceback."""
    assert judged(text).startswith("4 path: ")


@pytest.mark.parametrize(
    "name", ["key", "keys", "data", "config", "roles", "hidden", "environ", "device", "passwords"]
)
def test_no_road_leads_to_a_secret(place, name):
    """In a team and for one person alike."""
    paths = {
        "key": "data/keys/desk.pem", "keys": "data/keys", "data": "data", "config": "luigi.cfg", "roles": "roles.toml",
        "hidden": ".hidden/prices.csv", "environ": "/proc/self/environ", "device": "/dev/stdin",
        "passwords": "/etc/passwd",
    }  # fmt: skip
    for environ in (TEAM, {}):
        assert judged(paths[name], environ), environ


def test_a_link_is_judged_by_what_it_leads_to(place):
    """A file that is a link, a folder that is one, a way back through .. and a link to a link."""
    (place / "link.csv").symlink_to(place / "data" / "keys" / "desk.pem")
    (place / "folder").symlink_to(place / "data" / "keys")
    (place / "again.csv").symlink_to(place / "link.csv")
    for path in (
        "link.csv",
        "folder",
        "folder/desk.pem",
        "again.csv",
        "folder/../../luigi.cfg",
        "../work/data/keys/desk.pem",
    ):
        assert judged(path), path


@pytest.mark.parametrize("name", ["data/keys/desk.pem", "luigi.cfg", "roles.toml"])
def test_a_secret_by_another_name_is_one(place, name):
    """A hard link leads nowhere: it is the file itself."""
    (place / "prices2.csv").hardlink_to(place / name)
    for environ in (TEAM, {}):
        assert judged("prices2.csv", environ), environ


def test_in_a_team_files_are_read_under_the_roots_only(place, tmp_path):
    """The working folder without a word; other folders by the setting; one person alone reads where they may."""
    elsewhere = tmp_path / "elsewhere" / "prices.csv"
    said = judged(elsewhere)
    assert said.startswith("4 path: ")
    assert "[files] roots" in said
    assert str(place) in said
    assert judged(elsewhere, {}, people_roles_file=None) is None
    assert judged(elsewhere, {}, people_roles_file="roles.toml") is not None
    assert judged(elsewhere, roots=f"{place}:{tmp_path / 'elsewhere'}") is None
    assert judged("prices.csv", roots=str(tmp_path / "elsewhere")) is not None


def test_the_file_with_which_people_log_in_is_out_of_reach(place):
    """Wherever it lies."""
    (place / "login.csv").write_text("x")
    assert judged("login.csv") is None
    assert judged("login.csv", {**TEAM, "AFTERCLOSE_LOGIN_FILE": str(place / "login.csv")})
    assert judged(".", {**TEAM, "AFTERCLOSE_LOGIN_FILE": str(place / "login.csv")}), (
        "it would be one of the folder's tables"
    )


def test_a_long_list_that_the_desk_wrote_for_a_run_is_read(place):
    """It lies in the run's folder, which is in the data root; any other file there is not."""
    folder = place / "data" / "runs" / "20260101T000000Z-abcdef"
    folder.mkdir(parents=True)
    for name in ("tickers.txt", "log.jsonl"):
        (folder / name).write_text("AAPL\n")
    assert judged(folder / "tickers.txt") is None
    assert judged(folder / "log.jsonl") is not None
    (place / "prices").mkdir()
    assert judged(folder / "tickers.txt", roots=str(place / "prices")) is None, (
        "a data root beside the folders of prices"
    )


@pytest.mark.parametrize(
    "pattern", ["*", "d*/keys/*.pem", "roles.*", "../e*/prices.csv", "folder-*/*", "/e*/passwd"]
)
def test_a_pattern_is_no_road_to_a_secret(place, pattern):
    """Each file that it matches is judged, links resolved; in a team and, but for the roots, for one person alike."""
    (place / "folder-1").symlink_to(place / "data" / "keys")
    settings = load({"AFTERCLOSE_DATA": "data"})
    with pytest.raises(ParameterError, match="--path names") as raised:
        resolve({"source": "files", "path": pattern}, settings=settings, now=NOW)
    assert raised.value.exit_code == 4
    assert "PRIVATE" not in str(raised.value)


def test_a_secret_in_a_folder_by_key_and_value_is_out_of_reach(place):
    """Such folders are read with the folder that they are in; others are not."""
    (place / "p" / "k=v").mkdir(parents=True)
    (place / "p" / "other").mkdir()
    for name in ("k=v", "other"):
        (place / "p" / name / "roles.csv").write_text("secret")
    assert judged("p", people_roles_file=str(place / "p" / "k=v" / "roles.csv"))
    assert judged("p", people_roles_file=str(place / "p" / "other" / "roles.csv")) is None


@pytest.mark.parametrize(
    "text",
    [
        "ftp://example.com/p.csv",
        "https:/example.com/p.csv",
        "S3:/bucket/p.csv",
        "sftp://anna:sesame@host/p.csv",
    ],
)
def test_an_address_is_named_as_one_and_its_password_is_not_shown(text, tmp_path):
    """Also one that lost a slash on its way; nothing is looked up."""
    with pytest.raises(ParameterError, match="names an address") as caught:
        roots.check_path(text, load({"AFTERCLOSE_DATA": str(tmp_path)}, tmp_path), parameter="path")
    assert "sesame" not in str(caught.value)


def test_secrets_are_out_of_reach_from_any_folder_below_the_configuration(place, monkeypatch):
    """Receivers in a file and roles, named from the folder of luigi.cfg and asked for from one below it."""
    (place / "luigi.cfg").write_text(
        "[people]\nroles_file = roles.toml\n\n[notices]\nurls = @mail.csv\ndeputy_urls = @deputy.csv\n"
    )
    for name in ("mail.csv", "deputy.csv"):
        (place / name).write_text(PRICES)
        (place / name).chmod(0o600)
    (place / "below").mkdir()
    monkeypatch.chdir(place / "below")
    for name in ("mail.csv", "deputy.csv", "roles.toml"):
        assert "a file of the configuration" in judged(f"../{name}", environ={}, roots=str(place)), name
    settings = load({"AFTERCLOSE_DATA": "data"})
    assert sending.addresses(settings, "failed") == PRICES.splitlines()  # it is that file which is read
    assert set(receiver_files(settings)) == {place / "mail.csv", place / "deputy.csv"}
    monkeypatch.chdir(place)
    for name in ("mail.csv", "deputy.csv"):
        assert judged(name, environ={}), name


@pytest.mark.parametrize("team", [True, False])
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("/proc/self/mem", 4),
        ("/proc/self/environ", 4),
        ("/proc/self/pagemap", 4),
        ("/dev/zero", 20),
        ("/dev/stdin", 20),
    ],
)
def test_no_file_of_the_system_is_a_file_of_waivers(place, name, code, team):
    """What cannot be read, is no such file, has no end or is none; one person alone is told which, a team is not."""
    if not team:
        (place / "luigi.cfg").unlink()
    settings = load({"AFTERCLOSE_DATA": "data"})
    request = {"source": "files", "path": "prices.csv", "calendar": "24/7", "waivers": name}
    with pytest.raises(AftercloseError) as caught:
        resolve(request, settings=settings, now=NOW)
    assert caught.value.exit_code == (4 if team else code)
    assert "PATH=" not in str(caught.value)


def test_in_a_team_code_and_waivers_are_those_of_the_configuration(place, monkeypatch):
    """Who may start a run names no module that would run as the desk, and no file in which others accept findings."""
    marker = place / "imported"
    (place / "mine.py").write_text(f"import os\nos.system('touch {marker}')\n")
    (place / "own.toml").write_text("")
    named = [("plugins", "mine.py"), ("plugins", str(place / "mine.py")), ("waivers", "own.toml")]
    for name, value in (*named, ("plugins", "/nowhere/there.py")):  # nor does it say whether a file is there
        request = {"source": "files", "path": "prices.csv", "calendar": "24/7", name: value}
        with pytest.raises(ParameterError, match=f"--{name} names .*, which luigi.cfg does not") as caught:
            resolve(request, settings=load({"AFTERCLOSE_DATA": "data"}), now=NOW)
        assert caught.value.parameter == name
        assert not marker.exists()
    # the configuration itself, and a profile in it
    (place / "good.py").write_text(
        "from core.plugins import feature\n\n\n"
        '@feature(text="twice the close", warm_up=0)\n'
        "def twice(panel):\n    return 2 * panel.close\n"
    )
    (place / "luigi.cfg").write_text(
        "[people]\nroles_file = roles.toml\n[validate]\nwaivers = own.toml\n"
        "[profile:a]\nsource = files\npath = prices.csv\nplugins = good.py\n"
    )
    settings = load({"AFTERCLOSE_DATA": "data"})
    for request in ({"source": "files", "path": "prices.csv"}, {"profile": "a"}):
        values = resolve({**request, "calendar": "24/7"}, settings=settings, now=NOW)
        assert values["waivers"] == "own.toml"
    # what a run of the desk is asked for again in its own process
    assert resolve(
        {k: str(values[k]) for k in ("source", "path", "plugins", "waivers", "calendar")},
        settings=settings,
        now=NOW,
    )


@pytest.mark.parametrize("name", ["path", "membership", "plugins", "waivers", "tickers"])
def test_a_home_that_there_is_not_ends_nothing_unexpectedly(place, name):
    """``~`` with no user's name behind it stays as it is, as in a shell: there is no such file."""
    request = {
        "source": "files",
        "path": "prices.csv",
        name: f"{'@' * (name == 'tickers')}~nobody-is-so/x.csv",
    }
    with pytest.raises(AftercloseError):
        resolve(request, settings=load({"AFTERCLOSE_DATA": "data"}), now=NOW, upto="report")


def test_which_profile_a_file_is_of_is_no_road_past_the_roots(place, tmp_path, monkeypatch):
    """It is asked by the form: a file elsewhere gave away whether its bytes are those of a known one."""
    from core.runs.profile import profile_of

    monkeypatch.setenv("AFTERCLOSE_LOGIN", "1")
    settings = load({"AFTERCLOSE_DATA": "data"})
    assert profile_of({"source": "files", "path": "prices.csv"}, settings, keep=True) == "files:prices"
    copy = place / "copy"
    copy.mkdir()
    (copy / "prices.csv").write_text(PRICES)
    assert profile_of({"source": "files", "path": "copy/prices.csv"}, settings) == "files:prices"
    elsewhere = {"source": "files", "path": str(tmp_path / "elsewhere" / "prices.csv")}
    assert profile_of(elsewhere, settings) != "files:prices"


def test_a_path_that_is_read_is_judged_where_it_is_read(place, tmp_path, monkeypatch):
    """Nobody rests on who judged it before: alone, by a pattern, or as an address."""
    monkeypatch.setenv("AFTERCLOSE_LOGIN", "1")
    settings = load({"AFTERCLOSE_DATA": "data"})
    assert roots.local_path("prices.csv", settings) == "prices.csv"
    elsewhere = tmp_path / "elsewhere"
    for text in (elsewhere / "prices.csv", elsewhere / "*.csv", "https://127.0.0.1:1/prices.csv"):
        with pytest.raises(ParameterError) as caught:
            roots.local_path(str(text), settings)
        assert caught.value.parameter == "path"


def test_a_pattern_out_of_reach_is_not_walked(place, tmp_path, monkeypatch):
    """It may lead through a million folders."""
    monkeypatch.setenv("AFTERCLOSE_LOGIN", "1")
    monkeypatch.setattr(roots, "globbed", lambda _: pytest.fail("it was walked"))
    with pytest.raises(ParameterError):
        roots.local_path(str(tmp_path / "elsewhere" / "**" / "prices.csv"), load({"AFTERCLOSE_DATA": "data"}))
