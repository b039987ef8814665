"""Every refusal in full: the kind of fault, where it is, what it is and what to do, and the rule; never a value."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapter.consent.facts import facts_from, read_facts
from adapter.consent.foreign_search import recheck
from adapter.consent.policy import policies_from, policies_of, policy_for
from adapter.consent.tables import toml, toml_of
from mappings.problems import Problem, ProblemError
from tests.adapter.consent.foreign_given import consent
from tests.adapter.consent.test_foreign_search import PERMIT, WANTED, answer

FIRST: dict[str, Any] = toml("policy.toml")["policy"][0]
Said = tuple[str, str, str, str]


def refused(call: Callable[[], object]) -> list[Said]:
    """(code, where, message, rule) of each problem with which a call is refused."""
    with pytest.raises(ProblemError) as caught:
        call()
    return [in_full(one) for one in caught.value.problems]


def in_full(one: Problem) -> Said:
    """(code, where, message, rule)."""
    return (one.code, one.where, one.message, one.rule or "")


@pytest.mark.parametrize(
    ("data", "code", "where", "message"),
    [
        (
            b'{"identity_verifed": true}',
            "structure",
            "$",
            "has a field that facts do not have; the nearest field is `identity_verified`; correct or remove it",
        ),
        (b'{"qqqq": true}', "structure", "$", "has a field that facts do not have; correct or remove it"),
        (b'{"created_on": "soon"}', "value", "$.created_on", "is not a date; write YYYY-MM-DD"),
        (b'{"identity_verified": "yes"}', "structure", "$.identity_verified", "must be true or false"),
        (b'{"materials": [{}]}', "structure", "$.materials[0]", "object missing required field `id`; add it"),
        (
            b'{"fees": [{"item": "postage", "amount": "much"}]}',
            "value",
            "$.fees[0].amount",
            "does not hold what this field takes; see the schema of the facts",
        ),
        (
            b'{"materials": [{"id": " "}]}',
            "required",
            "$.materials[0].id",
            "is empty; give each material an id",
        ),
        (
            b'{"materials": [{"id": "a"}, {"id": "a"}]}',
            "duplicate",
            "$.materials[1].id",
            "repeats the id of an earlier material; ids are unique",
        ),
        (
            b'{"as_of": "soon"}',
            "value",
            "$.as_of",
            "is neither a date (YYYY-MM-DD) nor a date-time with offset (YYYY-MM-DDThh:mm:ss+hh:mm)",
        ),
        (
            b'{"received_at": "0999-12-31"}',
            "value",
            "$.received_at",
            "lies outside the years 1000 to 9000, in which terms can be counted; correct the year",
        ),
    ],
)
def test_of_facts(data: bytes, code: str, where: str, message: str) -> None:
    assert refused(lambda: read_facts(data)) == [(code, where, message, "consent.facts")]


@pytest.mark.parametrize("day", ["1000-01-01", "9000-12-31"])
def test_the_first_and_the_last_year_are_within(day: str) -> None:
    assert facts_from({"received_at": day}).received_at == day


def test_of_a_table_of_policies_that_cannot_be_read(tmp_path: Path) -> None:
    assert refused(lambda: toml_of(tmp_path / "own.toml")) == [
        ("not-found", "own.toml", "cannot be read; name the file that exists", "consent.policy")
    ]


@pytest.mark.parametrize("content", [b"= 3", b"\xff\xfe"])
def test_of_a_table_that_is_no_toml(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "own.toml").write_bytes(content)
    assert refused(lambda: toml_of(tmp_path / "own.toml")) == [
        ("structure", "own.toml", "is not TOML; mend the file", "consent.policy")
    ]


@pytest.mark.parametrize("rows", [[], [FIRST, FIRST]])
def test_of_policies_of_no_day_or_two_of_one(rows: list[dict[str, Any]]) -> None:
    assert refused(lambda: policies_from({"policy": rows})) == [
        ("invalid", "policy", "needs one table for each day of effect, and at least one", "consent.policy")
    ]


def test_of_a_table_without_policies() -> None:
    assert refused(lambda: policies_from({})) == [
        ("invalid", "policy", "needs one table for each day of effect, and at least one", "consent.policy")
    ]


def test_of_a_switch_of_another_type_by_its_place() -> None:
    later = {"effective_from": dt.date(2099, 1, 1), "access_days": "thirty"}
    said = "Expected `int`, got `str` - at `$.access_days`; correct the table"
    assert refused(lambda: policies_from({"policy": [later, FIRST]})) == [
        ("structure", "policy[1]", said, "consent.policy")
    ]


def test_of_a_switch_in_a_deployment_s_own_table_by_its_file(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[[policy]]\neffective_from = 2026-01-01\naccess_days = "thirty"\n', encoding="utf-8")
    said = "Expected `int`, got `str` - at `$.access_days`; correct the table"
    assert refused(lambda: policies_of(own)) == [("structure", "own.toml", said, "consent.policy")]


@pytest.mark.parametrize(
    "content",
    ["", "[[other]]\n", "[[policy]]\naccess_days = 15\n", "policy = 3\n", '[[policy]]\neffective_from = "x"\n'],
)
def test_of_a_deployment_s_own_table(tmp_path: Path, content: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(content, encoding="utf-8")
    message = "holds [[policy]] tables and nothing else, each with its day: effective_from = 2026-01-01"
    assert refused(lambda: policies_of(own)) == [("structure", "own.toml", message, "consent.policy")]


def test_of_a_day_before_the_first_policy() -> None:
    message = "lies before the first policy; no rules are kept for it"
    assert refused(lambda: policy_for(dt.date(1999, 1, 1))) == [("not-supported", "as_of", message, "consent.policy")]


@pytest.mark.parametrize(
    ("given", "severity", "code", "where", "message"),
    [
        (answer(PERMIT, type="collection"), "error", "structure", "Bundle", "is no searchset; ask the server again"),
        (
            answer(PERMIT, link=[{"relation": "next"}]),
            "error",
            "incomplete",
            "Bundle.link",
            "there are more pages; follow them all",
        ),
        (
            answer(None),
            "error",
            "incomplete",
            "Bundle.entry[0].resource",
            "the server did not answer in full; ask it again",
        ),
        (
            answer(consent({"type": "permit"}, patient=None)),
            "error",
            "not-supported",
            "Bundle.entry[0].resource.patient",
            "does not say whose it is in a way that can be compared; have the patient's reference corrected",
        ),
        (
            answer(consent({"type": "permit"}, patient={"reference": "Patient/q"})),
            "error",
            "security",
            "Bundle.entry[0].resource.patient",
            "is about another patient than was asked for; it is not used",
        ),
        (
            answer(consent({"type": "permit"}, status="inactive")),
            "information",
            "informational",
            "Bundle.entry[0].resource.status",
            "has another status than was asked for",
        ),
        (
            answer(consent({"type": "permit"}, category=[{"coding": [{"system": "urn:x", "code": "y"}]}])),
            "information",
            "informational",
            "Bundle.entry[0].resource.category",
            "has another category than was asked for",
        ),
        (
            answer(consent({"type": "permit", "period": {"end": "2026-03-15"}})),
            "information",
            "informational",
            "Bundle.entry[0].resource.provision.period",
            "is not in force at the time that was asked for",
        ),
    ],
)
def test_of_a_server_s_answer(given: dict[str, Any], severity: str, code: str, where: str, message: str) -> None:
    found = [(one.severity, in_full(one)) for one in recheck(given, WANTED).problems]
    assert found == [(severity, (code, where, message, "consent.search"))]


def test_what_a_server_kept_back_is_said_as_a_no() -> None:
    paged = answer(PERMIT, link=[{"relation": "next"}])
    assert recheck(paged, WANTED).complete is False
    assert recheck(answer(None), WANTED).complete is False
    assert recheck({"resourceType": "Bundle", "type": "searchset", "entry": "all"}, WANTED).complete is False


@pytest.mark.parametrize("entries", [3, "all", {"resource": PERMIT, "fullUrl": "urn:x"}, None])
def test_entries_of_another_shape_are_one_fault_and_no_crash(entries: object) -> None:
    found = recheck({"resourceType": "Bundle", "type": "searchset", "entry": entries}, WANTED)
    assert [one.where for one in found.problems] == ["Bundle.entry[0].resource"]
