"""The bytes of a document there and back as Binary."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.domain.material import Document
from mappings.fhir import binary
from mappings.fhir.context import Reading
from mappings.fhir.wire import Json
from mappings.problems import ProblemError
from tests.mappings.fhir.foreign import broken, outcome
from tests.mappings.fhir.laws import problems_of
from tests.mappings.fhir.rules import check_rules
from tests.strategies import WRITING


def described(data: bytes) -> Document:
    digest = hashlib.sha256(data).hexdigest()
    return Document(id="item", path="a.pdf", content_type="application/pdf", sha256=digest, size=len(data), kind="x")


def read(resource: Json, _: Reading) -> bytes:
    return binary.from_fhir(resource)


FULL_JSON = binary.to_fhir(described(b"\x00\xffPDF"), b"\x00\xffPDF", WRITING)


def test_full() -> None:
    assert {
        "resourceType": "Binary",
        "id": WRITING.id("item#binary"),
        "contentType": "application/pdf",
        "data": "AP9QREY=",
    } == FULL_JSON


@given(st.binary(min_size=1))
def test_bytes_come_back(data: bytes) -> None:
    assert binary.from_fhir(binary.to_fhir(described(data), data, WRITING)) == data


def test_rules() -> None:
    check_rules(binary, FULL_JSON)


def test_base64_in_lines_is_read() -> None:
    assert binary.from_fhir({**FULL_JSON, "data": " AP9Q\r\nREY= "}) == b"\x00\xffPDF"


@pytest.mark.parametrize(
    ("document", "data", "code"),
    [
        (described(b"one"), b"two", "conflict"),
        (described(b"one"), b"one more", "conflict"),
        (described(b""), b"", "too-long"),
        (described(bytes(5_000_001)), bytes(5_000_001), "too-long"),
    ],
)
def test_other_bytes_are_refused(document: Document, data: bytes, code: str) -> None:
    with pytest.raises(ProblemError) as raised:
        binary.to_fhir(document, data, WRITING)
    assert [p.code for p in raised.value.problems] == [code]


def test_the_largest_embedded_file() -> None:
    data = bytes(5_000_000)
    assert binary.from_fhir(binary.to_fhir(described(data), data, WRITING)) == data


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"data": None}, "required"),
        ({"data": "AP9"}, "value"),
        ({"data": "ÄÖÜ="}, "value"),
        ({"data": "AP9QREY=="}, "value"),
        ({"resourceType": "Media"}, "structure"),
    ],
)
def test_refused(change: dict[str, Any], code: str) -> None:
    assert [p.code for p in problems_of(read, {**FULL_JSON, **change})] == [code]


@given(broken(FULL_JSON))
def test_what_is_broken_is_read_or_refused(resource: dict[str, Any]) -> None:
    assert isinstance(outcome(read, resource), (bytes, tuple))
