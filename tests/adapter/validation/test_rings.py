"""One good resource and one seeded fault for each rule of the rings that judge a single resource."""

import copy
from decimal import Decimal
from typing import Any

import pytest

from adapter.validation import validate_resource
from mappings.fhir.wire import ExactDecimal, Json

SECRET = "Zebulon-Quillfeather"
"""Stands for what a patient's record says; no message may hold it."""

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

OBSERVATION: Json = {
    "resourceType": "Observation",
    "id": "ki67",
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Ki-67</p></div>'},
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29593-1"}], "text": "Ki-67"},
    "subject": {"reference": "Patient/p1"},
    "effectivePeriod": {"start": "2026-01-05", "end": "2026-01-15T10:00:00+02:00"},
    "valueQuantity": {"value": ExactDecimal("72.50"), "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"},
    "referenceRange": [{"low": {"value": 1}, "high": {"value": 20}}],
    "component": [{"code": {"text": "hot spot"}, "valueBoolean": True}],
    "_issued": {"extension": [{"url": ABSENT, "valueCode": "unknown"}]},
}
PATIENT: Json = {
    "resourceType": "Patient",
    "identifier": [{"use": "official", "system": "urn:oid:1.2.36.146.595.217.0.1", "value": "4711"}],
    "name": [
        {
            "family": "Example",
            "given": ["Ada", None],
            "_given": [
                None,
                {"id": "second", "extension": [{"url": ABSENT, "valueCode": "masked"}]},
            ],
        }
    ],
    "telecom": [{"system": "phone", "value": "555"}],
    "gender": "female",
    "birthDate": "1970",
    "contact": [{"name": {"text": "Next"}}],
}
REPORT: Json = {
    "resourceType": "DiagnosticReport",
    "contained": [{"resourceType": "Specimen", "id": "block"}],
    "status": "final",
    "code": {"text": "Surgical pathology"},
    "specimen": [{"reference": "#block"}],
    "presentedForm": [{"contentType": "text/plain", "data": "QUJD", "size": 3, "hash": "PAG9uybzWLqyfyZ5JKosmgP8/bg="}],
}
CONDITION: Json = {
    "resourceType": "Condition",
    "clinicalStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "remission"}]
    },
    "abatementDateTime": "2026",
    "subject": {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "type": "Patient"},
}
CONSENT: Json = {
    "resourceType": "Consent",
    "status": "active",
    "scope": {"text": "privacy"},
    "category": [{"text": "authorization"}],
    "policy": [{"uri": "https://example.org/policy"}],
}
REQUEST: Json = {
    "resourceType": "ServiceRequest",
    "status": "active",
    "intent": "order",
    "code": {"text": "Second opinion"},
    "orderDetail": [{"text": "slides"}],
    "subject": {"reference": "https://ehr.example/fhir/Patient/p1"},
}
TASK: Json = {
    "resourceType": "Task",
    "status": "requested",
    "intent": "order",
    "authoredOn": "2026-01-05T09:00:00Z",
    "lastModified": "2026-01-05T10:30:00+01:00",
}
ORGANIZATION: Json = {"resourceType": "Organization", "name": "Center", "address": [{"use": "work", "city": "Basel"}]}
COMPOSITION: Json = {
    "resourceType": "Composition",
    "status": "final",
    "type": {"text": "Report"},
    "date": "2026-01-05",
    "author": [{"display": "Dr. Example"}],
    "title": "Second opinion",
    "section": [{"title": "Finding", "entry": [{"reference": "Observation/ki67"}]}],
}
IMAGE: Json = {
    "resourceType": "Patient",
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><img src="#scan"/></div>'},
    "contained": [{"resourceType": "Binary", "id": "scan", "contentType": "image/png"}],
}
QUESTIONS: Json = {
    "resourceType": "QuestionnaireResponse",
    "contained": [{"resourceType": "Questionnaire", "id": "asked", "status": "active"}],
    "questionnaire": "#asked",
    "status": "completed",
}
GOOD = [OBSERVATION, PATIENT, REPORT, CONDITION, CONSENT, REQUEST, TASK, ORGANIZATION, COMPOSITION]


@pytest.mark.parametrize("resource", GOOD, ids=lambda r: r["resourceType"])
def test_good_resources_have_no_problem_and_stay_as_they_are(resource: Json) -> None:
    before = copy.deepcopy(resource)
    assert validate_resource(resource) == []
    assert resource == before


