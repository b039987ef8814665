"""Invariants as HL7's validator judges them; each verdict was taken from org.hl7.fhir.core 6.7.9 on these elements."""

from typing import Any

import pytest

from adapter.validation.fhirpath import Here, compiled
from mappings.fhir import wire
from mappings.fhir.wire import Json
from tests.adapter.validation.fhirpath.expressions import ELEMENT, EXTENSION, met, nothing, published

UNIT = '"system": "http://unitsofmeasure.org", "code": "mg"'
STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
LISTED = f'[{{"coding": [{{"system": "{CATEGORY}", "code": "problem-list-item"}}]}}]'

WRONG = f'{{"coding": [{{"system": "{STATUS}", "code": "entered-in-error"}}]}}'
ABSENT = '{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}'
PLACES = '"location": [{"reference": "Location/1"}, {"reference": "Location/2"}]'
SAME, NAMED = '{"coding": [{"code": "a"}]}', '{"coding": [{"code": "a", "display": "D"}]}'
ENTRY = '{"fullUrl": "u", "resource": {"resourceType": "Patient"}}'
VERSION = '{"fullUrl": "u", "resource": {"resourceType": "Patient", "meta": {"versionId": "2"}}}'

VERDICTS = [
    ("per-1", "Period", '{"start": "2020-01-01", "end": "2020"}', False),
    ("per-1", "Period", '{"start": "2020-01-01", "end": "2020-01-01T10:00:00Z"}', False),
    ("per-1", "Period", '{"start": "2020-01-01T10:00:00Z", "end": "2020-01-01T10:30:00+01:00"}', False),
    ("per-1", "Period", '{"start": "2020-01-01T10:00:00.5Z", "end": "2020-01-01T10:00:00Z"}', False),
    ("per-1", "Period", '{"start": "2019-12", "end": "2020-01-01"}', True),
    ("per-1", "Period", '{"_start": {"extension": [{"url": "a", "valueCode": "b"}]}, "end": "2020"}', True),
    ("rng-2", "Range", f'{{"low": {{"value": 5, {UNIT}}}, "high": {{"value": 3, {UNIT}}}}}', False),
    ("rng-2", "Range", f'{{"low": {{"value": 5, {UNIT}}}, "high": {{"value": 6, {UNIT}}}}}', True),
    ("rng-2", "Range", f'{{"low": {{"value": 5, {UNIT}}}, "high": {{"value": 1, "code": "g"}}}}', False),
    ("rng-2", "Range", '{"low": {"value": 5}, "high": {"value": 3}}', False),
    ("age-1", "Age", '{"value": -5, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}', False),
    ("age-1", "Age", '{"value": 5}', False),
    ("age-1", "Age", '{"value": 5, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}', True),
    ("cnt-3", "Count", '{"value": 1.5, "system": "http://unitsofmeasure.org", "code": "1"}', False),
    ("tim-9", "Timing.repeat", '{"offset": 3, "when": ["MORN", "C"]}', False),
    ("tim-9", "Timing.repeat", '{"offset": 3, "when": ["MORN", "EVE"]}', True),
    ("tim-4", "Timing.repeat", '{"duration": -1.5}', False),
    ("que-7", "Questionnaire.item.enableWhen", '{"operator": "exists", "answerString": "x"}', False),
    ("que-7", "Questionnaire.item.enableWhen", '{"operator": "exists", "answerBoolean": false}', True),
    ("que-12", "Questionnaire.item", '{"enableWhen": [{"question": "1"}, {"question": "2"}]}', False),
    ("que-2", "Questionnaire", '{"item": [{"linkId": "1"}, {"linkId": "2", "item": [{"linkId": "1"}]}]}', False),
    ("que-0", "Questionnaire", "{}", True),
    ("que-0", "Questionnaire", '{"name": "xAb"}', False),
    ("opd-3", "OperationDefinition.parameter", '{"type": "Patient", "targetProfile": ["a"]}', True),
    ("opd-3", "OperationDefinition.parameter", '{"type": "string", "targetProfile": ["a"]}', False),
    ("inv-1", "Task", '{"authoredOn": "2020-01-01", "lastModified": "2020-01"}', False),
    ("inv-1", "Task", '{"authoredOn": "2020-01-02T10:00:00+02:00", "lastModified": "2020-01-02T08:00:00Z"}', True),
    ("inv-1", "Task", '{"authoredOn": "2020-01-02T10:00:00+02:00", "lastModified": "2020-01-02T07:59:59Z"}', False),
    ("ras-2", "RiskAssessment.prediction", '{"probabilityDecimal": 100.5}', False),
    ("ras-2", "RiskAssessment.prediction", '{"probabilityDecimal": 100.0}', True),
    ("ras-2", "RiskAssessment.prediction", '{"outcome": {"text": "x"}}', True),
    ("con-3", "Condition", f'{{"category": {LISTED}}}', False),
    (
        "con-3",
        "Condition",
        f'{{"verificationStatus": {WRONG}}}',
        True,
    ),
    ("con-4", "Condition", '{"abatementString": "x", "clinicalStatus": {"coding": [{"_code": {"id": "a"}}]}}', False),
    (
        "obs-7",
        "Observation",
        f'{{"valueString": "x", "code": {SAME}, "component": [{{"code": {NAMED}}}]}}',
        False,
    ),
    (
        "obs-7",
        "Observation",
        f'{{"valueString": "x", "code": {NAMED}, "component": [{{"code": {SAME}}}]}}',
        True,
    ),
    ("csd-1", "CodeSystem", '{"concept": [{"code": "a", "concept": [{"code": "b"}]}, {"code": "b"}]}', False),
    ("csd-1", "CodeSystem", '{"concept": [{"code": "a", "concept": [{"code": "b"}]}, {"code": "c"}]}', True),
    (
        "bdl-7",
        "Bundle",
        f'{{"entry": [{ENTRY}, {VERSION}]}}',
        True,
    ),
    (
        "bdl-7",
        "Bundle",
        f'{{"entry": [{ENTRY}, {ENTRY}]}}',
        False,
    ),
    ("bdl-8", "Bundle.entry", "{}", True),
    ("bdl-8", "Bundle.entry", '{"fullUrl": "http://a/_history/1"}', False),
    ("bdl-11", "Bundle", '{"type": "document", "entry": [{"resource": {"resourceType": "Composition"}}]}', True),
    ("bdl-11", "Bundle", '{"type": "document", "entry": [{"resource": {"resourceType": "Patient"}}]}', False),
    ("us-core-1", "dateTime", '"2012"', True),
    ("us-core-3", "Observation", '{"valueQuantity": {"value": 1, "system": "http://x.org/u"}}', False),
    (
        "us-core-6",
        "HumanName",
        f'{{"extension": [{ABSENT}]}}',
        True,
    ),
    (
        "us-core-6",
        "HumanName",
        f'{{"family": "A", "extension": [{ABSENT}]}}',
        False,
    ),
    ("us-core-6", "HumanName", '{"text": "x"}', False),
    (
        "us-core-13",
        "PractitionerRole",
        f"{{{PLACES}}}",
        False,
    ),
    (
        "us-core-13",
        "PractitionerRole",
        f'{{"practitioner": {{"reference": "Practitioner/1"}}, {PLACES}}}',
        True,
    ),
    ("us-core-13", "PractitionerRole", "{}", False),
    ("us-core-16", "Identifier", '{"value": "123456789"}', False),
    ("us-core-17", "Identifier", '{"value": "1234567893"}', True),
    ("us-core-17", "Identifier", '{"value": "1234567890"}', False),
    ("us-core-17", "Identifier", '{"value": "12345678AB"}', False),
    ("vs-1", "dateTime", '"2020"', False),
    ("vs-1", "dateTime", '"2020-01-01"', True),
    ("vs-1", "Period", '{"start": "2020-01-01"}', False),
    ("spd-1", "SearchParameter", '{"xpath": "y"}', False),
    ("sqty-1", "SimpleQuantity", '{"comparator": "<"}', False),
    ("txt-1", "xhtml", '"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><script>x</script></div>"', False),
    ("txt-2", "xhtml", '"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"> </div>"', False),
    ("txt-1", "xhtml", '"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"> </div>"', True),
    ("provenance-1", "Provenance.agent", '{"who": {"reference": "Practitioner/9"}}', True),
]


