"""No route round the gate, and no clock or chance in the core: read from the source itself."""

import ast
import copy
import inspect
import pickle
import typing
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from adapter.consent import release as release_module
from adapter.consent.release import HolderUse, Release
from adapter.holding import Loaded
from mappings.domain.case import Case
from tests.releases import made_release
from tests.strategies_case import EXAMPLE

ROOT = Path(__file__).resolve().parent.parent
GATE = {"adapter/consent/gate.py", "adapter/consent/release.py"}
HELPER = {"tests/releases.py"}


def _sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))


def _uses_key(tree: ast.Module) -> bool:
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} | {
        n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)
    }
    return "_KEY" in names or "_KEY" in {
        a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names
    }


def _makes(tree: ast.Module) -> set[str]:
    """The names of what a module calls to make."""
    calls = (n.func for n in ast.walk(tree) if isinstance(n, ast.Call))
    return {getattr(call, "id", getattr(call, "attr", "")) for call in calls}


def test_only_the_gate_and_one_helper_of_the_tests_hold_the_key() -> None:
    assert {path for path, tree in _sources("adapter", "mappings", "tests") if _uses_key(tree)} == GATE | HELPER


def test_only_the_gate_and_one_helper_of_the_tests_make_a_release() -> None:
    makers = {
        path for path, tree in _sources("adapter", "mappings") if _makes(tree) & {"Release", "HolderUse", "Contents"}
    }
    assert makers == {"adapter/consent/gate.py"}
    guests = {path for path, tree in _sources("tests") if "Contents" in _makes(tree)}
    assert guests == HELPER


def test_nobody_makes_one_without_its_maker() -> None:
    words = ("object.__new__", "__new__(Release", "._contents", "object.__setattr__", "structs.force_setattr")
    told = {p.relative_to(ROOT).as_posix(): p.read_text("utf-8") for p in (ROOT / "adapter").rglob("*.py")}
    assert {path for path, text in told.items() if any(word in text for word in words)} == {
        "adapter/consent/release.py"
    }


# --- what writes for a recipient takes a Release

FOR_RECIPIENTS = {
    "adapter.delivery.case_bundle": {"deliver", "fhir_bundle", "assembly"},
    "adapter.delivery.dicomweb": {"deliver_images"},
    "adapter.delivery.dimse": {"deliver_images"},
    "adapter.delivery.medium": {"deliver_medium"},
    "adapter.delivery.medium_pages": {"index_page", "readme"},
    "adapter.delivery.part10": {"parts_of"},
    "adapter.viewer.page": {"render"},
}
"""Module -> its functions that make what a recipient gets out of a case."""
FLOORS = ("delivery", "viewer")


def _functions(module: Any) -> dict[str, Any]:
    own = inspect.getmembers(module, inspect.isfunction)
    return {name: function for name, function in own if function.__module__ == module.__name__}


def _modules() -> list[Any]:
    paths = [p for floor in FLOORS for p in sorted((ROOT / "adapter" / floor).rglob("*.py")) if p.stem != "__init__"]
    return [import_module(".".join(p.relative_to(ROOT).with_suffix("").parts)) for p in paths]


def _hints(function: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except NameError:  # a name that only the type checker sees
        return {}


@pytest.mark.parametrize("module", FOR_RECIPIENTS)
def test_what_writes_for_a_recipient_takes_a_release(module: str) -> None:
    functions = _functions(import_module(module))
    taking = {name for name, function in functions.items() if Release in list(_hints(function).values())}
    assert {name for name in taking if not name.startswith("_")} >= FOR_RECIPIENTS[module]


def test_nothing_on_the_way_out_takes_what_was_not_decided() -> None:
    found = {
        f"{module.__name__}.{name}"
        for module in _modules()
        for name, function in _functions(module).items()
        if {kind for key, kind in _hints(function).items() if key != "return"} & {Case, Loaded}
    }
    assert found == set()


def test_nothing_on_the_way_out_knows_the_sources_or_a_decision() -> None:
    known = {
        path: {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
        for path, tree in _sources("adapter/delivery", "adapter/viewer")
    }
    barred = ("adapter.sources", "adapter.consent.decide", "adapter.consent.gate", "adapter.consent.case_facts")
    assert {path for path, modules in known.items() if any(m.startswith(barred) for m in modules)} == set()


# --- a Release is what the gate made, and nothing else is


def test_a_release_is_not_made_without_the_key() -> None:
    contents = made_release(EXAMPLE)._contents
    with pytest.raises(TypeError, match="made by adapter"):
        Release(object(), contents)
    with pytest.raises(TypeError, match="made by adapter"):
        HolderUse(object(), frozenset())


@pytest.mark.parametrize("kind", [Release, HolderUse])
def test_what_the_gate_makes_has_no_subclasses(kind: type) -> None:
    with pytest.raises(TypeError, match="no subclasses"):
        type("Forged", (kind,), {})


@pytest.mark.parametrize("repeat", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_release_is_neither_copied_nor_stored(repeat: Any) -> None:
    with pytest.raises(TypeError, match="neither copied nor stored"):
        repeat(made_release(EXAMPLE))
    with pytest.raises(TypeError, match="neither copied nor stored"):
        repeat(HolderUse(release_module.__dict__["_KEY"], frozenset()))


@pytest.mark.parametrize("field", ["case", "carried", "documents", "instances", "basis", "decided_at", "patients"])
def test_a_release_is_not_changed(field: str) -> None:
    made = made_release(EXAMPLE)
    with pytest.raises(AttributeError):
        setattr(made, field, getattr(made, field))


# --- the core has no clock, no chance and no surroundings

BARRED = {"now", "today", "utcnow", "time_ns", "uuid1", "uuid4", "urandom", "getrandbits", "environ", "getenv"}


@pytest.mark.parametrize("folder", ["mappings"])
def test_the_core_reads_no_clock_and_draws_no_lot(folder: str) -> None:
    used = {(path, n.attr) for path, tree in _sources(folder) for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    used |= {
        (path, a.name)
        for path, tree in _sources(folder)
        for n in ast.walk(tree)
        if isinstance(n, ast.ImportFrom)
        for a in n.names
    }
    assert {(path, name) for path, name in used if name in BARRED} == set()


def test_the_clock_is_read_by_commands_alone() -> None:
    readers = {
        path
        for path, tree in _sources("adapter")
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and getattr(n.func, "attr", "") in {"now", "today", "utcnow"}
    }
    assert {path for path in readers if not path.startswith("adapter/cli/")} == set()


def test_only_commands_print() -> None:
    printers = {
        path for path, tree in _sources("adapter", "mappings") if "print" in _makes(tree) or "echo" in _makes(tree)
    }
    assert {path for path in printers if not path.startswith("adapter/cli/")} == set()
