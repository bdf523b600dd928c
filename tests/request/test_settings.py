"""luigi.cfg and the environment: every mistake with file, line and the nearest known name."""

from __future__ import annotations

import configparser
import inspect
import os
import re
from pathlib import Path

import luigi
import luigi.batch_notifier
import luigi.execution_summary
import luigi.interface
import luigi.notifications
import luigi.retcodes
import luigi.scheduler
import luigi.worker
import pytest

from core.errors import SettingsError
from core.platform.storage import local_folder
from core.request import luigi_options, settings
from core.request.in_force import in_force
from core.request.profiles import SECRET
from core.request.roots import roots_of
from core.request.stages import STAGES, parameters_of
from core.request.uploads import folder_of
from core.review.heads import heads_file
from core.review.tokens import tokens_file
from luigi_tasks.luigi_adapter import DEFAULTS


def load(tmp_path, text, **environ):
    """Settings from a file with this text."""
    (tmp_path / "luigi.cfg").write_text(text, encoding="utf-8")
    return settings.load(environ, tmp_path)


MISTAKES = [
    ("[train]\nsede = 7\n", "luigi.cfg, line 2: unknown key 'sede' in [train]", "Did you mean seed?"),
    (
        "[train]\n\n# seed\nSede: 7\n",
        "luigi.cfg, line 4: unknown key 'sede' in [train]",
        "Did you mean seed?",
    ),
    ("[market]\n[trian]\nseed = 7\n", "luigi.cfg, line 2: unknown section [trian]", "Did you mean train?"),
    ("[Train]\nseed = 7\n", "luigi.cfg, line 1: unknown section [Train]", "Did you mean train?"),
    ("[retry]\nretry_tries = 3\n", "unknown key 'retry_tries' in [retry]", "Did you mean tries?"),
    ("[clean]\nseed = 7\n", "luigi.cfg, line 2: unknown key 'seed' in [clean]", "spike_ratio"),
    ("[ingest]\ninput_digest = x\n", "unknown key 'input_digest' in [ingest]", "source"),
    (
        "[retcode]\ntask_faild = 30\n",
        "line 2: unknown key 'task_faild' in Luigi's [retcode]",
        "Did you mean task_failed?",
    ),
    ("[schedular]\nretry_count = 1\n", "line 1: unknown section [schedular]", "Did you mean scheduler?"),
    ("[DEFAULT]\nseed = 7\n", "line 1: unknown section [DEFAULT]", "expected one of"),
    ("[train]\nseed = x\n", "luigi.cfg, line 2: [train] seed is 'x'", "a whole number"),
    ("[evaluate]\n\nconfidence = 95\n", "luigi.cfg, line 3: [evaluate] confidence is '95'", "0.5 to 0.999"),
    ("[ingest]\nsource = yahooo\n", "line 2: [ingest] source is 'yahooo'", "one of sample"),
    ("[retry]\ntries = 0\n", "line 2: [retry] tries is '0'", "1 to 100"),
    ("seed = 7\n", "luigi.cfg cannot be read", "sections of key = value"),
    ("[train]\nseed\n", "luigi.cfg cannot be read", "sections of key = value"),
    (
        "[train]\nseed = 1\nseed = 2\n",
        "luigi.cfg, line 3: key 'seed' in [train] already exists",
        "each key once",
    ),
    ("[train]\nseed = 1\n[train]\n", "luigi.cfg, line 3: [train] already exists", "each section once"),
]


@pytest.mark.parametrize(("text", "came", "hint"), MISTAKES, ids=[m[1][:50] for m in MISTAKES])
def test_a_mistake_is_named_by_file_line_and_nearest_name(text, came, hint, tmp_path):
    """One sentence in one line, exit code 4."""
    with pytest.raises(SettingsError) as raised:
        load(tmp_path, text)
    message = str(raised.value)
    assert came in message
    assert hint in message
    assert "\n" not in message
    assert raised.value.exit_code == 4


def test_bytes_that_are_no_text_are_named(tmp_path):
    """A configuration in another encoding."""
    (tmp_path / "luigi.cfg").write_bytes(b"[user]\nname = \xe9\n")
    with pytest.raises(SettingsError, match=r"luigi\.cfg cannot be read: 'utf-8'"):
        settings.load({}, tmp_path)


def test_a_named_file_that_is_not_there_is_an_error(tmp_path):
    """LUIGI_CONFIG_PATH never falls back to something else."""
    with pytest.raises(SettingsError, match=r"LUIGI_CONFIG_PATH names nowhere\.cfg"):
        settings.load({"LUIGI_CONFIG_PATH": "nowhere.cfg"}, tmp_path)


