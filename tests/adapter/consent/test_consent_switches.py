"""Every reading of a Consent that came as FHIR has a switch, and a record that comes out otherwise when turned."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapter.consent.case_facts import facts_of
from adapter.consent.decide import decide
from adapter.consent.foreign_readings import SHIPPED, Readings, readings_of
from adapter.consent.policy import Policy, load_policy
from adapter.sources.case_file import load_case
from mappings.identity import DEFAULT_NAMESPACE
from tests.adapter.consent.foreign_given import ACT, CONFIDENTIALITY, Json, actor, concept, consent
from tests.adapter.consent.test_foreign_case import BOTH, ON_SECOND, URL
from tests.small_case import CASE, case, write

NUMBER = [{"system": "https://ehr.example/sid/consent", "value": "C-1"}]
SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
SECOND = {"type": "deny", "data": ON_SECOND}
ALL = {"type": "permit"}
PAPER: Json = {
    "description": "all", "discloser": "Holder Hospital (synthetic)", "recipient": "Review Center (synthetic)",
    "purpose": "expert review", "expiry": "2026-12-31", "signed": True, "signed_on": "2026-01-05", "signer": "patient",
    "statement_revocation": True, "statement_conditioning": True, "statement_redisclosure": True,
    "document": "Consent/consent-0",
}  # fmt: skip
ON_PAPER: Json = {"requester": "attorney", "recipient": "attorney", "purpose": "other", "authorization": PAPER}
RESTRICTED = [{"system": CONFIDENTIALITY, "code": "R"}]
NAMED = {"type": "deny", "data": ON_SECOND, "actor": [actor("Organization/center")]}
# switch, the Consents of the record, the access, and (outcome, reports that go) as shipped and turned
Row = tuple[str, list[Json], Json, tuple[str, set[str]], tuple[str, set[str]]]
TWO = {"report", "second"}
PART = ("permit_with_exclusions", {"report"})
WHOLE = ("permit_with_exclusions", TWO)  # the Consents themselves stay
OPEN: tuple[str, set[str]] = ("pend", set())
ROWS: tuple[Row, ...] = (
    ("consent_root_falls_back", [consent({"data": ON_SECOND}, policyRule=concept(ACT, "OPTIN"))], {}, WHOLE, OPEN),
    ("consent_unagreed_denial_waits", [consent(SECOND, status="proposed")], {}, OPEN, WHOLE),
    (
        "consent_denial_beats_later_permit",
        [consent(SECOND), consent(ALL, dateTime="2026-02-05")],
        {},
        PART,
        WHOLE,
    ),
    (
        "consent_later_replaces_same_number",
        [consent(SECOND, identifier=NUMBER), consent(ALL, identifier=NUMBER, dateTime="2026-02-05")],
        {},
        WHOLE,
        PART,
    ),
    (
        "consent_denying_exception_wins",
        [consent({"type": "permit", "provision": [SECOND, {"type": "permit", "data": ON_SECOND}]})],
        {},
        PART,
        OPEN,
    ),
    (
        "consent_opt_out_denies_the_rest",
        [consent({"type": "deny", "data": ON_SECOND}, policyRule=concept(ACT, "OPTOUT"))],
        {},
        OPEN,
        PART,
    ),
    (
        "consent_day_is_local",
        [consent(SECOND | {"period": {"end": "2026-03-15"}})],
        {"holder_tz": "America/New_York"},
        PART,
        WHOLE,
    ),
    (
        "consent_confidentiality_is_ladder",
        [consent({"type": "deny", "securityLabel": RESTRICTED})],
        {},
        PART,
        WHOLE,
    ),
    ("consent_equal_name_is_same", [consent(NAMED)], {}, PART, OPEN),
    (
        "consent_to_care_is_silent",
        [consent(scope=concept(SCOPE, "treatment"), category=[concept("http://loinc.org", "59284-0")], policy=None)],
        {},
        ("permit", TWO),
        OPEN,
    ),
    ("consent_needs_signed_paper", [consent(ALL, sourceReference=None)], ON_PAPER, OPEN, WHOLE),
    ("consent_unverified_carries_nothing", [consent(ALL, verification=[{"verified": False}])], ON_PAPER, OPEN, WHOLE),
)
VERY: Json = {"security": [{"system": CONFIDENTIALITY, "code": "V"}]}


def _comes_to(folder: Path, row: Row, policy: Policy) -> tuple[str, set[str]]:
    name, consents, access, _, _ = row
    files: dict[str, Any] = {f"fhir/consent-{n}.json": one | {"id": f"consent-{n}"} for n, one in enumerate(consents)}
    if name == "consent_confidentiality_is_ladder":
        files["fhir/second.json"] = BOTH["fhir/second.json"] | {"meta": VERY}
    folder = write(folder, BOTH | files, case(access=CASE["access"] | access))
    loaded = load_case(folder, DEFAULT_NAMESPACE)
    made = decide(facts_of(loaded, "2026-03-16T02:00:00Z", policy=policy), policy)
    return made.outcome, {name.removeprefix(URL) for name in made.released if name.startswith(URL)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_record_comes_out_otherwise_when_the_switch_is_turned(row: Row, tmp_path: Path) -> None:
    policy = load_policy()[-1]
    turned = msgspec.structs.replace(policy, **{row[0]: False})
    assert getattr(policy, row[0]) is True
    assert _comes_to(tmp_path / "shipped", row, policy) == row[3]
    assert _comes_to(tmp_path / "turned", row, turned) == row[4]


def test_every_reading_of_a_consent_has_its_record() -> None:
    assert [row[0] for row in ROWS] == list(Readings.__struct_fields__)
    assert [row[0] for row in ROWS if row[3] == row[4]] == []


def test_what_holds_without_a_policy_is_what_is_shipped() -> None:
    assert all(readings_of(policy) == SHIPPED for policy in load_policy())
