"""Part, block and slide as a Specimen tree."""

import pathlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings.domain.material import Block, Part, Slide
from mappings.domain.values import Code, Concept, Identifier, Moment
from mappings.fhir import specimen
from mappings.fhir.context import Reading, inverse
from mappings.fhir.specimen import Material, from_fhir, to_fhir
from mappings.fhir.wire import Json
from mappings.problems import ProblemError
from tests.mappings.fhir import foreign
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies_material import WRITING, blocks, slides, tissue_parts

SCT = "http://snomed.info/sct"
LABEL = Identifier(system="http://lab.example.org/labels", value="S26-1 A1")
ACCESSION = Identifier(system="http://lab.example.org/accession", value="S26-1", kind="ACSN")
PART = Part(
    id="item",
    identifiers=(ACCESSION, LABEL),
    description="core biopsy, upper outer quadrant",
    tissue=Concept(codes=(Code(system=SCT, code="119376003", display="Tissue specimen (specimen)"),)),
    body_site=Concept(text="breast"),
    laterality="left",
    procedure=Concept(text="core needle biopsy"),
    collected=Moment("2026-01"),
    received=Moment("2026-01-15T08:00:00"),
)
BLOCK = Block(
    id="item",
    part="one",
    identifiers=(ACCESSION, LABEL),
    description="tumor",
    fixative=Concept(codes=(Code(system=SCT, code="434162003"),)),
    remaining="limited",
    sections=12,
)
SLIDE = Slide(
    id="item",
    parent="one",
    identifiers=(ACCESSION, LABEL),
    stain=Concept(text="H&E"),
    stained_with=(Concept(codes=(Code(system=SCT, code="12710003"),)), Concept(text="eosin")),
    kind="recut",
    description="level 2",
    sections=3,
)
EXAMPLES: tuple[Material, ...] = (
    PART,
    BLOCK,
    SLIDE,
    Part(id="item"),
    Block(id="item", part="one"),
    Slide(id="item", parent="two"),
)


@pytest.mark.parametrize("item", EXAMPLES)
def test_what_is_written_is_read_again(item: Material) -> None:
    assert from_fhir(to_fhir(item, WRITING), inverse(WRITING)) == item


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tissue_parts | blocks | slides)
def test_law(item: Material) -> None:
    assert from_fhir(to_fhir(item, WRITING), inverse(WRITING)) == item


def test_rules_are_true() -> None:
    check_rules(specimen, *(to_fhir(item, WRITING) for item in (PART, BLOCK, SLIDE)))
    check_fields(specimen, Part, "part")
    check_fields(specimen, Block, "block")
    check_fields(specimen, Slide, "slide")


def test_part() -> None:
    written = to_fhir(PART, WRITING)
    assert written["subject"] == WRITING.to("patient")
    assert written["accessionIdentifier"]["value"] == "S26-1"
    assert [label["value"] for label in written["identifier"]] == ["S26-1 A1"]
    assert written["collection"] == {
        "collectedDateTime": "2026-01",
        "method": {"text": "core needle biopsy"},
        "bodySite": {
            "extension": [
                {
                    "url": "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier",
                    "valueCodeableConcept": {"coding": [{"system": SCT, "code": "7771000"}]},
                }
            ],
            "text": "breast",
        },
    }
    assert written["receivedTime"] == "2026-01-15"
    assert written["_receivedTime"]["extension"][0]["valueString"] == "08:00:00"
    assert "container" not in written


def test_block_in_formalin_is_ffpe() -> None:
    written = to_fhir(BLOCK, WRITING)
    assert written["type"]["coding"][0]["code"] == "441652008"
    assert written["container"][0]["type"]["coding"][0]["code"] == "434464009"
    assert written["container"][0]["additiveCodeableConcept"] == {"coding": [{"system": SCT, "code": "434162003"}]}
    assert written["parent"] == [WRITING.to("one")]
    assert written["status"] == "available"


@pytest.mark.parametrize("fixative", [None, Concept(text="Bouin")])
def test_formalin_is_not_assumed(fixative: Concept | None) -> None:
    written = to_fhir(Block(id="item", part="one", fixative=fixative), WRITING)
    assert written["type"]["coding"] == [
        {
            "system": "https://w3id.org/second-opinion/fhir/CodeSystem/specimen-type",
            "code": "paraffin-block",
            "display": "Paraffin block",
        }
    ]
    assert "status" not in written


def test_an_exhausted_block_is_unavailable() -> None:
    assert to_fhir(Block(id="item", part="one", remaining="exhausted"), WRITING)["status"] == "unavailable"


