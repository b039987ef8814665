"""What the adapter writes, read by fhir.resources (R4B): an independent model of the same resources."""

from pathlib import Path

import pydantic
import pytest
from fhir.resources.R4B import get_fhir_model_class

from mappings.fhir.bundle import take_apart
from mappings.fhir.context import URN
from mappings.fhir.wire import Json, dumps, read_object
from tests.golden import produce, scenarios


def ours(name: str, folder: Path) -> list[Json]:
    """The resources that the adapter wrote for a scenario."""
    bundle = read_object(produce(name, folder)["bundle.json"])
    return [resource for url, resource in take_apart(bundle) if url.startswith(URN)]


def objections(resource: Json) -> list[str]:
    """Where the model objects, and the kind of the objection."""
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate_json(dumps(resource))
    except pydantic.ValidationError as error:
        return [f"{'.'.join(map(str, found['loc']))}: {found['type']}" for found in error.errors()]
    return []


@pytest.mark.parametrize("name", scenarios())
def test_it_accepts_every_resource_of_ours(name: str, tmp_path: Path) -> None:
    resources = ours(name, tmp_path)
    assert len(resources) >= 18
    assert [(r["resourceType"], r["id"], said) for r in resources for said in objections(r)] == []


def test_it_objects_to_what_is_wrong(tmp_path: Path) -> None:
    task = next(r for r in ours("svc-syndrome", tmp_path) if r["resourceType"] == "Task")
    assert objections({**task, "nonsense": 1}) == ["nonsense: extra_forbidden"]
    assert objections({**task, "authoredOn": "yesterday"}) != []