MODALITY = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-modality"
TECHNIQUE = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-technique"


@pytest.mark.parametrize(
    ("modality", "technique", "expected"),
    [("169359004", "113120007", True), ("169359004", "384692006", False), ("1156708005", "384692006", True)],
)
def test_a_technique_fits_its_modality(modality: str, technique: str, expected: bool) -> None:
    def coded(url: str, code: str) -> Json:
        return {"url": url, "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": code}]}}

    value = {"url": "a", "extension": [coded(MODALITY, modality), coded(TECHNIQUE, technique)]}
    seeds = expression_of("TechniquesForInternalRadiotherapyPermanentSeeds", "Extension")
    assert compiled(seeds, "Extension")(value, None, Here(value, value, nothing)) is expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("Patient", "Patient.name", True), ("Patient", "Observation.code", False), ("Observation", "Patient.name", False)],
)
def test_the_paths_of_a_snapshot_begin_with_its_type(first: str, second: str, expected: bool) -> None:
    part = {"element": [{"id": first, "path": first}, {"id": second, "path": second}]}
    root = {"resourceType": "StructureDefinition", "kind": "resource", "type": "Patient"}
    here = Here({**root, "snapshot": part, "differential": part}, root, nothing)
    for key, kind in (("sdf-8", "StructureDefinition.snapshot"), ("sdf-8a", "StructureDefinition.differential")):
        assert compiled(expression_of(key, kind), kind)(part, None, here) is expected