def test_without_a_file_the_defaults_of_the_table_hold(tmp_path):
    """Every parameter has its default and nothing is missing."""
    found = settings.load({}, tmp_path)
    for name, parameter in parameters_of(STAGES).items():
        if not parameter.resolved:
            assert found[name] == parameter.parse(parameter.default)
    assert found.file is None


def test_a_value_in_the_file_replaces_a_default_and_nothing_else(tmp_path):
    """Our keys are read with their types; a percent sign and a comment are what they look like."""
    found = load(
        tmp_path, "[train]\n# seed = 1\nseed = 9\n[user]\nname = 100% me\n[resources]\nanything = 1\n"
    )
    assert (found["seed"], found["user_name"], found["confidence"]) == (9, "100% me", 0.95)
    assert found.file == tmp_path / "luigi.cfg"


def test_the_environment_names_data_root_journal_and_file(tmp_path):
    """A relative data root is relative to the folder; an absolute one stays; the file may be elsewhere."""
    (tmp_path / "other.cfg").write_text("[train]\nseed = 3\n")
    assert settings.load({}, tmp_path).data == tmp_path / "data"
    found = settings.load(
        {
            "AFTERCLOSE_DATA": "/elsewhere",
            "AFTERCLOSE_JOURNAL": "sqlite:///x",
            "LUIGI_CONFIG_PATH": "other.cfg",
        },
        tmp_path,
    )
    assert (found.data, found.journal, found["seed"]) == (Path("/elsewhere"), "sqlite:///x", 3)
    assert settings.load({"AFTERCLOSE_DATA": "here"}, tmp_path).data == tmp_path / "here"


@pytest.fixture(scope="module")
def shipped(root):
    """The luigi.cfg of the repository, read by the standard parser."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string((root / "luigi.cfg").read_text(encoding="utf-8"))
    return parser


def test_the_shipped_file_holds_every_key_with_the_tables_default(shipped, root):
    """Each of our keys stands in luigi.cfg, in its section, with the value that holds without it."""
    for section, keys in settings.sections().items():
        assert set(shipped[section]) == set(keys), section
        for key, parameter in keys.items():
            assert parameter.parse(shipped[section][key]) == parameter.parse(parameter.default), (
                section,
                key,
            )
    assert settings.load({}, root).defaults == settings.load({}, root / "tests").defaults


def test_the_shipped_luigi_sections_are_what_the_tasks_assume_without_a_file(shipped):
    """Exit codes and retries of Luigi: luigi.cfg and the built-in fallback say the same."""
    luigis = {s: dict(shipped[s]) for s in shipped.sections() if s not in settings.sections()}
    assert luigis["core"].pop("autoload_range") == "false", (
        "read while luigi is imported: only a file can set it"
    )
    assert luigis == DEFAULTS


CONFIGS = {
    "core": luigi.interface.core,
    "scheduler": luigi.scheduler.scheduler,
    "worker": luigi.worker.worker,
    "retcode": luigi.retcodes.retcode,
    "execution_summary": luigi.execution_summary.execution_summary,
    "email": luigi.notifications.email,
    "smtp": luigi.notifications.smtp,
    "batch_notifier": luigi.batch_notifier.batch_email,
}


@pytest.mark.parametrize("section", CONFIGS)
def test_every_key_of_the_installed_luigi_is_known(section):
    """A key that Luigi reads is never refused (an upgrade that adds one fails here)."""
    read = {name for name, _ in CONFIGS[section].get_params()}
    assert read - luigi_options.SECTIONS[section] == set()


def test_every_key_in_our_table_is_somewhere_in_the_installed_luigi():
    """A key that an upgrade dropped must leave the table, or a dead setting would be accepted in silence."""
    source = "".join(p.read_text(encoding="utf-8") for p in Path(inspect.getfile(luigi)).parent.rglob("*.py"))
    words = {word.replace("-", "_") for word in re.findall(r"[A-Za-z][\w-]+", source)}
    unknown = {
        f"[{section}] {key}"
        for section, keys in luigi_options.SECTIONS.items()
        for key in keys
        if key not in words
    }
    assert unknown == set()


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("ingest", "source"),
        ("user", "role"),
        ("train", "mode"),
        ("compute", "engine"),
        ("review", "separate_author"),
    ],
)
def test_a_choice_that_is_empty_is_refused_with_its_line(section, key, tmp_path):
    """An empty source was an unexpected error; an empty role is nobody's."""
    (tmp_path / "luigi.cfg").write_text(f"[{section}]\n{key} =\n")
    with pytest.raises(
        SettingsError, match=rf"luigi\.cfg, line 2: \[{section}\] {key} is ''; expected one of"
    ):
        settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)


