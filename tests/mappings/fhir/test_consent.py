"""Directive, authorization and Part 2 consent are one Consent each, in two shapes, and come back whole."""

import pathlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.domain.access import Access, Authorization, Directive, Part2Consent
from mappings.domain.values import PartialDate
from mappings.fhir import consent
from mappings.fhir.context import Reading, Writing, inverse
from mappings.fhir.wire import Json, dumps, loads
from mappings.problems import ProblemError
from tests.foreign import SECRET, broken, outcome, real
from tests.mappings.fhir.rules import check_rules
from tests.strategies_request import ACCESSES, HELD_BACK, ITEMS, URLS, WRITING

READING = inverse(WRITING)
POLICY = "https://www.ecfr.gov/current/title-45/section-164.508"
AUTHORIZATION = Authorization(
    description="Pathology of 2026",
    discloser="General Hospital",
    recipient="Review Center",
    purpose="at the request of the individual",
    expiry="end of the research study",
    signed=True,
    signed_on=PartialDate("2026-03-01"),
    signer="patient",
    statement_revocation=True,
    known_false=False,
    covers=("report-1", "study-1"),
    document="letter-1",
)
DIRECTIVE = Directive(written=True, signed=True, designee="Review Center", address="1 Main St")
PART2 = Part2Consent(patient_named=True, expiry="2027-01", signed=True, revoked_on=PartialDate("2026-06-01"))
ALL = Access(
    id="access-1",
    pathway="access",
    requester="patient",
    recipient="review_center",
    recipient_party="center",
    purpose="patient_request",
    directive=DIRECTIVE,
    authorization=AUTHORIZATION,
    part2_consent=PART2,
)


def written(access: Access = ALL, ctx: Writing = WRITING, **more: Any) -> Json:
    made: Json = loads(dumps(consent.to_fhir(access, ctx, **{"holder": "hospital", "policies": (POLICY,), **more})))
    return made


@given(ACCESSES, st.sampled_from(("pcf", "fast")), st.sampled_from(((), ITEMS[:3])))
@settings(max_examples=200, deadline=None)
def test_law(access: Access, shape: str, data: tuple[str, ...]) -> None:
    read = {
        field: consent.from_fhir(written(access, paper=field, shape=shape, data=data), READING)
        for _, field in consent.papers(access)
    }
    fields = ("directive", "authorization", "part2_consent")
    assert read == {f: getattr(access, f) for f in fields if getattr(access, f) is not None}


def test_rules_are_true() -> None:
    dated = msgspec.structs.replace(ALL, authorization=msgspec.structs.replace(AUTHORIZATION, expiry="2027"))
    check_rules(consent, written(paper="authorization"), written(dated, paper="authorization"), written(shape="fast"))


def test_papers_and_their_names() -> None:
    assert consent.papers(ALL) == (
        ("access-1#consent", "directive"),
        ("access-1#consent-2", "authorization"),
        ("access-1#consent-3", "part2_consent"),
    )
    alone = msgspec.structs.replace(ALL, directive=None, part2_consent=None)
    assert consent.papers(alone) == (("access-1#consent", "authorization"),)


@pytest.mark.parametrize(
    ("paper", "category", "rule", "status"),
    [
        ("directive", "HIPAAROAD", "HIPAAROA", "active"),
        ("authorization", "HIPAAAuthCD", "hipaa-auth", "active"),
        ("part2_consent", "42CFRPart2CD", "42CFRPart2", "inactive"),
    ],
)
def test_category_and_policy(paper: str, category: str, rule: str, status: str) -> None:
    made = written(paper=paper)
    assert made["category"][0]["coding"][0]["code"] == category
    assert made["policyRule"]["coding"][0]["code"] == rule
    assert made["policy"] == [{"uri": POLICY}]
    assert made["status"] == status


def test_shape_pcf_has_an_organization_and_fast_has_none() -> None:
    assert written()["organization"] == [{"reference": URLS["hospital"]}]
    fast = written(shape="fast")
    assert "organization" not in fast
    assert [(e["url"], e["valueReference"]["reference"]) for e in fast["extension"][:2]] == [
        (consent.GRANTEE, URLS["center"]),
        (consent.CONTROLLER, URLS["hospital"]),
    ]
    patient = {"system": "urn:ietf:rfc:3986", "value": URLS["patient"]}
    assert fast["patient"] == {"reference": URLS["patient"], "identifier": patient}
    assert written()["patient"] == {"reference": URLS["patient"]}


def test_provision_permits_the_recipient_the_released_items_for_the_purpose() -> None:
    made = written(data=("slide-1",))["provision"]
    assert made["type"] == "permit"
    assert made["actor"][0]["role"]["coding"][0]["code"] == "IRCP"
    assert made["actor"][0]["reference"] == {"reference": URLS["center"]}
    assert made["purpose"][0]["code"] == "PATRQT"
    assert made["data"] == [{"meaning": "instance", "reference": {"reference": URLS["slide-1"]}}]


def test_an_expiry_that_is_an_event_is_an_extension_and_a_date_is_the_end() -> None:
    event = written(paper="authorization")["provision"]
    assert event["extension"] == [{"url": consent.EXPIRY, "valueString": "end of the research study"}]
    assert "period" not in event
    assert written(paper="part2_consent")["provision"]["period"] == {"end": "2027-01"}