@pytest.mark.parametrize(
    ("resource", "path", "value", "rule", "where"),
    [
        (IMAGE, "contained.0.id", "other", "fhir.narrative-url", "Patient.text.div"),
        (QUESTIONS, "questionnaire", "#" + SECRET, "fhir.contained", "QuestionnaireResponse.questionnaire"),
    ],
)
def test_what_is_contained_is_what_is_named(resource: Json, path: str, value: str, rule: str, where: str) -> None:
    assert validate_resource(resource) == []
    found = validate_resource(changed(resource, path, value))
    assert [(p.rule, p.where) for p in found] == [(rule, where), ("dom-3", f"{resource['resourceType']}.contained[0]")]
    assert SECRET not in str(found)


def test_contained_resources_that_only_name_each_other_are_named_by_nobody() -> None:
    role = {"resourceType": "PractitionerRole", "id": "role", "practitioner": {"reference": "#one"}}
    one = {"resourceType": "Practitioner", "id": "one", "active": True}
    report = {**REPORT, "contained": [*REPORT["contained"], role, one]}
    assert [(p.rule, p.where) for p in validate_resource(report)] == [
        ("dom-3", "DiagnosticReport.contained[1]"),
        ("dom-3", "DiagnosticReport.contained[2]"),
    ]
    assert validate_resource({**report, "performer": [{"reference": "#role"}]}) == []


def changed(resource: Json, path: str, value: Any) -> Json:
    """A copy with the element at `path` (`a.0.b`) replaced, or taken out where the value is `...`."""
    made = copy.deepcopy(resource)
    *steps, last = path.split(".")
    holder: Any = made
    for step in steps:
        holder = holder[int(step) if isinstance(holder, list) else step]
    key: Any = int(last) if isinstance(holder, list) else last
    if value is ...:
        del holder[key]
    else:
        holder[key] = value
    return made


DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'
CODED = {"coding": [{"system": "http://example.org", "code": SECRET}]}
WRONG = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "entered-in-error"}]
}
MANY = "https://example.org/" + SECRET

NOT_DEFINED = "fhir.extension-unknown"  # a warning, of example.org
UNDEFINED = {"url": "http://example.org/x", "valueCode": "y"}

