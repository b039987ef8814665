"""The papers as Consents, the decisions and disclosures as AuditEvents."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapter.ledger.store import Ledger
from mappings.domain.values import Moment
from mappings.fhir.wire import Json, dumps, loads
from tests import golden, small_case
from tests.adapter.workflow.made import BALP, FAST, OURS, PCF, bundle, claims, events, of
from tests.workflows import ASKED, DENYING, LATER, NOTES, exported, sent, settings, shown, small

# --- papers and audit


@pytest.mark.parametrize(
    ("shape", "consent", "event"),
    [
        ("pcf", [f"{PCF}Intermediate", f"{OURS}StructureDefinition/second-opinion-consent-pcf"], []),
        (
            "fast",
            [f"{FAST}Consent", f"{OURS}StructureDefinition/second-opinion-consent-fast"],
            [f"{FAST}ConsentAuditEvent"],
        ),
    ],
)
@pytest.mark.parametrize("scenario", ["authorization", "cord-compression", "patient-directive"])
def test_a_decision_by_consent_claims_what_balp_and_the_shape_want(
    scenario: str, shape: str, consent: list[str], event: list[str], tmp_path: Path
) -> None:
    chosen, case = settings(tmp_path, consent_shape=shape), golden.source(scenario, tmp_path)
    exported(case, tmp_path, chosen)
    made: Json = loads(dumps(shown(case, chosen, LATER).bundle))
    assert [claims(one) for one in of(made, "Consent")] == [consent]
    [gate] = events(made, "AuthZ-Consent")
    assert claims(gate) == [f"{BALP}AuthZconsent", *event]
    assert (gate["recorded"], gate["outcome"]) == (str(golden.NOW), "0")
    [named] = [one for one in gate["entity"] if one["type"]["code"] == "Consent"]
    assert named["what"]["reference"] == f"urn:uuid:{of(made, 'Consent')[0]['id']}"
    assert [claims(one)[0] for one in events(made, "disclose")] == [f"{BALP}PrivacyDisclosure.Source"]


def test_a_revoked_authorization_is_a_decision_by_consent_that_refuses(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    case = golden.source("authorization", tmp_path)
    held = json.loads((case / "case.json").read_text("utf-8"))
    held["access"]["authorization"]["revoked_in_writing_on"] = "2026-03-01"
    (case / "case.json").write_text(json.dumps(held), "utf-8")
    exported(case, tmp_path, chosen)
    made: Json = loads(dumps(shown(case, chosen, LATER).bundle))
    [gate] = events(made, "AuthZ-Consent")
    assert (gate["outcome"], claims(gate)) == ("4", [f"{BALP}AuthZconsent"])
    assert {"type": "AUTH_REVOKED", "valueString": "45 CFR 164.508(b)(2)(iii)"} in gate["entity"][1]["detail"]
    assert of(made, "Consent")[0]["status"] == "inactive"
    assert events(made, "disclose") == []


def test_a_consent_of_the_record_that_denies_is_what_the_decision_rests_on(tmp_path: Path) -> None:
    files = {"fhir/p.json": small_case.PATIENT, "fhir/r.json": small_case.REPORT, "fhir/c.json": DENYING}
    place, chosen = small_case.write(tmp_path / "case", files), settings(tmp_path)
    exported(place, tmp_path, chosen)
    made: Json = loads(dumps(shown(place, chosen, LATER).bundle))
    [gate] = events(made, "AuthZ-Consent")
    assert gate["outcome"] == "4"
    assert gate["entity"][1]["what"]["identifier"]["value"] == f"{small_case.BASE}/Consent/no"
    assert gate["entity"][1]["detail"][0]["type"] == "CONSENT_DENIES"
    assert claims(gate) == [f"{BALP}AuthZconsent"]


def test_a_decision_without_a_consent_says_so_and_claims_nothing_of_balp(tmp_path: Path) -> None:
    made = bundle(tmp_path)
    [gate] = events(made, "AuthZ-Role")
    assert claims(gate) == []
    assert [one["type"]["code"] for one in gate["entity"]] == ["1"]


def test_each_decision_on_record_is_one_event_and_one_provenance(tmp_path: Path) -> None:
    chosen, case = settings(tmp_path), small(tmp_path, **ASKED)
    assert len(events(shown(case, chosen).bundle, "AuthZ-Role")) == 1, "none is on record: the one made now"
    exported(case, tmp_path, chosen, golden.NOW)
    sent(case, "acceptance", chosen, LATER)
    made = shown(case, chosen, Moment("2026-04-01T10:00:00-04:00")).bundle
    assert [one["recorded"] for one in events(made, "AuthZ-Role")] == [str(golden.NOW), str(LATER)]
    ledger = Ledger(chosen.ledger)
    decided = len(ledger.rows("decision"))
    ledger.close()
    assert decided == 2, "to show a request is no decision"


def test_of_another_case_in_the_same_ledger_there_is_nothing(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    exported(golden.source("soft-tissue-sarcoma", tmp_path), tmp_path, chosen)
    made = shown(small(tmp_path, **ASKED), chosen).bundle
    assert events(made, "disclose") == []
    assert "SYN-2025-0001" not in dumps(made).decode()


@pytest.mark.parametrize(("change", "codes"), [({}, "0"), ({"expiry": "2026-03-02"}, "0")], ids=["valid", "expired"])
def test_an_authorization_that_stands_apart_is_a_consent_of_its_own(
    change: dict[str, Any], codes: str, tmp_path: Path
) -> None:
    case = small_case.case()
    case["access"]["psychotherapy_authorization"] = NOTES | change
    files = {"fhir/p.json": small_case.PATIENT, "fhir/r.json": small_case.REPORT, "fhir/n.json": small_case.NOTE}
    place, chosen = small_case.write(tmp_path / "case", files, case), settings(tmp_path)
    exported(place, tmp_path, chosen)
    made: Json = loads(dumps(shown(place, chosen, LATER).bundle))
    [paper] = of(made, "Consent")
    [gate] = events(made, "AuthZ-Consent")
    assert (gate["outcome"], gate["entity"][1]["what"]) == (codes, {"reference": f"urn:uuid:{paper['id']}"})
    assert paper["category"][0]["coding"][0]["code"] == "HIPAAAuthCD"
    assert claims(gate) == [f"{BALP}AuthZconsent"]
