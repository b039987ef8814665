"""Document there and back as DocumentReference."""

import csv
import hashlib
import pathlib
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given

from mappings.domain.material import Document
from mappings.domain.values import Moment, Span
from mappings.fhir import document_reference
from mappings.fhir.context import Reading
from mappings.terminology.tables import table
from tests import strategies
from tests.mappings.fhir.foreign import broken, outcome, real
from tests.mappings.fhir.laws import problems_of, there_and_back
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies import WRITING

DATA = b"%PDF-1.7 made up"
FULL = Document(
    id="item",
    path="reports/Path report #1.pdf",
    content_type="application/pdf",
    sha256=hashlib.sha256(DATA).hexdigest(),
    size=len(DATA),
    kind="pathology_report",
    title="Pathology report",
    date=Moment("2026-01-02T03:04:05+01:00"),
    authors=("one",),
    language="en",
    period=Span(start=Moment("2025-12"), end=Moment("2026-01")),
    about=("two", "three"),
)
MINIMAL = Document(
    id="item", path="slide.svs", content_type="image/svs", sha256="0" * 64, size=3_000_000_000, kind="whole_slide_image"
)
FULL_JSON = document_reference.to_fhir(FULL, WRITING, sha1=hashlib.sha1(DATA).digest())
EMPTY = Reading({})


def attachment(made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = made["content"][0]["attachment"]
    return found


def test_full() -> None:
    assert {
        "resourceType": "DocumentReference",
        "id": WRITING.id("item"),
        "status": "current",
        "type": {
            "extension": [
                {
                    "url": "https://w3id.org/second-opinion/fhir/StructureDefinition/document-kind",
                    "valueCode": "pathology_report",
                }
            ],
            "coding": [{"system": "http://loinc.org", "code": "11526-1", "display": "Pathology study"}],
        },
        "category": [
            {
                "coding": [
                    {
                        "system": "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category",
                        "code": "clinical-note",
                        "display": "Clinical Note",
                    }
                ]
            }
        ],
        "subject": WRITING.to("patient"),
        "date": "2026-01-02T03:04:05+01:00",
        "author": [WRITING.to("one")],
        "content": [
            {
                "attachment": {
                    "extension": [
                        {
                            "url": "https://w3id.org/second-opinion/fhir/StructureDefinition/file",
                            "extension": [
                                {"url": "path", "valueString": "reports/Path report #1.pdf"},
                                {"url": "sha256", "valueString": FULL.sha256},
                                {"url": "size", "valueDecimal": 16},
                            ],
                        }
                    ],
                    "contentType": "application/pdf",
                    "language": "en",
                    "url": WRITING.urls["item#binary"],
                    "size": 16,
                    "hash": "d7JLlq7poa4HJwbIDv1qpafuNw0=",
                    "title": "Pathology report",
                    "creation": "2026-01-02T03:04:05+01:00",
                }
            }
        ],
        "context": {
            "period": {"start": "2025-12", "end": "2026-01"},
            "related": [WRITING.to("two"), WRITING.to("three")],
        },
    } == FULL_JSON


def test_a_large_file_is_beside_the_bundle() -> None:
    made = attachment(document_reference.to_fhir(MINIMAL, WRITING))
    assert made["url"] == "slide.svs"
    assert "size" not in made
    assert made["extension"][0]["extension"][2] == {"url": "size", "valueDecimal": 3_000_000_000}


@pytest.mark.parametrize(
    ("size", "url"), [(0, "a%20b/c%23.pdf"), (5_000_000, WRITING.urls["item#binary"]), (5_000_001, "a%20b/c%23.pdf")]
)
def test_where_the_bytes_are(size: int, url: str) -> None:
    value = Document(id="item", path="a b/c#.pdf", content_type="application/pdf", sha256="0" * 64, size=size, kind="x")
    assert attachment(document_reference.to_fhir(value, WRITING))["url"] == url


@pytest.mark.parametrize(
    ("date", "instant"),
    [("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"), ("2026-01-02T03:04:05", None), ("2026-01", None)],
)
def test_only_a_time_with_offset_is_an_instant(date: str, instant: str | None) -> None:
    value = Document(id="item", path="a", content_type="a/b", sha256="0" * 64, size=1, kind="x", date=Moment(date))
    made = document_reference.to_fhir(value, WRITING)
    assert made.get("date") == instant
    assert document_reference.from_fhir(made, EMPTY).date == date


@pytest.mark.parametrize("value", [FULL, MINIMAL])
def test_examples_come_back(value: Document) -> None:
    assert there_and_back(document_reference.to_fhir, document_reference.from_fhir, value) == value


@given(strategies.documents)
def test_everything_comes_back(value: Document) -> None:
    assert there_and_back(document_reference.to_fhir, document_reference.from_fhir, value) == value


def test_rules() -> None:
    check_rules(document_reference, FULL_JSON)
    check_fields(document_reference, Document, "document")


def test_types_are_loinc_documents_or_unknown() -> None:
    scale_doc = {
        "11526-1", "11529-5", "55107-7", "47040-1", "18748-4", "68604-8", "11488-4", "34805-2", "73575-3", "57133-1",
        "57149-7", "34098-4", "74156-1", "59284-0", "64292-6",
    }  # fmt: skip
    listed = {(row.system, row.code) for row in table("document-kind").rows}
    assert listed - {("http://loinc.org", code) for code in scale_doc} == {
        ("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK")
    }


def test_every_kind_of_information_in_law_has_a_type() -> None:
    kinds = csv.DictReader(files("adapter.consent").joinpath("kinds.csv").read_text(encoding="utf-8").splitlines())
    information = {line["kind"] for line in kinds if line["class"] == "information"}
    assert len(information) > 20
    assert information - set(table("document-kind").values) == set()


def test_what_is_read_of_a_type_is_a_kind_in_law() -> None:
    found = csv.DictReader(files("adapter.consent").joinpath("kinds.csv").read_text(encoding="utf-8").splitlines())
    kinds = {line["kind"] for line in found}
    listed = table("document-kind")
    assert {listed.value(row.system, row.code) for row in listed.rows} - kinds == {"other"}


def test_a_kind_that_the_table_does_not_list_is_of_unknown_type() -> None:
    value = Document(id="item", path="a", content_type="a/b", sha256="0" * 64, size=1, kind="x_ray_film")
    made = document_reference.to_fhir(value, WRITING)
    assert made["type"]["coding"][0]["code"] == "UNK"
    assert document_reference.from_fhir(made, EMPTY).kind == "x_ray_film"


@pytest.mark.parametrize(
    ("kind", "categories", "code"),
    [
        ("consent_form", ["clinical-note", "57016-8"], "59284-0"),
        ("authorization", ["clinical-note", "57016-8"], "64292-6"),
        ("administrative_record", ["clinical-note"], "UNK"),
    ],
)
def test_the_paper_behind_a_consent_is_found_by_its_category(kind: str, categories: list[str], code: str) -> None:
    value = Document(id="item", path="a", content_type="a/b", sha256="0" * 64, size=1, kind=kind)
    made = document_reference.to_fhir(value, WRITING)
    assert [found["coding"][0]["code"] for found in made["category"]] == categories
    assert made["type"]["coding"][0]["code"] == code
    assert document_reference.from_fhir(made, EMPTY).kind == kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("68604-8", "radiology_report"),
        ("11526-1", "pathology_report"),
        ("11488-4", "clinical_record"),
        ("59284-0", "administrative_record"),
        ("1-8", "other"),
    ],
)
def test_foreign_types(code: str, kind: str) -> None:
    foreign = {**FULL_JSON, "type": {"coding": [{"system": "http://loinc.org", "code": code}]}}
    assert document_reference.from_fhir(foreign, EMPTY).kind == kind