# resource, path, faulty value, then what must be found: rule, where
FAULTS: list[tuple[Json, str, Any, str, str]] = [
    # ring 1: JSON
    (OBSERVATION, "status", None, "fhir.json", "Observation.status"),
    (OBSERVATION, "category", [], "fhir.json", "Observation.category"),
    (OBSERVATION, "category", [None], "fhir.json", "Observation.category[0]"),
    (OBSERVATION, "category", {"text": SECRET}, "fhir.json", "Observation.category"),
    (OBSERVATION, "method", SECRET, "fhir.json", "Observation.method"),
    (OBSERVATION, "code.text", "", "fhir.json", "Observation.code.text"),
    (OBSERVATION, "code.text", "  ", "fhir.blank", "Observation.code.text"),
    (OBSERVATION, "subject", {}, "ele-1", "Observation.subject"),
    (OBSERVATION, "method", {"id": SECRET}, "ele-1", "Observation.method"),
    (PATIENT, "contained", [SECRET], "fhir.json", "Patient.contained[0]"),
    # ring 1: names, cardinality, types
    (OBSERVATION, "resourceType", SECRET, "fhir.resourceType", "Resource.resourceType"),
    (OBSERVATION, "resourceType", ..., "fhir.resourceType", "Resource.resourceType"),
    (REPORT, "contained.0.resourceType", SECRET, "fhir.resourceType", "DiagnosticReport.contained[0].resourceType"),
    (OBSERVATION, SECRET, 1, "fhir.element", "Observation"),
    (OBSERVATION, "birthDate", "1970", "fhir.element", "Observation.birthDate"),
    (OBSERVATION, "_code", {"id": "x", "extension": []}, "fhir.element", "Observation.code"),
    (OBSERVATION, "component.0.valueMoney", {"value": 1}, "fhir.element", "Observation.component[0].valueMoney"),
    (OBSERVATION, "code.resourceType", "Patient", "fhir.element", "Observation.code.resourceType"),
    (OBSERVATION, "valueString", SECRET, "fhir.cardinality", "Observation.value"),
    (OBSERVATION, "status", ..., "fhir.cardinality", "Observation.status"),
    (OBSERVATION, "code", [{"text": SECRET}], "fhir.cardinality", "Observation.code"),
    (OBSERVATION, "component.0.code", ..., "fhir.cardinality", "Observation.component[0].code"),
    (OBSERVATION, "text.div", ..., "fhir.cardinality", "Observation.text.div"),
    (CONSENT, "category", ..., "fhir.cardinality", "Consent.category"),
    # ring 1: R4B is not R4
    (
        PATIENT,
        "extension",
        [{"url": "http://example.org/e", "valueCodeableReference": {"concept": {"text": SECRET}}}],
        "fhir.element",
        "Patient.extension[0]",
    ),
    # ring 1: primitives
    (OBSERVATION, "id", "no blanks here", "fhir.primitive.id", "Observation.id"),
    (OBSERVATION, "id", "a" * 65, "fhir.primitive.id", "Observation.id"),
    (OBSERVATION, "status", " final", "fhir.primitive.code", "Observation.status"),
    (OBSERVATION, "language", "de  CH", "fhir.primitive.code", "Observation.language"),
    (
        OBSERVATION,
        "implicitRules",
        "http://example.org/" + SECRET + " x",
        "fhir.primitive.uri",
        "Observation.implicitRules",
    ),
    (OBSERVATION, "issued", "2026-01-05T10:00:00", "fhir.primitive.instant", "Observation.issued"),
    (OBSERVATION, "issued", "2026-01", "fhir.primitive.instant", "Observation.issued"),
    (
        OBSERVATION,
        "effectivePeriod.start",
        "2025-02-30",
        "fhir.primitive.dateTime",
        "Observation.effective.ofType(Period).start",
    ),
    (
        OBSERVATION,
        "effectivePeriod.start",
        "2026-1-5",
        "fhir.primitive.dateTime",
        "Observation.effective.ofType(Period).start",
    ),
    (
        OBSERVATION,
        "effectivePeriod.start",
        2026,
        "fhir.primitive.dateTime",
        "Observation.effective.ofType(Period).start",
    ),
    (PATIENT, "birthDate", "1970-13", "fhir.primitive.date", "Patient.birthDate"),
    (PATIENT, "birthDate", "0000", "fhir.primitive.date", "Patient.birthDate"),
    (PATIENT, "birthDate", "1970\n", "fhir.primitive.date", "Patient.birthDate"),
    (PATIENT, "active", "true", "fhir.primitive.boolean", "Patient.active"),
    (PATIENT, "multipleBirthInteger", "3", "fhir.primitive.integer", "Patient.multipleBirth.ofType(integer)"),
    (
        PATIENT,
        "multipleBirthInteger",
        ExactDecimal("3.0"),
        "fhir.primitive.integer",
        "Patient.multipleBirth.ofType(integer)",
    ),
    (PATIENT, "multipleBirthInteger", 2**31, "fhir.primitive.integer", "Patient.multipleBirth.ofType(integer)"),
    (PATIENT, "multipleBirthInteger", True, "fhir.primitive.integer", "Patient.multipleBirth.ofType(integer)"),
    (PATIENT, "telecom.0.rank", 0, "fhir.primitive.positiveInt", "Patient.telecom[0].rank"),
    (PATIENT, "photo", [{"size": -1}], "fhir.primitive.unsignedInt", "Patient.photo[0].size"),
    (REPORT, "presentedForm.0.data", "QUJ*", "fhir.primitive.base64Binary", "DiagnosticReport.presentedForm[0].data"),
    (REPORT, "presentedForm.0.data", "QUJDQ", "fhir.primitive.base64Binary", "DiagnosticReport.presentedForm[0].data"),
    (REPORT, "presentedForm.0.data", "QU JD", "fhir.base64-blanks", "DiagnosticReport.presentedForm[0].data"),
    (OBSERVATION, "valueQuantity.value", "72.5", "fhir.primitive.decimal", "Observation.value.ofType(Quantity).value"),
    (OBSERVATION, "valueQuantity.value", 72.5, "fhir.primitive.decimal", "Observation.value.ofType(Quantity).value"),
    (
        OBSERVATION,
        "valueQuantity.value",
        Decimal("NaN"),
        "fhir.primitive.decimal",
        "Observation.value.ofType(Quantity).value",
    ),
    (OBSERVATION, "code.text", SECRET + "\x00", "fhir.primitive.string", "Observation.code.text"),
    (CONSENT, "policy.0.uri", MANY + " ", "fhir.primitive.uri", "Consent.policy[0].uri"),
    (PATIENT, "identifier.0.system", "urn:oid:1.02", "fhir.primitive.uri", "Patient.identifier[0].system"),
    (PATIENT, "identifier.0.system", "urn:uuid:" + SECRET, "fhir.primitive.uri", "Patient.identifier[0].system"),
    # ring 1: narrative
    (OBSERVATION, "text.div", DIV.format(f"<script>{SECRET}</script>"), "txt-1", "Observation.text.div"),
    (OBSERVATION, "text.div", DIV.format(f'<p onclick="{SECRET}">x</p>'), "txt-1", "Observation.text.div"),
    (OBSERVATION, "text.div", f"<div>{SECRET}</div>", "txt-1", "Observation.text.div"),
    (OBSERVATION, "text.div", DIV.format(f"<p>{SECRET}"), "txt-1", "Observation.text.div"),
    (
        OBSERVATION,
        "text.div",
        f"<!DOCTYPE div [<!ENTITY e '{SECRET}'>]>" + DIV.format("&e;"),
        "txt-1",
        "Observation.text.div",
    ),
    (OBSERVATION, "text.div", DIV.format(" "), "txt-2", "Observation.text.div"),
    # ring 2: required codes, in resources, backbone elements and datatypes
    (OBSERVATION, "status", SECRET, "fhir.binding", "Observation.status"),
    (OBSERVATION, "valueQuantity.comparator", SECRET, "fhir.binding", "Observation.value.ofType(Quantity).comparator"),
    (PATIENT, "gender", "f", "fhir.binding", "Patient.gender"),
    (PATIENT, "identifier.0.use", SECRET, "fhir.binding", "Patient.identifier[0].use"),
    (PATIENT, "telecom.0.system", SECRET, "fhir.binding", "Patient.telecom[0].system"),
    (ORGANIZATION, "address.0.use", SECRET, "fhir.binding", "Organization.address[0].use"),
    (CONDITION, "verificationStatus", {"text": SECRET}, "fhir.binding", "Condition.verificationStatus"),
    (CONDITION, "verificationStatus", CODED, "fhir.binding", "Condition.verificationStatus"),
    (REQUEST, "intent", "Order", "fhir.binding", "ServiceRequest.intent"),
    (OBSERVATION, "text.status", SECRET, "fhir.binding", "Observation.text.status"),
    # ring 3: reference targets, judged by the literal and by the contained resource
    (
        REPORT,
        "basedOn",
        [{"reference": "DiagnosticReport/" + SECRET}],
        "fhir.target",
        "DiagnosticReport.basedOn[0]",
    ),
    (
        OBSERVATION,
        "derivedFrom",
        [{"reference": "https://example.org/fhir/DiagnosticReport/1"}],
        "fhir.target",
        "Observation.derivedFrom[0]",
    ),
    (
        OBSERVATION,
        "derivedFrom",
        [{"reference": "DiagnosticReport/1/_history/2"}],
        "fhir.target",
        "Observation.derivedFrom[0]",
    ),
    (REPORT, "subject", {"reference": "#block"}, "fhir.target", "DiagnosticReport.subject"),
    (
        OBSERVATION,
        "subject",
        {"reference": "Patient/1", "type": "Group"},
        "fhir.reference-type",
        "Observation.subject",
    ),
    (OBSERVATION, "subject", {"reference": SECRET}, "fhir.reference", "Observation.subject"),
    (OBSERVATION, "subject", {"reference": "Person_/1"}, "fhir.reference", "Observation.subject"),
    (
        OBSERVATION,
        "subject",
        {"type": "Practitioner", "identifier": {"value": SECRET}},
        "fhir.target",
        "Observation.subject",
    ),
    # contained resources
    (OBSERVATION, "subject.reference", "#" + SECRET, "ref-1", "Observation.subject"),
    (REPORT, "specimen", ..., "dom-3", "DiagnosticReport.contained[0]"),
    (
        REPORT,
        "contained.0.contained",
        [{"resourceType": "Patient", "gender": "male"}],
        "dom-2",
        "DiagnosticReport.contained[0]",
    ),
    (REPORT, "contained.0.meta", {"versionId": "1"}, "dom-4", "DiagnosticReport.contained[0]"),
    (REPORT, "contained.0.meta", {"security": [{"code": SECRET}]}, "dom-5", "DiagnosticReport.contained[0]"),
    (PATIENT, "telecom.0.id", "second", "fhir.element-id", "Patient.telecom[0].id"),
    # ring 5
    (OBSERVATION, "extension", [{"url": "http://example.org/e"}], "ext-1", "Observation.extension[0]"),
    (
        OBSERVATION,
        "extension",
        [{"url": "http://example.org/e", "valueString": SECRET, "extension": [{"url": "x", "valueCode": "y"}]}],
        "ext-1",
        "Observation.extension[0]",
    ),
    (OBSERVATION, "subject", {"type": "Patient"}, "ref-2", "Observation.subject"),
    (OBSERVATION, "effectivePeriod.end", "2025-12-31", "per-1", "Observation.effective.ofType(Period)"),
    (OBSERVATION, "valueQuantity.system", ..., "qty-3", "Observation.value.ofType(Quantity)"),
    (
        OBSERVATION,
        "referenceRange.0.low",
        {"value": 1, "comparator": "<"},
        "sqty-1",
        "Observation.referenceRange[0].low",
    ),
    (OBSERVATION, "referenceRange.0", {"type": {"text": SECRET}}, "obs-3", "Observation.referenceRange[0]"),
    (
        OBSERVATION,
        "referenceRange.0.age",
        {"low": {"value": 9}, "high": {"value": ExactDecimal("8.5")}},
        "rng-2",
        "Observation.referenceRange[0].age",
    ),
    (OBSERVATION, "dataAbsentReason", {"text": SECRET}, "obs-6", "Observation"),
    (
        OBSERVATION,
        "component.0.code",
        {"coding": [{"system": "http://loinc.org", "code": "29593-1"}]},
        "obs-7",
        "Observation",
    ),
    (
        OBSERVATION,
        "component.0",
        {"code": {"text": "x"}, "valueRatio": {"numerator": {"value": 1}}},
        "rat-1",
        "Observation.component[0].value.ofType(Ratio)",
    ),
    (PATIENT, "telecom.0.system", ..., "cpt-2", "Patient.telecom[0]"),
    (PATIENT, "contact.0", {"gender": "male"}, "pat-1", "Patient.contact[0]"),
    (REPORT, "presentedForm.0.contentType", ..., "att-1", "DiagnosticReport.presentedForm[0]"),
    (REPORT, "presentedForm.0.size", 4, "fhir.attachment.size", "DiagnosticReport.presentedForm[0]"),
    (REPORT, "presentedForm.0.hash", "QUJD", "fhir.attachment.hash", "DiagnosticReport.presentedForm[0]"),
    (ORGANIZATION, "name", ..., "org-1", "Organization"),
    (ORGANIZATION, "address.0.use", "home", "org-2", "Organization.address[0]"),
    (ORGANIZATION, "telecom", [{"system": "phone", "use": "home"}], "org-3", "Organization.telecom[0]"),
    (CONDITION, "clinicalStatus.coding.0.code", "active", "con-4", "Condition"),
    (CONDITION, "verificationStatus", WRONG, "con-5", "Condition"),
    (CONDITION, "stage", [{"type": {"text": SECRET}}], "con-1", "Condition.stage[0]"),
    (CONDITION, "evidence", [{"extension": [UNDEFINED]}], "con-2", "Condition.evidence[0]"),
    (OBSERVATION, "text.div", DIV.format('<a href="x{y}">z</a>'), "fhir.narrative-url", "Observation.text.div"),
    (QUESTIONS, "questionnaire", "http://example.org/" + SECRET, "dom-3", "QuestionnaireResponse.contained[0]"),
    (PATIENT, "meta", {"security": [{"code": "a"}, {"code": "a"}]}, "fhir.meta.security", "Patient.meta"),
    (PATIENT, "identifier.0.system", SECRET, "fhir.identifier.system", "Patient.identifier[0]"),
    (PATIENT, "identifier.0.system", "urn:ietf:rfc:3986", "fhir.identifier.uri", "Patient.identifier[0]"),
    (OBSERVATION, "subject.reference", " Patient/p1", "fhir.reference", "Observation.subject"),
    (CONSENT, "policy", ..., "ppc-1", "Consent"),
    (REQUEST, "code", ..., "prr-1", "ServiceRequest"),
    (TASK, "lastModified", "2026-01-05T09:59:59+01:00", "inv-1", "Task"),
    (COMPOSITION, "section.0.entry", ..., "cmp-1", "Composition.section[0]"),
    (COMPOSITION, "section.0.emptyReason", {"text": SECRET}, "cmp-2", "Composition.section[0]"),
]


