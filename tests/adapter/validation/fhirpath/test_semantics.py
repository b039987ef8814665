"""What expressions give: literal expectations from FHIRPath N1, from R4's fhirpath.html and from HL7's engine."""

from decimal import Decimal
from typing import Any

import pytest

from adapter.validation.fhirpath import Here, compiled, evaluate, typed
from mappings.fhir import wire
from mappings.fhir.wire import Json

PATIENT = wire.read_object(
    b"""{"resourceType": "Patient", "id": "p", "active": true, "birthDate": "1970-01",
    "_birthDate": {"extension": [{"url": "u", "valueString": "x"}]},
    "name": [{"family": "Ash", "given": ["Ann", "Bo"], "_given": [null, {"id": "g"}], "use": "official"},
             {"_family": {"extension": [{"url": "absent", "valueCode": "unknown"}]}}],
    "multipleBirthInteger": 2,
    "contained": [{"resourceType": "Organization", "id": "o", "name": "N", "partOf": {"reference": "#"}}],
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [{"reference": "Practitioner/1"}, {"reference": "Practitioner/2"}, {"display": "D"}]}"""
)
OBSERVATION = wire.read_object(
    b"""{"resourceType": "Observation", "status": "final",
    "valueQuantity": {"value": 72.50, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
    "effectivePeriod": {"start": "2020-01-01T10:00:00Z", "end": "2020-01-01T11:30:00+01:00"},
    "issued": "2020-01-01T10:00:00.5Z",
    "referenceRange": [{"low": {"value": 1, "unit": "g"}, "high": {"value": 1.0, "unit": "g"}}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "1"}, {"system": "http://loinc.org", "code": "2"}]}}"""
)


def _resolve(link: str) -> Json | None:
    return {"resourceType": "Practitioner", "id": "1"} if link == "Practitioner/1" else None


def ask(expression: str, resource: Json = PATIENT) -> list[Any]:
    """What an expression gives of a resource."""
    return evaluate(expression, resource["resourceType"], resource, None, Here(resource, resource, _resolve))


PATHS = [
    ("name.given", ["Ann", "Bo"]),
    ("Patient.name.use", ["official"]),
    ("DomainResource.id", ["p"]),
    ("Observation.id", []),
    ("$this.active", [True]),
    ("name[0].given[1]", ["Bo"]),
    ("name[5]", []),
    ("name.`use`", ["official"]),
    ("multipleBirth", [2]),
    ("multipleBirthInteger", [2]),
    ("multipleBirth as integer", [2]),
    ("multipleBirth.ofType(boolean)", []),
    ("name.family", ["Ash", None]),
    ("name.family.hasValue()", [False]),
    ("name.first().family.hasValue()", [True]),
    ("name[1].family.exists()", [True]),
    ("name[1].family.hasValue()", [False]),
    ("name[1].family.getValue()", []),
    ("name[1].family.extension('absent').value", ["unknown"]),
    ("birthDate.extension.url", ["u"]),
    ("name.given.id", ["g"]),
    ("nothing.at.all", []),
    ("children().count()", [11]),
    ("name[0].children()", ["Ash", "Ann", "Bo", "official"]),
    ("name[1].descendants().count()", [4]),
    ("descendants().where($this is Coding)", []),
    ("contained.id", ["o"]),
    ("contained.children().count()", [3]),
    ("managingOrganization.resolve().name", ["N"]),
    ("contained.partOf.resolve().id", ["p"]),
    ("generalPractitioner.resolve().id", ["1"]),
    ("generalPractitioner.resolve() is Practitioner", [True]),
    ("%resource.id | %rootResource.id | %context.id", ["p"]),
    ("%ucum", ["http://unitsofmeasure.org"]),
    ("%sct & %loinc", ["http://snomed.info/scthttp://loinc.org"]),
    ("%`vs-a-b`", ["http://hl7.org/fhir/ValueSet/a-b"]),
    ("%`ext-a-b`", ["http://hl7.org/fhir/StructureDefinition/a-b"]),
]

