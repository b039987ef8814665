"""Facts are read strictly, and no message prints what was read."""

from decimal import Decimal

import pytest

from adapter.consent.decide import decide
from adapter.consent.facts import Facts, facts_from, holder_use, read_facts
from adapter.consent.groups import Material
from mappings.problems import ProblemError
from tests.adapter.consent.given import policy

SECRET = "Zebulon"


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b'{"identity_verified": "Zebulon"}', "$.identity_verified"),
        (b'{"materials": [{"id": "m", "held": "Zebulon"}]}', "$.materials[0].held"),
        (b'{"materials": [{"id": "m", "Zebulon": true}]}', "$.materials[0]"),
        (b'{"Zebulon": 1}', "$"),
        (b'{"created_on": "Zebulon"}', "$.created_on"),
        (b'{"received_at": "Zebulon"}', "$.received_at"),
        (b'{"as_of": "2026-13-01"}', "$.as_of"),
        (b'{"as_of": "9999-12-31T23:59:59-14:00"}', "$.as_of"),
        (b'{"received_at": "9999-12-20T00:00:00Z", "holder_tz": "America/New_York"}', "$.received_at"),
        (b'{"received_at": "0001-01-01T00:00:00+14:00", "holder_tz": "America/New_York"}', "$.received_at"),
        (b'{"pathway": "retention", "created_on": "9999-01-01"}', "$.created_on"),
        (b'{"pathway": "retention", "last_in_effect_on": "9999-01-01"}', "$.last_in_effect_on"),
        (b'{"pathway": "disclosure", "patient": {"deceased_on": "9999-01-01"}}', "$.patient.deceased_on"),
        (b'{"fees": [{"item": "x", "amount": "Zebulon"}]}', "$.fees[0].amount"),
        (b'{"state_rules": {"Zebulon": 3}}', "$.state_rules[...]"),
        (b'{"materials": [{"id": "Zebulon"}, {"id": "Zebulon"}]}', "$.materials[1].id"),
        (b'{"materials": [{"id": " "}]}', "$.materials[0].id"),
        (b'{"materials": [{"kind": "Zebulon"}]}', "$.materials[0]"),
        (b'["Zebulon"]', "$"),
        (b'{"pathway": "Zebulon", "pathway": "access"}', "line 1 column 24"),
        (b'{"pathway": Zebulon}', "line 1 column 13"),
    ],
)
def test_what_facts_do_not_have_is_refused_by_its_place(data: bytes, where: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read_facts(data)
    assert [problem.where for problem in caught.value.problems] == [where]
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"identity_verified": "Zebulon"}', "error: $.identity_verified: must be true or false [consent.facts]"),
        (b'{"materials": {}}', "error: $.materials: must be a list [consent.facts]"),
        (b'{"materials": [{"id": 3}]}', "error: $.materials[0].id: must be a text [consent.facts]"),
        (b'{"materials": [{}]}', "error: $.materials[0]: object missing required field `id`; add it [consent.facts]"),
        (b'["Zebulon"]', "error: $: must be an object [consent.facts]"),
    ],
)
def test_a_wrong_type_is_said_in_plain_words(data: bytes, said: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read_facts(data)
    assert [str(problem) for problem in caught.value.problems] == [said]


def test_a_misspelt_field_is_told_its_neighbour() -> None:
    with pytest.raises(ProblemError, match="the nearest field is `identity_verified`"):
        facts_from({"identity_verifed": True})


def test_absent_means_unknown_but_held() -> None:
    facts = facts_from({"materials": [{"id": "m"}]})
    assert facts.identity_verified is None
    assert facts.materials[0].in_drs is None
    assert facts.materials[0].held is True


def test_amounts_are_exact() -> None:
    assert read_facts(b'{"fees": [{"item": "copy_labor", "amount": 6.10}]}').fees[0].amount == Decimal("6.10")


def test_nothing_known_is_a_pend() -> None:
    assert decide(Facts(), policy()).outcome == "pend"


def test_the_facts_of_a_use_are_permitted() -> None:
    decision = decide(holder_use((Material(id="m", kind="clinical_record"),)), policy())
    assert (decision.outcome, decision.released) == ("permit", ("m",))
