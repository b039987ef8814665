"""A fact that is missing says where to say it: every fact that a rule asks for has its row, and every place exists."""

import re
import typing

import msgspec
import pytest

from adapter.config import Office
from adapter.consent.foreign import rules
from adapter.consent.reasons import wanted
from adapter.standing import Standing
from mappings.domain.access import Access
from mappings.domain.case import Material
from tests.adapter.consent.given import ACCESS, FAMILY, FAMILY_OF_THE_DEAD, PAYMENT, REPORT, Request, decided, without

PARENT = ACCESS | {"requester": "parent", "recipient": "parent", "authority_verified": True}
MINOR = {"patient": {"unemancipated_minor": True}}
HARM = [{"ground": "substantial_harm_to_referenced_person", "by_licensed_professional": True}]


@pytest.mark.parametrize(
    ("request_", "changed", "fact"),
    [
        (PAYMENT, {"scope": None}, "scope"),
        (ACCESS, {"request_form": "oral"}, "written_required"),
        (ACCESS, {"request_form": "oral", "written_required": True}, "informed_of_written_rule"),
        (ACCESS, {"holder_tz": None}, "holder_tz"),
        (PARENT, {}, "patient.unemancipated_minor"),
        (PARENT, MINOR, "minor.state_law"),
        (PARENT, MINOR | {"minor": {"state_law": "silent"}}, "minor.consented_alone"),
        (FAMILY, {"family": {}}, "family.involved_in_care"),
        (FAMILY, {"family": {"involved_in_care": True}}, "family.individual_agreed"),
        (FAMILY_OF_THE_DEAD, {"family": {}}, "family.involved_before_death"),
        (FAMILY_OF_THE_DEAD, {"family": {}}, "family.contrary_preference_known"),
        (ACCESS, {"determinations": HARM}, "names_other_person"),
        (ACCESS, {"materials": [REPORT | {"research": {}}]}, "research"),
        (ACCESS, {"materials": [REPORT | {"source": {}}]}, "source"),
        (ACCESS, {"materials": [REPORT | {"privacy_act_denial_ok": True}]}, "federal_privacy_act"),
        (ACCESS, {"determinations": [{"ground": "inmate_jeopardy"}], "patient": {"inmate": True}}, "holder"),
    ],
)
def test_the_next_step_of_a_missing_fact_is_where_to_say_it(request_: Request, changed: Request, fact: str) -> None:
    reasons = [reason for reason in decided(request_, **changed).reasons if reason.fact == fact]
    assert reasons
    assert {reason.next_step for reason in reasons} == {wanted()[fact]}


def test_a_denial_without_a_contact_says_which_setting_is_missing() -> None:
    request = without(ACCESS, "materials") | {"materials": [REPORT | {"kind": "psychotherapy_notes"}]}
    decision = decided(request, holder={"privacy_contact": {"title": " ", "phone": None}})
    steps = {reason.fact: reason.next_step for reason in decision.reasons if reason.fact}
    assert "`office`" in steps["holder.privacy_contact.title"]
    assert "`office`" in steps["holder.privacy_contact.phone"]


def _places(text: str) -> list[str]:
    return re.findall(r"`(access\.[a-z0-9_]+|in_law\.[a-z_]+)`", text)


def test_every_place_that_is_named_exists() -> None:
    in_law = typing.get_type_hints(Material)["in_law"].__args__[0]
    fields = {f"access.{name}" for name in Access.__struct_fields__}
    fields |= {f"in_law.{field.name}" for field in msgspec.structs.fields(in_law)}
    named = {place for fact, text in wanted().items() if not fact.startswith("carried") for place in _places(text)}
    assert named <= fields
    assert {"access.minimum_necessary", "access.involvement", "access.minor", "in_law.research"} <= named
    assert {"title", "name", "phone"} <= set(Office.__struct_fields__)
    assert "federal_privacy_act" in Standing.__struct_fields__
    assert {f"carried_consents.{rule}" for rule in rules()} <= wanted().keys()