COLLECTIONS = [
    ("name.exists()", [True]),
    ("name.exists(use = 'official')", [True]),
    ("name.exists(use = 'old')", [False]),
    ("name.empty()", [False]),
    ("photo.empty()", [True]),
    ("name.all(use = 'official')", [False]),
    ("photo.all(false)", [True]),
    ("name.where(use = 'official').given.count()", [2]),
    ("name.where(family.hasValue().not()).count()", [1]),
    ("name.select(given.count())", [2, 0]),
    ("name.given.select($index)", [0, 1]),
    ("name.given.where($index = 1)", ["Bo"]),
    ("name.given.all($index < 1)", [False]),
    ("name.given.exists($index = 1)", [True]),
    ("(5 | 6).where((1 | 2).where($index = 1).exists() and $index = 1)", [6]),
    ("contained.repeat(children()).count()", [4]),
    ("(1 | 2 | 2 | 1)", [1, 2]),
    ("(1 | 2).combine(2 | 3)", [1, 2, 2, 3]),
    ("(1 | 2).union(2 | 3)", [1, 2, 3]),
    ("(1 | 2).intersect(2 | 3)", [2]),
    ("(1 | 2).exclude(2 | 3)", [1]),
    ("(1 | 2).subsetOf(3 | 2 | 1)", [True]),
    ("(1 | 2).supersetOf(3 | 2 | 1)", [False]),
    ("(1).combine(1).isDistinct()", [False]),
    ("(1).combine(1).distinct()", [1]),
    ("name.given.isDistinct()", [True]),
    ("name.given.first()", ["Ann"]),
    ("name.given.last()", ["Bo"]),
    ("name.given.tail()", ["Bo"]),
    ("name.given.skip(1)", ["Bo"]),
    ("name.given.take(1)", ["Ann"]),
    ("name.given.take(-1)", []),
    ("id.single()", ["p"]),
    ("name.single()", []),
    ("(true).combine(false).allTrue()", [False]),
    ("(true).combine(false).anyTrue()", [True]),
    ("(true).combine(false).allFalse()", [False]),
    ("(true).combine(false).anyFalse()", [True]),
    ("{}.allTrue()", [True]),
    ("(1 | 2 | 3).aggregate($this + $total, 0)", [6]),
    ("iif(active, 'y', 'n')", ["y"]),
    ("iif(photo.exists(), 'y')", []),
    ("photo.iif(empty(), true, false)", [True]),
    ("name.given.trace('names', use).count()", [2]),
]

OPERATORS = [
    ("true and {}", []),
    ("false and {}", [False]),
    ("{} and false", [False]),
    ("{} or true", [True]),
    ("false or {}", []),
    ("true xor false", [True]),
    ("true xor {}", []),
    ("{} implies true", [True]),
    ("{} implies false", []),
    ("false implies {}", [True]),
    ("true implies {}", []),
    ("{}.not()", []),
    ("true implies false or true", [True]),
    ("false and false or true", [True]),
    ("name.first() and true", [True]),
    ("{} = 1", []),
    ("(1 | 2) = (1 | 2)", [True]),
    ("(1 | 2) = (2 | 1)", [False]),
    ("(1 | 2) ~ (2 | 1)", [True]),
    ("1 != 2", [True]),
    ("'a' != {}", []),
    ("'Ab  c' ~ 'aB c'", [True]),
    ("'a' !~ 'b'", [True]),
    ("1.0 = 1", [True]),
    ("1.05 ~ 1.1", [False]),
    ("1.01 ~ 1.0", [True]),
    ("10 = 1", [False]),
    ("1 + 2 * 3", [7]),
    ("(1 + 2) * 3", [9]),
    ("-5 + 2", [-3]),
    ("0.1 + 0.2", [Decimal("0.3")]),
    ("7 div 2", [3]),
    ("-7 div 2", [-3]),
    ("7 mod 3", [1]),
    ("7 / 2", [Decimal("3.5")]),
    ("7 / 0", []),
    ("7 div 0", []),
    ("7 mod 0", []),
    ("'a' + 'b'", ["ab"]),
    ("'a' + {}", []),
    ("'a' & {}", ["a"]),
    ("'a' + 1", []),
    ("'a' < 'b'", [True]),
    ("2 <= 2.0", [True]),
    ("1 < 'a'", []),
    ("'Ann' in name.given", [True]),
    ("('Ann' | 'Bo') in name.given", [True]),
    ("('Ann' | 'Cy') in name.given", [False]),
    ("{} in name.given", []),
    ("'Ann' in {}", [False]),
    ("name.given contains 'Bo'", [True]),
    ("active is boolean", [True]),
    ("active is Boolean", [False]),
    ("true is Boolean", [True]),
    ("true is System.Boolean", [True]),
    ("birthDate is date", [True]),
    ("birthDate is DateTime", [False]),
    ("id is string", [True]),
    ("id is FHIR.id", [True]),
    ("id.as(string)", []),
    ("$this is Patient", [True]),
    ("$this is FHIR.DomainResource", [True]),
    ("$this is Resource", [True]),
    ("is(Observation)", [False]),
    ("photo is Attachment", []),
    ("name.is(HumanName)", [False]),
    ("name.first() is Element", [True]),
]

