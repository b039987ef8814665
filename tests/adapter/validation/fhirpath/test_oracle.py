"""Every invariant that the elements at hand call for has the same verdict from us and from fhirpathpy."""

import pathlib
from collections.abc import Iterator

import pytest

from mappings.fhir import wire
from mappings.fhir.wire import Json
from tests.adapter.validation.fhirpath.expressions import Met, met
from tests.adapter.validation.fhirpath.made_up import made_up
from tests.adapter.validation.fhirpath.oracle import disagreements
from tests.golden import CASES

_LARGEST = 20_000  # bytes: the oracle copies the resource for every question
_ENOUGH = 200  # resources


def _mutilated(one: Met) -> Iterator[Met]:
    """The element with each of its members taken away; of a resource, the place changes with it."""
    for name in one.value if isinstance(one.value, dict) else ():
        if name != "resourceType":
            value = {key: item for key, item in one.value.items() if key != name}
            same = one.here.resource is one.value
            root = value if one.here.root is one.value else one.here.root
            yield one._replace(
                value=value, here=one.here._replace(resource=value if same else one.here.resource, root=root)
            )


def _elements(resources: list[Json]) -> tuple[list[Met], list[Met]]:
    whole = [one for resource in resources for one in met(resource)]
    return whole, [less for one in whole for less in _mutilated(one)]


def _read(folder: pathlib.Path) -> list[Json]:
    """The resources of a folder, of the bundles among them a thirteenth of the entries."""
    resources = []
    for path in sorted(folder.glob("*.json")):
        resource = wire.read_object(path.read_bytes())
        if path.stat().st_size < _LARGEST:
            resources.append(resource)
        elif len(resources) < _ENOUGH:
            resources += [entry["resource"] for entry in resource["entry"][::13]]
    return resources


def _compare(resources: list[Json], least: int) -> None:
    whole, less = _elements(resources)
    compared, apart = disagreements(whole, 4)
    more, others = disagreements(less, 6)
    assert apart + others == []
    assert compared + more >= least


def test_on_golden_bundles() -> None:
    bundles = [wire.read_object(path.read_bytes()) for path in sorted(CASES.glob("*/expected/bundle.json"))]
    _compare([entry["resource"] for bundle in bundles for entry in bundle["entry"]], 1500)


@pytest.mark.parametrize(
    ("name", "least"), [("fhir-r4-core", 1500), ("fhir-uscore", 600), ("fhir-mcode", 800), ("synthea-r4", 800)]
)
def test_on_real_resources(shared: pathlib.Path, name: str, least: int) -> None:
    _compare(_read(shared / "data" / name), least)


def test_on_elements_made_up() -> None:
    compared, apart = disagreements(list(made_up(2)), 2)
    assert apart == []
    assert compared > 2000