def test_an_unsigned_paper_is_proposed() -> None:
    unsigned = msgspec.structs.replace(ALL, directive=Directive(written=True, signed=False))
    oral = msgspec.structs.replace(ALL, directive=Directive(written=False, signed=True))
    assert written(unsigned)["status"] == "proposed"
    assert written(oral)["status"] == "proposed"


def test_a_representative_signs_in_person() -> None:
    asked = msgspec.structs.replace(ALL, requester="personal_representative", requested_by="daughter")
    assert written(asked)["performer"] == [{"reference": URLS["daughter"]}]
    assert written(ALL)["performer"] == [{"reference": URLS["patient"]}]
    nobody = msgspec.structs.replace(asked, requested_by=None)
    assert "performer" not in written(nobody)


def test_what_was_not_released_is_not_named_and_the_limit_stays() -> None:
    part = Writing({name: url for name, url in URLS.items() if name != "study-1"})
    made = written(ctx=part, paper="authorization", data=("slide-1",))
    assert made["provision"]["data"] == [{"meaning": "instance", "reference": {"reference": URLS["report-1"]}}]
    assert b"study-1" not in dumps(made)
    read = consent.from_fhir(made, inverse(part))
    assert isinstance(read, Authorization)
    assert read.covers == ("report-1",)
    none = Writing({name: url for name, url in part.urls.items() if name != "report-1"})
    empty = consent.from_fhir(written(ctx=none, paper="authorization"), inverse(none))
    assert isinstance(empty, Authorization)
    assert empty.covers == ()


@given(HELD_BACK)
@settings(max_examples=50, deadline=None)
def test_restrictions_and_determinations_leave_no_trace(held: Any) -> None:
    access, restriction, finding = held
    full = msgspec.structs.replace(ALL, restrictions=(restriction,), determinations=(finding,), loan=access.loan)
    sent = b"".join(dumps(written(full, paper=field)) for _, field in consent.papers(full))
    assert b"zq-" not in sent
    assert b"endanger" not in sent


def test_without_a_paper_there_is_no_consent() -> None:
    plain = msgspec.structs.replace(ALL, directive=None, authorization=None, part2_consent=None)
    with pytest.raises(ProblemError, match="there is no such paper"):
        written(plain)
    with pytest.raises(ProblemError, match="there is no such paper"):
        written(msgspec.structs.replace(ALL, directive=None), paper="directive")


def test_a_purpose_in_no_table_gets_no_code() -> None:
    made = written(msgspec.structs.replace(ALL, purpose="marketing"))
    assert "purpose" not in made["provision"]
    assert b"marketing" not in dumps(made)
    assert [code["code"] for code in written()["provision"]["purpose"]] == ["PATRQT"]


def changed(**members: Any) -> Json:
    made = {**written(), **members}
    return {name: value for name, value in made.items() if value is not None}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (changed(category=[]), "is none of HIPAAROAD"),
        (changed(provision={"type": "deny"}), "denies, or permits with exceptions"),
        (changed(provision={"type": "permit", "provision": [{"type": "deny"}]}), "denies, or permits with exceptions"),
        (changed(status="inactive"), "is out of force"),
        (changed(status="rejected"), "is out of force"),
        (changed(status="proposed"), "says it is not signed"),
        (changed(status="entered-in-error"), "entered in error"),
        (changed(status=None), "is out of force"),
        (changed(dateTime="2026-13-01"), "is not a date or time"),
        (changed(resourceType="Task"), "is not a Consent"),
        (
            changed(extension=[{"url": consent.FACTS, "extension": [{"url": "signed", "valueString": "yes"}]}]),
            "needs valueBoolean",
        ),
    ],
)
def test_refuses(resource: Json, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        consent.from_fhir(resource, READING)


def test_a_foreign_authorization_states_nothing_that_it_does_not_say() -> None:
    foreign = {
        "resourceType": "Consent",
        "id": "c1",
        "status": "active",
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIPAAAuthCD"}]}
        ],
        "dateTime": "2026-02-03T10:00:00Z",
        "provision": {"type": "permit", "period": {"end": "2026-12-31"}, "data": [{"reference": {"reference": "A/1"}}]},
    }
    assert consent.from_fhir(foreign, Reading({})) == Authorization(
        signed_on=PartialDate("2026-02-03"), expiry="2026-12-31"
    )


@given(st.data(), st.sampled_from(("directive", "authorization", "part2_consent")))
@settings(max_examples=200, deadline=None)
def test_a_broken_one_is_read_or_refused_without_its_data(data: st.DataObject, paper: str) -> None:
    said = outcome(lambda r: consent.from_fhir(r, READING), data.draw(broken(written(paper=paper))))
    assert SECRET not in said


def test_real_ones_are_kept_as_they_came(shared: pathlib.Path) -> None:
    said = [outcome(lambda r: consent.from_fhir(r, Reading({})), item) for _, item in real(shared, "Consent")]
    assert len(said) >= 6
    assert [text for text in said if "is none of HIPAAROAD" not in text] == []