@pytest.mark.parametrize("name", ["/proc/self/mem", "/proc/self/pagemap"])
def test_a_file_that_cannot_be_read_or_has_no_end_is_one_message(tmp_path, name):
    """One that others may not read answers as the first does; the second is as large as all of the memory's map."""
    with pytest.raises(SettingsError, match=f"{Path(name).name} (cannot be read|has more than)") as caught:
        settings.load({"LUIGI_CONFIG_PATH": name}, tmp_path)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("kind", ["dangling", "looping", "pipe", "folder", "file"])
@pytest.mark.parametrize("above", [False, True])
def test_what_is_there_and_is_no_file_is_no_absence(tmp_path, kind, above):
    """Without the file everything is at its default, also how many must sign: a mount that is gone must not do that."""
    path, folder = tmp_path / "luigi.cfg", tmp_path / "below" if above else tmp_path
    folder.mkdir(exist_ok=True)
    if kind == "file":
        (tmp_path / "other.cfg").write_text("[review]\nsignatures = 2\n", encoding="utf-8")
        path.symlink_to("other.cfg")
        assert settings.load({}, folder)["review_signatures"] == 2
        return
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/not/mounted" if kind == "dangling" else "luigi.cfg")
    with pytest.raises(SettingsError, match="is there and is no file"):
        settings.load({}, folder)


def test_no_address_that_may_hold_a_password_is_shown(tmp_path):
    """Every setting that is an address, but for the desk's own, whose people see it anyway."""
    shown = {"notices_desk_url"}
    addresses = {p.name for p in settings.OPERATION if p.name.endswith(("_url", "_urls"))}
    assert addresses - shown == SECRET
    (tmp_path / "luigi.cfg").write_text("[proof]\ntimestamp_url = https://ann:s3cret@tsa.example.org/x\n")
    assert not [each for each in in_force(settings.load({}, tmp_path), {}) if "s3cret" in each.value]


NAMED = {
    "proof_heads_file": heads_file,
    "proof_key_file": lambda configured: configured.file_named("proof_key_file"),
    "people_roles_file": lambda configured: configured.file_named("people_roles_file"),
    "api_tokens": tokens_file,
}


@pytest.mark.parametrize("name", sorted(NAMED))
def test_a_file_that_the_configuration_names_is_beside_it_from_every_folder(tmp_path, monkeypatch, name):
    """From the folders below it, where it is found, too: a witness that lies in two places has a hole in each."""
    section, key = name.split("_", 1)
    (tmp_path / "luigi.cfg").write_text(f"[{section}]\n{key} = one.txt\n")
    (tmp_path / "below").mkdir()
    for folder in (tmp_path, tmp_path / "below"):
        monkeypatch.chdir(folder)
        assert NAMED[name](settings.load({})) == tmp_path / "one.txt"


@pytest.mark.parametrize("named", [False, True])
def test_a_folder_that_the_configuration_names_is_beside_it_from_every_folder(tmp_path, monkeypatch, named):
    """Roots that follow the working folder open other files; a second state folder is a second journal."""
    (tmp_path / "luigi.cfg").write_text(
        "[files]\nroots = prices:more\nuploads = prices/in\n[storage]\nstate = here\n"
    )
    environ = {"LUIGI_CONFIG_PATH": str(tmp_path / "luigi.cfg")} if named else {}
    (tmp_path / "below").mkdir()
    for folder in (tmp_path, tmp_path / "below"):
        monkeypatch.chdir(folder)
        configured = settings.load({**environ, "AFTERCLOSE_DATA": "s3://bucket/desk"})
        assert roots_of(configured, {}) == (tmp_path / "prices", tmp_path / "more")
        assert folder_of(configured) == tmp_path / "prices" / "in"
        assert local_folder(configured.data) == tmp_path / "here"


def test_a_state_folder_that_an_earlier_version_made_elsewhere_is_kept(tmp_path, monkeypatch):
    """It has the journal and the key; one beside the configuration wins."""
    (tmp_path / "luigi.cfg").write_text("[storage]\nstate = here\n")
    (tmp_path / "below" / "here").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "below")
    environ = {"AFTERCLOSE_DATA": "s3://bucket/desk"}
    assert local_folder(settings.load(environ).data) == tmp_path / "below" / "here"
    (tmp_path / "here").mkdir()
    assert local_folder(settings.load(environ).data) == tmp_path / "here"


def test_a_data_root_whose_path_is_no_text_is_one_message(tmp_path):
    """Its bytes can be in no journal, and in nothing that is printed."""
    root = os.fsdecode(os.fsencode(tmp_path) + b"/b\xff\xfed")
    for environ, folder in (({"AFTERCLOSE_DATA": root}, tmp_path), ({}, Path(root))):
        with pytest.raises(SettingsError) as caught:
            settings.load(environ, folder)
        assert caught.value.exit_code == 4
        str(caught.value).encode()