MOMENTS = [
    ("@2020-01-01 < @2020-01-02", [True]),
    ("@2020 = @2020", [True]),
    ("@2020-01 = @2020", []),
    ("@2020-01 != @2020", []),
    ("@2020-01 ~ @2020", [False]),
    ("@2020-01 < @2021", [True]),
    ("@2020-01 <= @2020", []),
    ("@2020-01-01T10:00:00Z = @2020-01-01T11:00:00+01:00", [True]),
    ("@2020-01-01T10:00:00Z < @2020-01-01T11:00:00+01:00", [False]),
    ("@2020-01-01T23:30:00-01:00 > @2020-01-02T00:00:00Z", [True]),
    ("@2020-01-01T10:00:00.50Z = @2020-01-01T10:00:00.5Z", [True]),
    ("@2020-01-01T10:00:00Z < @2020-01-01T10:00:00.5Z", [True]),
    ("@2020-01-01T10:00 = @2020-01-01T10:00:30", []),
    ("@2020-01-01T10:00Z < @2020-01-01T10:01:30Z", [True]),
    ("@2020-01-01T10:00:00 < @2020-01-01T10:00:00Z", []),
    ("@2020-01-02 > @2020-01-01T10:00:00Z", [True]),
    ("@2020-01-01 > @2020-01-01T10:00:00Z", []),
    ("@T10:00 < @T10:01", [True]),
    ("@T10:00 = @T10:00:00", []),
    ("birthDate = @1970-01", [True]),
    ("birthDate < @1970-02", [True]),
    ("birthDate < @1970-01-01", []),
    ("birthDate = '1970-01'", [True]),
    ("'2020'.toDateTime() = @2020", [True]),
    ("'20'.toDateTime()", []),
    ("'2020-01-01T10:00:00Z'.toDate()", ["2020-01-01"]),
    ("'10:00'.toTime() = @T10:00", [True]),
]

STRINGS = [
    ("'abc'.startsWith('ab')", [True]),
    ("'abc'.startsWith('')", [True]),
    ("{}.startsWith('a')", []),
    ("'abc'.endsWith('bc')", [True]),
    ("'abc'.contains('b')", [True]),
    ("'abc'.indexOf('c')", [2]),
    ("'abc'.indexOf('x')", [-1]),
    ("'abc'.substring(1)", ["bc"]),
    ("'abc'.substring(1, 1)", ["b"]),
    ("'abc'.substring(1, 9)", ["bc"]),
    ("'abc'.substring(3)", []),
    ("'abc'.length()", [3]),
    ("'abc'.upper() & 'ABC'.lower()", ["ABCabc"]),
    ("'a.b'.replace('.', '-')", ["a-b"]),
    ("'a.b.c'.replaceMatches('\\\\..*', '')", ["a"]),
    ("'abc'.replaceMatches('(b)', '[$1]')", ["a[b]c"]),
    ("'abc'.matches('b')", [True]),
    ("'abc'.matches('^b')", [False]),
    ("'a\\nb'.matches('a.b')", [True]),
    ("'abc'.matchesFull('b')", [False]),
    ("'a,b'.split(',')", ["a", "b"]),
    ("name.given.join('-')", ["Ann-Bo"]),
    ("'ab'.toChars()", ["a", "b"]),
    ("' a '.trim()", ["a"]),
    ("'it\\'s \\u0041 \\/ \\\\ \\`'", ["it's A / \\ `"]),
    ("'12'.toInteger()", [12]),
    ("'1.2'.toInteger()", []),
    ("true.toInteger()", [1]),
    ("'1.20'.toDecimal()", [Decimal("1.20")]),
    ("1.20.toString()", ["1.20"]),
    ("true.toString()", ["true"]),
    ("'yes'.toBoolean()", [True]),
    ("'x'.convertsToInteger()", [False]),
    ("(-1.5).abs()", [Decimal("1.5")]),
    ("1.5.floor() | 1.5.ceiling() | (-1.5).truncate()", [1, 2, -1]),
    ("name.given.length()", []),
]

