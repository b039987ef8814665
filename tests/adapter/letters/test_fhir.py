"""A letter as FHIR: valid, claims what it satisfies, tells a recipient nothing of the request."""

import base64
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapter.claims import families
from adapter.cli.letter import occasion_of
from adapter.config import Settings
from adapter.letters import Kind, Occasion, letter
from adapter.letters.fhir import as_fhir
from adapter.letters.html import as_html
from adapter.pipeline import check_case
from adapter.validation import validate_bundle
from mappings.domain.values import Moment
from mappings.fhir.wire import loads
from mappings.identity import DEFAULT_NAMESPACE
from tests import golden, workflows
from tests.adapter.letters.made import DAUGHTER, DISCLOSURE, ENDANGERS, NOTES, ON, denied, occasion
from tests.adapter.letters.test_asked import SUD
from tests.adapter.letters.test_granted import ELSEWHERE, REVIEW, SOON
from tests.adapter.letters.test_records import LINE, PART2, counted
from tests.adapter.letters.test_rights import EARLY, LATER, suspended
from tests.small_case import delivered

NOTICE = "https://w3id.org/second-opinion/fhir/StructureDefinition/second-opinion-notice"
REQUEST = "https://w3id.org/second-opinion/fhir/StructureDefinition/second-opinion-access-request"
ALONE = {
    "system": "https://w3id.org/second-opinion/fhir/CodeSystem/record-label",
    "code": "addressee-only",
    "display": "For its addressee alone",
}
LETTERS: dict[Kind, Occasion] = {
    "acknowledgement": occasion(access=DISCLOSURE),
    "acceptance": occasion(),
    "request-for-information": occasion(access={"identity_verified": None}),
    "consent-request": occasion(access=DISCLOSURE, materials=(NOTES,)),
    "extension": occasion(access={"extensions": [SOON]}),
    "denial": denied(access=DAUGHTER | {"determinations": [ENDANGERS]}),
    "review-outcome": denied(access={"review": REVIEW}),
    "redirect": occasion(materials=(ELSEWHERE,)),
    "fee-notice": occasion(access={"fees": [{"item": "postage", "amount": 1}]}),
    "part2-statement": occasion(access=PART2, materials=(SUD,)),
    "accounting": counted(LINE),
    "amendment-acceptance": occasion(amends={"accurate_and_complete": False, "amended": "We added a note."}),
    "amendment-denial": occasion(amends={}),
    "amendment-extension": occasion(amends={"extensions": [LATER]}, on=EARLY),
    "accounting-extension": occasion(counts={"extensions": [LATER]}, on=EARLY),
    "accounting-fee-notice": occasion(counts={"earlier_on": "2025-06-01", "fees": [{"item": "postage", "amount": 1}]}),
    "accounting-suspension": suspended(),
}


def written(kind: Kind, on: Occasion) -> bytes:
    return as_fhir(letter(kind, on), on, Moment(ON), DEFAULT_NAMESPACE, families(Settings()))


def resources(kind: Kind) -> dict[str, Any]:
    made = json.loads(written(kind, LETTERS[kind]))
    return {entry["resource"]["resourceType"]: entry["resource"] for entry in made["entry"]}


@pytest.mark.parametrize("kind", LETTERS)
def test_every_letter_is_valid_and_a_notice(kind: Kind) -> None:
    data = written(kind, LETTERS[kind])
    assert [found for found in validate_bundle(loads(data)) if found.stops] == []
    assert resources(kind)["Communication"]["meta"]["profile"] == [NOTICE]


@pytest.mark.parametrize("kind", LETTERS)
def test_all_but_who_takes_part_is_labelled_for_the_addressee_alone(kind: Kind) -> None:
    made = json.loads(written(kind, LETTERS[kind]))
    who = {"Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Organization"}
    own = [entry["resource"] for entry in made["entry"] if entry["resource"]["resourceType"] not in who]
    assert {"Communication", "DocumentReference", "Binary"} <= {one["resourceType"] for one in own}
    assert [one["resourceType"] for one in (made, *own) if ALONE not in one["meta"]["security"]] == []


def test_a_letter_that_comes_to_lie_in_a_case_folder_stays(tmp_path: Path) -> None:
    chosen = workflows.settings(tmp_path)
    case = workflows.small(tmp_path, **(workflows.ASKED | workflows.DENIED))
    on = occasion_of(check_case(case, chosen, golden.NOW), chosen, golden.NOW)
    elsewhere = UUID("6f6d0000-0000-4000-8000-000000000001")  # a server gives ids of its own too
    (case / "letter.json").write_bytes(as_fhir(letter("denial", on), on, golden.NOW, elsewhere, families(chosen)))
    items = check_case(case, chosen, golden.NOW).facts.materials
    assert [item.kind for item in items].count("administrative_record") == 6  # the label of the Bundle binds all
    workflows.exported(case, tmp_path, chosen)
    gone = b"\0".join(delivered(tmp_path / "out").values()).decode("utf-8", "replace")
    words = ("second-opinion-notice", "denial_letter", "addressee-only", "access-pathway", "endanger")
    assert (len(gone) > 1000, [word for word in words if word in gone]) == (True, [])