@pytest.mark.parametrize(
    ("resource", "path", "value", "rule", "where"), FAULTS, ids=[f"{f[3]}-{f[4]}-{i}" for i, f in enumerate(FAULTS)]
)
def test_a_seeded_fault_is_the_one_problem_found(resource: Json, path: str, value: Any, rule: str, where: str) -> None:
    found = validate_resource(changed(resource, path, value))
    assert [(p.rule, p.where) for p in found if p.rule != NOT_DEFINED] == [(rule, where)]
    assert SECRET not in str(found)


WARNINGS = {"fhir.base64-blanks", "fhir.blank", NOT_DEFINED}


def test_seeded_faults_are_errors_but_for_what_only_hinders_readers() -> None:
    lax = {p.rule for f in FAULTS for p in validate_resource(changed(f[0], f[1], f[2])) if not p.stops}
    assert lax == WARNINGS


def test_a_problem_list_item_without_status_is_a_warning() -> None:
    item = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-category", "code": "problem-list-item"}]
    }
    condition = {"resourceType": "Condition", "category": [item], "subject": {"display": "x"}}
    found = validate_resource(condition)
    assert [(p.severity, p.rule, p.where) for p in found] == [("warning", "con-3", "Condition")]


def test_the_place_given_is_where_problems_are() -> None:
    found = validate_resource({"resourceType": "Binary"}, "Bundle.entry[3].resource")
    assert [(p.where, p.rule, p.code) for p in found] == [
        ("Bundle.entry[3].resource.contentType", "fhir.cardinality", "required")
    ]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03", "2026"),
        ("2026", "2026-03-15T01:00:00Z"),
        ("2026-03-15", "2026-03-15T01:00:00Z"),
    ],
)
def test_periods_whose_ends_cannot_be_ordered_are_refused(start: str, end: str) -> None:
    """per-1 has no result for them, and HL7's validator takes that for broken."""
    found = validate_resource(changed(OBSERVATION, "effectivePeriod", {"start": start, "end": end}))
    assert [(p.severity, p.rule) for p in found] == [("error", "per-1")]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03", "2026-03"),
        ("2025", "2026-03-15T01:00:00Z"),
        ("2026-01-01T00:30:00+02:00", "2025-12-31T22:30:00Z"),
        ("2026-01-01T23:59:60Z", "2026-01-02T00:00:00Z"),
    ],
)
def test_periods_that_end_after_they_start_are_good(start: str, end: str) -> None:
    assert validate_resource(changed(OBSERVATION, "effectivePeriod", {"start": start, "end": end})) == []


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03", "2026-02-28"),
        ("2027", "2026-12-31T23:00:00Z"),
        ("2026-01-01T00:30:00+02:00", "2025-12-31T22:29:59.999Z"),
    ],
)
def test_periods_that_surely_end_before_they_start_are_refused(start: str, end: str) -> None:
    found = validate_resource(changed(OBSERVATION, "effectivePeriod", {"start": start, "end": end}))
    assert [p.rule for p in found] == ["per-1"]


