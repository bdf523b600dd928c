"""Plug-in modules, run once in a process from the text that their digest is of."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from core.errors import PluginError, StageError, listed
from core.plugins.declared import (
    Declarations,
    DeclaredFeature,
    DeclaredLabel,
    DeclaredRule,
    DeclaredSection,
    DeclaredSource,
    collecting,
)
from core.plugins.describing import describe
from core.plugins.guard import guarded
from core.plugins.modules import LIMIT_S, OURS, Module, digest_of_modules, modules_named

_REMEDY = "Mend that line; nothing was committed."


@dataclass(frozen=True)
class LoadedModule:
    """A module that ran.

    Parameters
    ----------
    module : Module
    declared : Declarations
    imported : mapping of str to module
        The modules that it consists of, by the names they are imported by: they stay out of ``sys.modules``, so
        that two modules may each have a ``helper`` beside them.
    """

    module: Module
    declared: Declarations
    imported: dict[str, ModuleType] = field(repr=False)

    @contextmanager
    def importable(self) -> Iterator[None]:
        """Let the module's own files be imported within the block, as functions may do when they are called."""
        with _importing(self.module, self.imported):
            yield


class _Files(Loader):
    """Finds a module's own files by their text."""

    def __init__(self, module: Module) -> None:
        self._module = module

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        del path, target
        inside = name.replace(".", "/")
        for file in (f"{inside}.py", f"{inside}/__init__.py"):
            if file in self._module.texts:
                spec = ModuleSpec(name, self, is_package=file.endswith("__init__.py"))
                spec.origin = file
                return spec
        return None

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python."""

    def exec_module(self, module: ModuleType) -> None:
        file = str(module.__spec__.origin) if module.__spec__ else ""
        module.__file__ = self._module.path(file)
        code = compile(self._module.texts[file], module.__file__, "exec", dont_inherit=True)
        exec(code, module.__dict__)  # noqa: S102 - a module that the person at this desk named


_loaded: dict[tuple[str, str, str], LoadedModule] = {}


def load(module: Module) -> LoadedModule:
    """Return a module that ran, once in a process.

    Raises
    ------
    PluginError
        Naming file and line: it raises, declares what cannot be used, imports own files in a way that its text
        does not show, or does what :func:`core.plugins.guard.guarded` refuses.
    """
    key = (module.name, module.folder, module.sha256)
    if key not in _loaded:
        imported: dict[str, ModuleType] = {}
        before = frozenset(sys.modules)
        try:
            with (
                guarded((module,), seconds=module.limit_s),
                _importing(module, imported),
                collecting() as declared,
            ):
                __import__(module.name)
            _refuse_unseen(module, before)
        except Exception as error:
            raise PluginError(
                describe(error, module),
                expected="a module that can be loaded",
                remedy=_REMEDY,
                parameter="plugins",
            ) from error
        _loaded[key] = LoadedModule(module, declared, imported)
    return _loaded[key]


def forget() -> None:
    """Let modules be loaded anew: what they remember is gone."""
    _loaded.clear()


@contextmanager
def _importing(module: Module, imported: dict[str, ModuleType]) -> Iterator[None]:
    """Have the module's own files found first, and out of ``sys.modules`` again afterwards."""
    names = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in module.texts}
    names |= {module.name}
    before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    sys.modules |= imported
    finder = _Files(module)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        imported |= {name: sys.modules.pop(name) for name in names if name in sys.modules}
        sys.modules |= before


def _refuse_unseen(module: Module, before: frozenset[str]) -> None:
    """Refuse files beside the module that were imported although its text does not say so."""
    for name in sys.modules.keys() - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        inside = file.startswith(module.folder + "/") and not file.startswith(sys.prefix)
        if inside and name.partition(".")[0] not in OURS:
            raise ImportError(f"{name} is imported from {file} in a way that the text of the module hides")


@dataclass(frozen=True)
class Plugins:
    """All modules that are named, in their order.

    Parameters
    ----------
    modules : tuple of Module
    """

    modules: tuple[Module, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.modules)

    @property
    def features(self) -> tuple[tuple[Module, DeclaredFeature], ...]:
        """The features of all modules."""
        return tuple((m, entry) for m, declared in self.each() for entry in declared.features)

    @property
    def labels(self) -> tuple[tuple[Module, DeclaredLabel], ...]:
        """The labels of all modules."""
        return tuple((m, entry) for m, declared in self.each() for entry in declared.labels)

    @property
    def rules(self) -> tuple[tuple[Module, DeclaredRule], ...]:
        """The rules of all modules."""
        return tuple((m, entry) for m, declared in self.each() for entry in declared.rules)

    @property
    def sections(self) -> tuple[tuple[Module, DeclaredSection], ...]:
        """The sections of all modules."""
        return tuple((m, entry) for m, declared in self.each() for entry in declared.sections)

    @property
    def sources(self) -> tuple[tuple[Module, DeclaredSource], ...]:
        """The sources of all modules."""
        return tuple((m, entry) for m, declared in self.each() for entry in declared.sources)

    def each(self) -> Iterator[tuple[Module, Declarations]]:
        """Yield each module with what it declares."""
        for module in self.modules:
            yield module, load(module).declared


def planned(text: str, kind: str, digest: str, *, label: str = "", limit_s: float = LIMIT_S) -> Plugins:
    """Return the modules that declare any of ``kind``, or the label, as a run was planned with them.

    Parameters
    ----------
    text : str
        Absolute paths and entry points, separated by commas.
    kind : str
        ``features``, ``rules``, ``sections`` or ``sources``.
    digest : str
        Of those modules, by the plan.
    label : str
        The label that is asked for; of features alone.
    limit_s : float
        Seconds that a call may take; 0 is no limit.

    Raises
    ------
    StageError
        If a file is another one by now.
    """
    plugins = Plugins(modules_named(text, Path("/"), limit_s))
    touching = Plugins(
        tuple(
            m
            for m, declared in plugins.each()
            if getattr(declared, kind) or label in {entry.name for entry in declared.labels}
        )
    )
    if digest_of_modules(touching.modules) != digest:
        raise StageError(
            f"{listed([m.file for m in plugins.modules])} changed while the run was starting",
            expected="the modules that the run was planned with",
            remedy="Run again.",
        )
    return touching


def call(module: Module, function: str, kind: str, *arguments: Any) -> Any:
    """Return what a declared function gives, guarded; ``kind`` is the list that it stands in.

    Raises
    ------
    Exception
        What it raises; :func:`core.plugins.guard.describe` says where.
    """
    loaded = load(module)
    entry = next(e for e in getattr(loaded.declared, kind) if e.name == function)
    asking = kind == "sources"
    seconds = 0 if asking else module.limit_s  # a service may be slow: the stage's own limit holds
    with guarded((module,), seconds=seconds, asking=asking), loaded.importable():
        return entry.function(*arguments)