def file_of(*parts: dict[str, Any]) -> dict[str, Any]:
    found = {**attachment(FULL_JSON), "extension": [{"url": document_reference.FILE, "extension": list(parts)}]}
    return {**FULL_JSON, "content": [{"attachment": found}]}


PATH, DIGEST = {"url": "path", "valueString": "a"}, {"url": "sha256", "valueString": "0" * 64}
UP = {"url": "path", "valueString": "../a"}


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        ({**FULL_JSON, "status": "entered-in-error"}, "not-supported"),
        ({**FULL_JSON, "content": []}, "not-supported"),
        ({**FULL_JSON, "content": [{"attachment": {"contentType": "a/b", "url": "http://x.org/1"}}]}, "not-supported"),
        (file_of(), "required"),
        (file_of(PATH), "required"),
        (file_of(PATH, DIGEST), "required"),
        (file_of(PATH, DIGEST, {"url": "size", "valueDecimal": "1"}), "required"),
        (file_of(PATH, DIGEST, {"url": "size", "valueDecimal": True}), "required"),
        (file_of(PATH, DIGEST, {"url": "size", "valueDecimal": -1}), "invariant"),
        (file_of(UP, DIGEST, {"url": "size", "valueDecimal": 1}), "invariant"),
    ],
)
def test_refused(resource: dict[str, Any], code: str) -> None:
    assert [p.code for p in problems_of(document_reference.from_fhir, resource)] == [code]


@given(broken(FULL_JSON))
def test_what_is_broken_is_read_or_refused(resource: dict[str, Any]) -> None:
    assert isinstance(outcome(document_reference.from_fhir, resource), (Document, tuple))


def test_real_ones_are_read_once_their_file_is_stored(shared: pathlib.Path) -> None:
    found = {resource["id"]: resource for resource in real(shared, "DocumentReference")}
    assert set(found) == {"discharge-summary", "example"}
    assert [p.code for p in problems_of(document_reference.from_fhir, found["example"])] == ["not-supported"]
    read = document_reference.from_fhir(found["example"], EMPTY, path="documents/physical.xml", data=b"<a/>")
    assert (read.path, read.size, read.kind) == ("documents/physical.xml", 4, "other")
    assert read.sha256 == "29114363f749a0226b6988dda3ca2492a954117ab6b5f382706c20300dabc079"
    assert (read.title, read.date, read.language) == ("Physical", "2005-12-24T09:35:00+11:00", "en-US")