@pytest.mark.parametrize("kind", LETTERS)
def test_the_letter_itself_is_in_it(kind: Kind) -> None:
    found = resources(kind)
    assert base64.b64decode(found["Binary"]["data"]) == as_html(letter(kind, LETTERS[kind]))
    attachment = found["DocumentReference"]["content"][0]["attachment"]
    assert attachment["contentType"] == "text/html"
    assert attachment["url"] == f"urn:uuid:{found['Binary']['id']}"
    payload = found["Communication"]["payload"]
    assert payload[1] == {"contentReference": {"reference": f"urn:uuid:{found['DocumentReference']['id']}"}}


def test_a_denial_names_kind_request_and_recipient() -> None:
    found = resources("denial")
    notice = found["Communication"]
    assert notice["category"][0]["coding"][0]["code"] == "denial"
    assert notice["status"] == "preparation"
    assert notice["about"] == [{"reference": f"urn:uuid:{found['Task']['id']}"}]
    assert notice["recipient"] == [{"reference": f"urn:uuid:{found['RelatedPerson']['id']}"}]
    assert found["Task"]["meta"]["profile"] == [REQUEST]
    assert found["Task"]["restriction"]["period"] == {"start": "2026-03-02", "end": "2026-04-01"}
    assert found["DocumentReference"]["type"]["extension"][0]["valueCode"] == "denial_letter"


@pytest.mark.parametrize("kind", ["acknowledgement", "consent-request", "part2-statement"])
def test_of_a_disclosure_there_is_no_request_in_it(kind: Kind) -> None:
    assert "Task" not in resources(kind)


def test_a_recipient_is_told_the_same_with_and_without_what_stays() -> None:
    plain = occasion(access=PART2, materials=(SUD,))
    assert written("part2-statement", plain) == written(
        "part2-statement", occasion(access=PART2, materials=(SUD, NOTES))
    )


def test_the_kinds_are_those_of_the_table() -> None:
    codes = {kind: resources(kind)["Communication"]["category"][0]["coding"][0]["code"] for kind in LETTERS}
    assert codes == {kind: kind for kind in LETTERS} | {
        "consent-request": "request-for-information", "accounting-fee-notice": "fee-notice"
    }  # fmt: skip


def test_same_letter_same_bytes_and_other_days_other_ids() -> None:
    assert written("denial", LETTERS["denial"]) == written("denial", LETTERS["denial"])
    later = denied(access=DAUGHTER | {"determinations": [ENDANGERS]}, on="2026-03-11T09:00:00-05:00")
    first = json.loads(written("denial", LETTERS["denial"]))["id"]
    assert json.loads(written("denial", later))["id"] != first


def test_what_the_ledger_knows_to_be_sent_is_completed() -> None:
    kind: Kind = "denial"
    on = LETTERS[kind]
    made = as_fhir(letter(kind, on), on, Moment(ON), DEFAULT_NAMESPACE, families(Settings()), Moment(ON))
    [told] = [e["resource"] for e in json.loads(made)["entry"] if e["resource"]["resourceType"] == "Communication"]
    assert (told["status"], told["sent"], told["meta"]["profile"]) == ("completed", ON, [NOTICE])
    assert [found for found in validate_bundle(loads(made)) if found.stops] == []


@pytest.mark.parametrize("kind", ["amendment-denial", "accounting-extension"])
def test_an_amendment_or_accounting_names_its_request_and_clock_and_not_the_one_for_access(kind: Kind) -> None:
    found = resources(kind)
    assert found["Communication"]["about"] == [{"reference": f"urn:uuid:{found['Task']['id']}"}]
    assert found["Task"]["restriction"]["period"] == {"start": "2026-01-10", "end": "2026-03-11"}
    assert "45 CFR 164.52" in found["Task"]["code"]["text"]
    assert "profile" not in found["Task"]["meta"]


def test_an_agency_is_told_of_no_request() -> None:
    found = json.loads(written("accounting-suspension", LETTERS["accounting-suspension"]))["entry"]
    kinds = [entry["resource"]["resourceType"] for entry in found]
    assert ("Task" in kinds, kinds.count("Organization")) == (False, 2)
    told = {entry["resource"]["resourceType"]: entry["resource"] for entry in found}
    agency = next(e for e in found if e["resource"].get("name") == "Test Agency (synthetic)")
    assert told["Communication"]["recipient"] == [{"reference": agency["fullUrl"]}]