@pytest.mark.parametrize(
    ("observer", "expected"),
    [
        ({"reference": "Device/1"}, True),
        ({"reference": "Device/1", "display": "D"}, True),
        ({"reference": "Device/2"}, False),
    ],
)
def test_who_reports_an_audit_event_is_its_source(observer: Json, expected: bool) -> None:
    agent = {"who": {"reference": "Device/1"}}
    root = {"resourceType": "AuditEvent", "agent": [agent], "source": {"observer": observer}}
    test = compiled("$this.who = %resource.source.observer", "AuditEvent.agent")
    assert test(agent, None, Here(root, root, nothing)) is expected


def expression_of(key: str, kind: str) -> str:
    """The published expression of an invariant of a kind; of any kind, where a profile asks it elsewhere."""
    for _, pairs in sorted(published().items(), key=lambda item: item[0] != kind):
        found = sorted(expression for name, expression in pairs if name == key)
        if found:
            return found[-1]
    raise KeyError(key)


@pytest.mark.parametrize(("key", "kind", "json", "expected"), VERDICTS)
def test_verdicts(key: str, kind: str, json: str, expected: bool) -> None:
    value: Any = wire.loads(json.encode())
    if isinstance(value, dict) and kind[0].isupper() and "." not in kind:
        value = {"resourceType": kind, **value} if key[:3] not in ("per", "rng", "age", "cnt", "vs-") else value
    root = value if isinstance(value, dict) else {}
    assert compiled(expression_of(key, kind), kind, key)(value, None, Here(root, root, nothing)) is expected