QUANTITIES = [
    ("value.value.toString()", ["72.50"]),
    ("value.value = 72.5", [True]),
    ("value is Quantity", [True]),
    ("(value as Quantity).unit", ["kg"]),
    ("valueQuantity.unit", ["kg"]),
    ("value = 72.5 'kg'", [True]),
    ("value > 72 'kg'", [True]),
    ("value > 72 'g'", []),
    ("referenceRange.low <= referenceRange.high", [True]),
    ("referenceRange.low < referenceRange.high", [False]),
    ("4 days = 4 'd'", [True]),
    ("effective.start < effective.end", [True]),
    ("effective.start < issued", [True]),
    ("effective is Period", [True]),
    ("code.coding.where(system = %loinc and code = '2').exists()", [True]),
    ("code.coding.code.isDistinct()", [True]),
    ("code.coding.system.isDistinct()", [False]),
    ("code.coding.intersect(%resource.code.coding).count()", [2]),
]


@pytest.mark.parametrize(("expression", "expected"), [*PATHS, *COLLECTIONS, *OPERATORS, *MOMENTS, *STRINGS])
def test_of_a_patient(expression: str, expected: list[Any]) -> None:
    assert ask(expression) == expected


@pytest.mark.parametrize(("expression", "expected"), QUANTITIES)
def test_of_an_observation(expression: str, expected: list[Any]) -> None:
    assert ask(expression, OBSERVATION) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("active", True),
        ("active.not()", False),
        ("photo", False),
        ("name.first()", True),
        ("name", True),
        ("name and true", False),
        ("birthDate < @1970-01-01", False),
        ("1 < 'a'", False),
        ("active = 'true'", True),
    ],
)
def test_a_result_as_a_verdict(expression: str, expected: bool) -> None:
    assert compiled(expression, "Patient")(PATIENT, None, Here(PATIENT, PATIENT, _resolve)) is expected


def test_types_are_told() -> None:
    here = Here(PATIENT, PATIENT, _resolve)
    assert [kind for _, _, kind in typed("multipleBirth | birthDate | 'a'", "Patient", PATIENT, None, here)] == [
        "integer",
        "date",
        "System.String",
    ]
    assert typed("generalPractitioner.resolve()", "Patient", PATIENT, None, here)[0][2] == "Practitioner"


def test_a_primitive_is_asked_with_its_extensions() -> None:
    here = Here(PATIENT, PATIENT, _resolve)
    absent = {"extension": [{"url": "http://example.org/absent", "valueCode": "unknown"}]}
    assert evaluate("extension.value", "date", None, absent, here) == ["unknown"]
    assert evaluate("$this.exists()", "date", None, absent, here) == [True]
    assert evaluate("hasValue()", "date", None, absent, here) == [False]
    assert compiled("hasValue() or (children().count() > id.count())", "date")(None, absent, here)
    assert not compiled("hasValue() or (children().count() > id.count())", "date")(None, {"id": "a"}, here)


@pytest.mark.parametrize(("lines", "expected"), [(1, True), (2, False)])
def test_the_context_invariant_of_an_extension(lines: int, expected: bool) -> None:
    item = {"type": "string", "repeats": False}
    here = Here(PATIENT, PATIENT, _resolve, extension={"url": "a", "valueInteger": lines})
    asked = "type!='display' and (repeats=true or %extension.valueInteger=1)"
    assert compiled(asked, "Questionnaire.item")(item, None, here) is expected


def test_an_exact_decimal_keeps_its_digits() -> None:
    assert str(ask("value.value", OBSERVATION)[0]) == "72.50"