def test_a_misspelt_element_is_named_by_what_was_meant() -> None:
    found = validate_resource({**PATIENT, "brithDate": "1970"})
    assert [p.where for p in found] == ["Patient"]
    assert found[0].message == "property 8 of the object is not an element here; is birthDate meant?"


def test_the_message_of_a_code_lists_the_codes_to_choose_from() -> None:
    found = validate_resource(changed(PATIENT, "gender", SECRET))
    assert found[0].message == (
        "is not in the value set http://hl7.org/fhir/ValueSet/administrative-gender; "
        "use one of male | female | other | unknown"
    )


BASE_OF_BASIC = {"path": "Basic", "min": 0, "max": "*"}


def test_element_ids_are_unique_within_each_view_of_a_structure_definition() -> None:
    element = {"id": "Basic", "path": "Basic", "min": 0, "max": "*", "definition": "A thing", "base": BASE_OF_BASIC}
    view = {"element": [element]}
    definition: Json = {
        "resourceType": "StructureDefinition",
        "url": "http://example.org/StructureDefinition/basic",
        "name": "Basic",
        "status": "draft",
        "kind": "resource",
        "abstract": False,
        "type": "Basic",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/DomainResource",
        "snapshot": view,
        "differential": view,
    }
    assert validate_resource(definition) == []
    twice = {**definition, "differential": {"element": [*view["element"], *view["element"]]}}
    assert {(p.rule, p.where) for p in validate_resource(twice)} == {
        ("fhir.element-id", "StructureDefinition.differential.element[1].id"),
        ("sdf-17", "StructureDefinition"),
        ("sdf-8a", "StructureDefinition.differential"),
    }