INNER = '{"resourceType": "Patient", "id": "p"%s}'
CONTAINED = [
    ("dom-3", '"contained": [%s]' % (INNER % ""), False),
    ("dom-3", '"contained": [%s], "subject": {"reference": "#p"}' % (INNER % ""), True),
    ("dom-3", '"contained": [%s], "implicitRules": "#p"' % (INNER % ""), True),
    ("dom-3", '"contained": [%s]' % (INNER % ', "managingOrganization": {"reference": "#"}'), True),
    ("dom-3", '"contained": [{"resourceType": "Patient", "active": true}]', False),
    (
        "dom-3",
        '"contained": [%s, {"resourceType": "Specimen", "id": "s", "subject": {"reference": "#p"}}], '
        '"specimen": {"reference": "#s"}' % (INNER % ""),
        True,
    ),
    ("dom-2", '"contained": [%s]' % (INNER % (', "contained": [%s]' % (INNER % ""))), False),
    ("dom-4", '"contained": [%s]' % (INNER % ', "meta": {"versionId": "1"}'), False),
    ("dom-4", '"contained": [%s]' % (INNER % ', "meta": {"source": "a"}'), True),
    ("dom-5", '"contained": [%s]' % (INNER % ', "meta": {"security": [{"code": "a"}]}'), False),
    ("dom-6", '"code": {"text": "x"}', False),
    ("dom-6", '"text": {"div": "x"}', True),
]


@pytest.mark.parametrize(("key", "members", "expected"), CONTAINED)
def test_verdicts_on_contained_resources(key: str, members: str, expected: bool) -> None:
    value = wire.read_object(f'{{"resourceType": "Observation", {members}}}'.encode())
    here = Here(value, value, nothing)
    assert compiled(expression_of(key, "Observation"), "Observation")(value, None, here) is expected


@pytest.mark.parametrize(
    ("link", "expected"), [("#p", True), ("#q", False), ("#", True), ("Patient/1", True), (None, True)]
)
def test_a_local_reference_leads_to_a_contained_resource(link: str | None, expected: bool) -> None:
    root = wire.read_object(b'{"resourceType": "Observation", "contained": [{"resourceType": "Patient", "id": "p"}]}')
    value = {"reference": link} if link else {"display": "x"}
    here = Here(root["contained"][0], root, nothing)
    assert compiled(expression_of("ref-1", "Reference"), "Reference")(value, None, here) is expected


def test_a_contained_resource_needs_no_narrative() -> None:
    root = wire.read_object(b'{"resourceType": "Observation", "contained": [{"resourceType": "Patient", "id": "p"}]}')
    inner = next(one for one in met(root) if one.kind == "Patient")
    assert compiled(expression_of("dom-6", "Patient"), "Patient")(inner.value, None, inner.here)


@pytest.mark.parametrize(
    ("member", "expected"), [("#doctor", True), ("#patient", False), ("Patient/9", True), ("#nobody", True)]
)
def test_who_a_member_of_a_team_may_stand_for(member: str, expected: bool) -> None:
    root = wire.read_object(
        b'{"resourceType": "CareTeam", "contained": [{"resourceType": "Practitioner", "id": "doctor"},'
        b'{"resourceType": "Patient", "id": "patient"}]}'
    )
    value = {"member": {"reference": member}, "onBehalfOf": {"reference": "Organization/1"}}
    test = compiled(expression_of("ctm-1", "CareTeam.participant"), "CareTeam.participant")
    assert test(value, None, Here(root, root, nothing)) is expected


@pytest.mark.parametrize(
    ("json", "expected"),
    [
        ('{"url": "a", "valueString": "x"}', True),
        ('{"url": "a", "_valueString": {"extension": [{"url": "b", "valueCode": "c"}]}}', True),
        ('{"url": "a", "extension": [{"url": "b", "valueCode": "c"}]}', True),
        ('{"url": "a", "extension": [{"url": "b", "valueCode": "c"}], "valueBoolean": false}', False),
        ('{"url": "a"}', False),
        ('{"url": "a", "valueNothing": 1}', False),
    ],
)
def test_an_extension_has_a_value_or_extensions(json: str, expected: bool) -> None:
    value = wire.loads(json.encode())
    assert compiled(EXTENSION, "Extension")(value, None, Here(value, value, nothing)) is expected


@pytest.mark.parametrize(
    ("json", "expected"), [("{}", False), ('{"id": "a"}', False), ('{"text": "a"}', True), ('{"coding": []}', False)]
)
def test_an_element_says_something(json: str, expected: bool) -> None:
    value = wire.loads(json.encode())
    assert compiled(ELEMENT, "CodeableConcept")(value, None, Here(value, value, nothing)) is expected