def test_slide() -> None:
    written = to_fhir(SLIDE, WRITING)
    assert [coding["code"] for coding in written["type"]["coding"]] == ["258661006", "recut"]
    assert written["container"] == [
        {
            "type": {"coding": [{"system": SCT, "code": "433466003", "display": "Microscope slide (physical object)"}]},
            "specimenQuantity": {"value": 3, "unit": "sections"},
        }
    ]
    assert written["processing"] == [
        {"description": "Stain", "procedure": {"text": "H&E"}},
        {"description": "Stain substance", "procedure": {"coding": [{"system": SCT, "code": "12710003"}]}},
        {"description": "Stain substance", "procedure": {"text": "eosin"}},
    ]
    assert written["note"] == [{"text": "level 2"}]


def test_a_parent_that_is_not_there_is_refused() -> None:
    with pytest.raises(ProblemError) as caught:
        to_fhir(Slide(id="item", parent="nowhere"), WRITING)
    assert caught.value.problems[0].code == "not-found"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"container": [{"type": {"coding": [{"system": SCT, "code": "433466003"}]}}]}, Slide),
        ({"type": {"coding": [{"system": SCT, "code": "1179252003"}]}}, Slide),
        ({"container": [{"type": {"coding": [{"system": SCT, "code": "434464009"}]}}]}, Block),
        ({"type": {"coding": [{"system": SCT, "code": "441652008"}]}}, Block),
        ({"type": {"coding": [{"system": SCT, "code": "119376003"}]}}, Part),
        ({}, Part),
    ],
)
def test_container_or_type_tells_what_it_is(more: dict[str, Any], expected: type) -> None:
    resource = {"resourceType": "Specimen", "id": "s", "parent": [{"reference": "Specimen/p"}], **more}
    assert type(from_fhir(resource, Reading({}))) is expected


def test_a_block_whose_part_is_not_told_is_a_block() -> None:
    resource = {"resourceType": "Specimen", "id": "s", "type": {"coding": [{"system": SCT, "code": "441652008"}]}}
    found = from_fhir(resource, Reading({}))
    assert found == Block(id="Specimen/s")


def test_a_foreign_accession_is_one() -> None:
    resource = {
        "resourceType": "Specimen",
        "id": "s",
        "accessionIdentifier": {"system": "http://lab.example.org", "value": "26-7"},
    }
    assert from_fhir(resource, Reading({})).identifiers == (
        Identifier(system="http://lab.example.org", value="26-7", kind="ACSN"),
    )


def test_a_bad_date_is_refused_without_its_value() -> None:
    with pytest.raises(ProblemError) as caught:
        from_fhir({"resourceType": "Specimen", "id": "s", "receivedTime": "Rosebud"}, Reading({}))
    assert caught.value.problems[0].where == "receivedTime"
    assert "Rosebud" not in str(caught.value)


def test_real_specimens(shared: pathlib.Path) -> None:
    found = [from_fhir(resource, Reading({})) for resource in foreign.real(shared, "Specimen")]
    assert len(found) >= 4
    assert {type(item) for item in found} == {Part}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(EXAMPLES[:3]))
def test_only_problems_are_raised(data: st.DataObject, item: Material) -> None:
    resource = data.draw(foreign.broken(to_fhir(item, WRITING)))
    assert foreign.outcome(from_fhir, resource) is not None


def test_sections_are_a_quantity() -> None:
    assert to_fhir(BLOCK, WRITING)["container"][0]["specimenQuantity"] == {"value": 12, "unit": "sections"}
    assert "specimenQuantity" not in to_fhir(Block(id="item", part="one"), WRITING)["container"][0]
    none_left = to_fhir(Block(id="item", part="one", remaining="exhausted", sections=0), WRITING)
    assert (none_left["container"][0]["specimenQuantity"]["value"], none_left["status"]) == (0, "unavailable")


@pytest.mark.parametrize(
    "said",
    [
        {"value": 4, "unit": "mL"},
        {"value": 4},
        {"value": -1, "unit": "sections"},
        {"value": 10_000, "unit": "sections"},
    ],
)
def test_another_quantity_is_no_number_of_sections(said: Json) -> None:
    made = to_fhir(Block(id="item", part="one"), WRITING)
    made["container"][0]["specimenQuantity"] = said
    read = from_fhir(made, inverse(WRITING))
    assert isinstance(read, Block)
    assert read.sections is None


def test_an_exhausted_block_with_sections_contradicts_itself() -> None:
    made = to_fhir(Block(id="item", part="one", remaining="exhausted"), WRITING)
    made["container"][0]["specimenQuantity"] = {"value": 4, "unit": "sections"}
    read = from_fhir(made, inverse(WRITING))
    assert isinstance(read, Block)
    assert (read.remaining, read.sections) == ("exhausted", None)
