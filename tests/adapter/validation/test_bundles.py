"""Bundle rules, reference resolution, and what the same reference means in another entry."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from adapter.validation import validate_bundle, validate_resource
from mappings.fhir.wire import Json

BASE = "https://ehr.example/fhir/"
UUID = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
OTHER = "urn:uuid:5b1a2f0e-52f9-4d0f-9c3e-0a3d2b0f5a11"


def collection() -> Json:
    """A carried pair that refer to each other relatively, and two of ours that refer by fullUrl."""
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": BASE + "Patient/p1", "resource": {"resourceType": "Patient", "id": "p1", "gender": "female"}},
            {
                "fullUrl": BASE + "DiagnosticReport/r1",
                "resource": {
                    "resourceType": "DiagnosticReport",
                    "id": "r1",
                    "status": "final",
                    "code": {"text": "Pathology"},
                    "subject": {"reference": "Patient/p1"},
                },
            },
            {
                "fullUrl": UUID,
                "resource": {
                    "resourceType": "DocumentReference",
                    "status": "current",
                    "subject": {"reference": BASE + "Patient/p1"},
                    "content": [{"attachment": {"contentType": "application/pdf", "url": OTHER}}],
                },
            },
            {
                "fullUrl": OTHER,
                "resource": {"resourceType": "Binary", "contentType": "application/pdf", "data": "QUJD"},
            },
        ],
    }


def document() -> Json:
    return {
        "resourceType": "Bundle",
        "type": "document",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": OTHER},
        "timestamp": "2026-01-05T10:00:00Z",
        "entry": [
            {
                "fullUrl": UUID,
                "resource": {
                    "resourceType": "Composition",
                    "status": "final",
                    "type": {"text": "Report"},
                    "date": "2026-01-05",
                    "author": [{"display": "Reviewer"}],
                    "title": "Second opinion",
                },
            }
        ],
    }


def transaction() -> Json:
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": UUID,
                "resource": {
                    "resourceType": "Task",
                    "status": "requested",
                    "intent": "order",
                    "for": {"reference": "Patient?identifier=urn:oid:1.2.36|4711"},
                },
                "request": {"method": "POST", "url": "Task"},
            },
            {
                "fullUrl": OTHER,
                "resource": {"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": UUID}},
                "request": {"method": "POST", "url": "Basic"},
            },
        ],
    }


@pytest.mark.parametrize("make", [collection, document, transaction])
def test_good_bundles_have_no_problem(make: Callable[[], Json]) -> None:
    bundle = make()
    before = copy.deepcopy(bundle)
    assert validate_bundle(bundle) == []
    assert bundle == before


def resource(bundle: Json, index: int) -> Json:
    found: Json = bundle["entry"][index]["resource"]
    return found


def put(index: int, **members: Any) -> Callable[[Json], None]:
    return lambda bundle: resource(bundle, index).update(members)


def entry(index: int, **members: Any) -> Callable[[Json], None]:
    return lambda bundle: bundle["entry"][index].update(members)


def whole(**members: Any) -> Callable[[Json], None]:
    return lambda bundle: bundle.update(members)


def drop(index: int, name: str) -> Callable[[Json], None]:
    return lambda bundle: bundle["entry"][index].pop(name)


SUPPLIED_ELSEWHERE = "Bundle.entry[1].resource.subject"
FAULTS: list[tuple[Callable[[], Json], Callable[[Json], Any], list[tuple[str, str, str, str]]]] = [
    (
        collection,
        put(1, status="Zebulon"),
        [("error", "code-invalid", "fhir.binding", "Bundle.entry[1].resource.status")],
    ),
    (collection, whole(total=4), [("error", "invariant", "bdl-1", "Bundle")]),
    (collection, entry(0, search={"mode": "match"}), [("error", "invariant", "bdl-2", "Bundle.entry[0]")]),
    (collection, entry(0, request={"method": "GET", "url": "x"}), [("error", "invariant", "bdl-3", "Bundle.entry[0]")]),
    (transaction, drop(1, "request"), [("error", "invariant", "bdl-3", "Bundle.entry[1]")]),
    (collection, entry(0, response={"status": "200"}), [("error", "invariant", "bdl-4", "Bundle.entry[0]")]),
    (
        collection,
        lambda b: b["entry"].append({"fullUrl": "urn:uuid:9a1b2f0e-52f9-4d0f-9c3e-0a3d2b0f5a11"}),
        [("error", "invariant", "bdl-5", "Bundle.entry[4]")],
    ),
    (
        collection,
        lambda b: b["entry"].append({"fullUrl": OTHER, "resource": {"resourceType": "Basic", "code": {"text": "x"}}}),
        [
            ("error", "invariant", "bdl-7", "Bundle.entry[4]"),
        ],
    ),
    (
        collection,
        entry(3, fullUrl=BASE + "Binary/b/_history/1"),
        [
            ("error", "invariant", "bdl-8", "Bundle.entry[3]"),
            ("error", "not-found", "fhir.reference", "Bundle.entry[2].resource.content[0].attachment.url"),
        ],
    ),
    (document, lambda b: b.pop("identifier"), [("error", "invariant", "bdl-9", "Bundle")]),
    (document, lambda b: b.pop("timestamp"), [("error", "invariant", "bdl-10", "Bundle")]),
    (
        document,
        lambda b: b["entry"].insert(0, {"fullUrl": OTHER, "resource": {"resourceType": "Patient", "active": True}}),
        [("error", "invariant", "bdl-11", "Bundle"), ("error", "structure", "fhir.document", "Bundle.entry[1]")],
    ),
    (document, whole(type="message"), [("error", "invariant", "bdl-12", "Bundle")]),
    (
        collection,
        drop(0, "fullUrl"),
        [
            ("error", "required", "fhir.fullUrl", "Bundle.entry[0].fullUrl"),
            ("warning", "not-found", "fhir.reference", SUPPLIED_ELSEWHERE),
            ("warning", "not-found", "fhir.reference", "Bundle.entry[2].resource.subject"),
        ],
    ),
    (transaction, drop(1, "fullUrl"), [("warning", "required", "fhir.fullUrl", "Bundle.entry[1].fullUrl")]),
    (
        collection,
        entry(1, fullUrl="DiagnosticReport/r1"),
        [
            ("error", "value", "fhir.fullUrl", "Bundle.entry[1].fullUrl"),
            ("warning", "not-found", "fhir.reference", SUPPLIED_ELSEWHERE),
        ],
    ),
    (
        collection,
        entry(1, fullUrl=BASE + "DiagnosticReport/r2"),
        [("error", "value", "fhir.fullUrl", "Bundle.entry[1].fullUrl")],
    ),
    (
        collection,
        lambda b: b["entry"].append(
            {"fullUrl": "urn:uuid:9a1b2f0e-52f9-4d0f-9c3e-0a3d2b0f5a11", "resource": copy.deepcopy(resource(b, 3))}
        ),
        [("error", "duplicate", "fhir.duplicate", "Bundle.entry[4].resource")],
    ),
    (
        collection,
        put(1, subject={"reference": "Patient/p2"}),
        [("warning", "not-found", "fhir.reference", SUPPLIED_ELSEWHERE)],
    ),
    (
        collection,
        put(1, subject={"reference": "https://other.example/fhir/Patient/p1"}),
        [("warning", "not-found", "fhir.reference", SUPPLIED_ELSEWHERE)],
    ),
    (
        collection,
        put(1, subject={"reference": "Patient/p1/_history/7"}),
        [("warning", "not-found", "fhir.reference", SUPPLIED_ELSEWHERE)],
    ),
    (
        collection,
        put(1, subject={"reference": "urn:uuid:99999999-1cbf-4d64-b04d-cd9187a4c6e0"}),
        [("error", "not-found", "fhir.reference", SUPPLIED_ELSEWHERE)],
    ),
    # a relative reference has no base where the entry's fullUrl is a UUID
    (
        collection,
        put(2, subject={"reference": "Patient/p1"}),
        [("warning", "not-found", "fhir.reference", "Bundle.entry[2].resource.subject")],
    ),
    # the target's type is that of the entry it resolves to
    (collection, put(1, subject={"reference": UUID}), [("error", "structure", "fhir.target", SUPPLIED_ELSEWHERE)]),
    (
        collection,
        put(1, basedOn=[{"reference": "DiagnosticReport/r1"}]),
        [("error", "structure", "fhir.target", "Bundle.entry[1].resource.basedOn[0]")],
    ),
    (collection, whole(entry={}), [("error", "structure", "fhir.json", "Bundle.entry")]),
]


@pytest.mark.parametrize(("make", "spoil", "expected"), FAULTS, ids=[f"{f[2][0][2]}-{i}" for i, f in enumerate(FAULTS)])
def test_a_seeded_fault_of_a_bundle(
    make: Callable[[], Json], spoil: Callable[[Json], Any], expected: list[tuple[str, str, str, str]]
) -> None:
    bundle = make()
    spoil(bundle)
    found = validate_bundle(bundle)
    assert [(p.severity, p.code, p.rule, p.where) for p in found] == expected


def test_two_versions_of_one_entry_need_a_versioned_reference() -> None:
    bundle = collection()
    resource(bundle, 0)["meta"] = {"versionId": "1"}
    bundle["entry"].append(copy.deepcopy(bundle["entry"][0]))
    resource(bundle, 4)["meta"] = {"versionId": "2"}
    found = validate_bundle(bundle)
    assert {(p.code, p.rule) for p in found} == {("multiple-matches", "fhir.reference")}
    resource(bundle, 1)["subject"]["reference"] = "Patient/p1/_history/2"
    resource(bundle, 2)["subject"]["reference"] = BASE + "Patient/p1/_history/1"
    assert validate_bundle(bundle) == []


def test_a_bundle_in_a_bundle_is_a_world_of_its_own() -> None:
    inner = collection()
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": "urn:uuid:8a1b2f0e-52f9-4d0f-9c3e-0a3d2b0f5a11", "resource": inner}],
    }
    assert validate_bundle(bundle) == []
    resource(inner, 1)["subject"]["reference"] = "urn:uuid:8a1b2f0e-52f9-4d0f-9c3e-0a3d2b0f5a11"
    found = validate_bundle(bundle)
    assert [p.where for p in found] == ["Bundle.entry[0].resource.entry[1].resource.subject"]


def test_a_bundle_is_judged_the_same_as_a_resource() -> None:
    bundle = collection()
    bundle["entry"][1]["resource"]["subject"]["reference"] = "urn:uuid:none"
    assert validate_resource(bundle) == validate_bundle(bundle) != []


def test_what_is_not_a_bundle_is_told_so() -> None:
    found = validate_bundle({"resourceType": "Patient", "active": True})
    assert [(p.where, p.rule) for p in found] == [("Patient.resourceType", "fhir.resourceType")]


# -- documents: everything is tied to the Composition


def _document(*resources: Json, **composition: Any) -> Json:
    made = document()
    made["entry"] = made["entry"][:1]
    made["entry"][0]["resource"].update(composition)
    made["entry"] += [{"fullUrl": f"{BASE}{r['resourceType']}/{r['id']}", "resource": r} for r in resources]
    return made


def _composed(bundle: Json) -> list[tuple[str, str, str]]:
    return [(p.severity, p.rule, p.where) for p in validate_bundle(bundle)]


ADA: Json = {"resourceType": "Patient", "id": "ada", "active": True}
NOTE: Json = {
    "resourceType": "Observation",
    "id": "note",
    "status": "final",
    "code": {"text": "x"},
    "subject": {"reference": "Patient/ada"},
}
TRACE: Json = {
    "resourceType": "Provenance",
    "id": "trace",
    "target": [{"reference": "Patient/ada"}],
    "recorded": "2026-01-05T10:00:00Z",
    "agent": [{"who": {"display": "x"}}],
}
TO_ADA = {"subject": {"reference": BASE + "Patient/ada"}}


def test_a_document_holds_only_what_is_tied_to_its_composition() -> None:
    assert _composed(_document(ADA, **TO_ADA)) == []
    assert _composed(_document(ADA, TRACE, **TO_ADA)) == []
    backwards = [("warning", "fhir.document", "Bundle.entry[2]")]
    assert _composed(_document(ADA, NOTE, **TO_ADA)) == backwards
    stranger = {"resourceType": "Organization", "id": "o", "name": "x"}
    assert _composed(_document(ADA, stranger, **TO_ADA)) == [("error", "fhir.document", "Bundle.entry[2]")]


def test_a_document_holds_what_its_composition_points_to() -> None:
    missing = [("error", "fhir.reference", "Bundle.entry[0].resource.subject")]
    assert _composed(_document(**TO_ADA)) == missing
    elsewhere = {"relatesTo": [{"code": "replaces", "targetReference": {"reference": BASE + "Composition/old"}}]}
    found = _composed(_document(ADA, **TO_ADA, **elsewhere))
    assert found == [("warning", "fhir.reference", "Bundle.entry[0].resource.relatesTo[0].target.ofType(Reference)")]


@pytest.mark.parametrize("kind", ["document", "message"])
def test_a_document_or_message_has_an_entry(kind: str) -> None:
    made = document()
    del made["entry"]
    assert ("error", "fhir.entries", "Bundle") in _composed({**made, "type": kind})


# -- searchsets


def _found(resource: Json, **search: Any) -> Json:
    entry = {"fullUrl": f"{BASE}{resource['resourceType']}/p", "resource": resource, **search}
    return {"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [entry]}


def test_what_a_search_found_has_an_id_and_an_outcome_is_one() -> None:
    good = {"resourceType": "Patient", "id": "p", "active": True}
    assert _composed(_found(good, search={"mode": "match"})) == []
    assert _composed(_found(good, search={"mode": "outcome"})) == [("error", "fhir.search", "Bundle.entry[0].resource")]
    assert _composed(_found({"resourceType": "Patient", "active": True})) == [
        ("error", "fhir.search", "Bundle.entry[0].resource"),
        ("error", "fhir.fullUrl", "Bundle.entry[0]"),
    ]


def test_a_full_url_that_is_no_restful_address_need_not_end_in_the_id() -> None:
    entry = {
        "fullUrl": "https://ehr.example/anything",
        "resource": {"resourceType": "Patient", "id": "p", "active": True},
    }
    assert _composed({"resourceType": "Bundle", "type": "collection", "entry": [entry]}) == []
