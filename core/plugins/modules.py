"""Which files a module consists of: its own and those that it imports beside it, as text and as one digest.

What is imported is read from the text (``import helper``, ``from helper import x``), so that a digest is there before
any of the code runs.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from core.errors import MissingFileError, PluginError
from core.fingerprint import digest_of, digest_of_texts
from core.paths import typed_path

GROUP = "afterclose.plugins"
"""Entry points of installed packages whose modules can be named."""

OURS = frozenset({"core", "luigi_tasks", "dashboard"})
"""Packages of the program itself, which a module may lie beside in a checkout."""

LIMIT_S = 20.0
"""Seconds that plug-in code may take, where nothing else is set: a part of 250,000 rows, at 80 microseconds a
row; importing pandas and scikit-learn on a busy machine takes five."""

MOST_BYTES = 1 << 20
"""Of one file at most: more is data, not code."""


@dataclass(frozen=True)
class Module:
    """A module by its files.

    Parameters
    ----------
    name : str
        As it is imported, with dots.
    folder : str
        Where its files are (absolute), for messages.
    texts : mapping of str to str
        Path within the folder -> text; the module's own file first.
    entry : str
        The name of its entry point; empty of a file.
    limit_s : float
        Seconds that loading it, or a call of one of its functions, may take; 0 is no limit. In no digest.
    """

    name: str
    folder: str
    texts: Mapping[str, str] = field(repr=False)
    entry: str = ""
    limit_s: float = field(default=LIMIT_S, compare=False)

    @property
    def file(self) -> str:
        """The name of the module's own file."""
        return next(iter(self.texts))

    @property
    def address(self) -> str:
        """What names it from anywhere: its path, or its entry point."""
        return self.entry or self.path(self.file)

    @cached_property
    def sha256(self) -> str:
        """Digest of all its files: their names within the folder and their bytes."""
        return digest_of_texts(self.texts)

    def path(self, name: str) -> str:
        """Return the absolute path of one of its files."""
        return str(Path(self.folder) / name)


def modules_named(text: str, folder: Path, limit_s: float = LIMIT_S) -> tuple[Module, ...]:
    """Return the modules that a comma list names.

    Parameters
    ----------
    text : str
        Paths ending in ``.py``, relative to ``folder``, and names of entry points of the group
        ``afterclose.plugins``.
    folder : Path
        Where ``luigi.cfg`` is.
    limit_s : float
        Seconds that loading one, or a call, may take; 0 is no limit.

    Raises
    ------
    MissingFileError
        If there is no such file.
    PluginError
        If there is no such entry point, a file cannot be read as Python, or a module is named twice.
    """
    modules = tuple(
        replace(_module(name.strip(), folder), limit_s=limit_s) for name in text.split(",") if name.strip()
    )
    names = [module.name for module in modules]
    if twice := [name for name in names if names.count(name) > 1]:
        places = " and ".join(module.address for module in modules if module.name == twice[0])
        raise PluginError(
            f"two modules are called {twice[0]}: {places}",
            expected="each module once, under a name of its own",
            parameter="plugins",
        )
    return modules


def digest_of_modules(modules: Sequence[Module]) -> str:
    """Return the digest of modules in their order, as it stands in keys."""
    return digest_of([[module.name, module.sha256] for module in modules])


def _module(name: str, folder: Path) -> Module:
    if not name.endswith(".py"):
        return _installed(name)
    path = (folder / typed_path(name)).absolute()
    MissingFileError.unless_file(path, "module of your own", parameter="plugins")
    if not path.stem.isidentifier():
        raise PluginError(
            f"the module is called {path.name}",
            expected="letters, digits and _, as Python can import it",
            parameter="plugins",
        )
    return _of_files(path.stem, path.parent, path.name)


def _installed(name: str) -> Module:
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    spec = find_spec(entries[name].module.partition(".")[0]) if name in entries else None
    if spec is None or spec.origin is None:
        names = ", ".join(sorted(entries)) or "none is installed"
        raise PluginError(
            f"there is no module {name!r}",
            expected=f"a file ending in .py, or an entry point of the group {GROUP} ({names})",
            parameter="plugins",
        )
    dotted, origin = entries[name].module, Path(spec.origin)
    if origin.name != "__init__.py":
        return replace(_of_files(dotted, origin.parent, origin.name), entry=name)
    folder = origin.parent.parent
    inside = Path(*dotted.split("."))
    own = f"{inside}.py" if (folder / f"{inside}.py").is_file() else f"{inside}/__init__.py"
    return replace(_of_files(dotted, folder, own), entry=name)


def _of_files(name: str, folder: Path, own: str) -> Module:
    texts = {own: _text(folder, own)}
    top = name.partition(".")[0]
    waiting = [*_package(folder, top)] if "." in name else [*_beside(texts[own], own, folder)]
    while waiting:
        path = waiting.pop(0)
        if path not in texts:
            texts[path] = _text(folder, path)
            waiting += _beside(texts[path], path, folder)
    return Module(name, str(folder), {own: texts[own], **{path: texts[path] for path in sorted(texts)}})


def _text(folder: Path, name: str) -> str:
    path = folder / name
    try:
        data = path.read_bytes()
        if len(data) > MOST_BYTES:
            raise PluginError(
                f"{name} has {len(data):,} bytes",
                expected=f"Python of at most {MOST_BYTES:,}",
                parameter="plugins",
            )
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PluginError(
            f"{name} cannot be read: {error}", expected="Python in UTF-8", parameter="plugins"
        ) from error


def _beside(text: str, own: str, folder: Path) -> Iterator[str]:
    """Yield the files beside a module that its text imports."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise PluginError(
            f"{own}, line {line}: {getattr(error, 'msg', error)}",
            expected="Python",
            remedy="Mend that line; nothing ran.",
            parameter="plugins",
        ) from error
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for name in names:
            yield from _files_of(folder, name.partition(".")[0])


def _files_of(folder: Path, top: str) -> Iterator[str]:
    if top in OURS or top in sys.stdlib_module_names:
        return
    if (folder / top / "__init__.py").is_file():
        yield from _package(folder, top)
    elif (folder / f"{top}.py").is_file():
        yield f"{top}.py"


def _package(folder: Path, top: str) -> Iterator[str]:
    yield from sorted(path.relative_to(folder).as_posix() for path in (folder / top).rglob("*.py"))
