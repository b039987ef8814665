"""What a workflow names: reasons, items, people, letters."""

import json
from pathlib import Path
from typing import Any

from adapter.config import Settings
from adapter.consent.reasons import grounds
from adapter.workflow.events import IN_RECORD
from adapter.workflow.papers import CODES
from mappings.fhir.wire import Json, dumps, loads
from mappings.terminology.tables import table
from tests import golden
from tests.adapter.workflow.made import OURS, bundle, of, task
from tests.workflows import ASKED, DENIED, LATER, STATES, exported, sent, settings, shown, small

# --- what it names


def test_each_reason_is_an_output_with_its_citation_and_its_item(tmp_path: Path) -> None:
    made = bundle(tmp_path, **DENIED)
    told = {one["type"]["coding"][0]["code"]: one for one in reversed(task(made)["output"])}
    assert told["ENDANGERMENT"]["type"]["text"] == "45 CFR 164.524(a)(3)(i)"
    assert told["ENDANGERMENT"]["valueReference"]["display"] == "report-original"
    assert told["DUE_30_DAYS"]["valueString"] == "The request has to be answered within 30 days of its receipt."


def test_every_reason_and_outcome_of_the_law_has_its_code() -> None:
    rows = {row.value: row for row in table("decision-reason").rows}
    assert set(rows) == set(grounds())
    assert [
        code for code, row in grounds().items() if rows[code].definition != f"{row.sentence} ({row.citation})"
    ] == []


def test_the_reasons_about_consents_are_reasons() -> None:
    assert IN_RECORD.union(*CODES.values()) <= set(grounds())


def test_what_goes_and_what_stays_of_the_bundle_that_was_released(tmp_path: Path) -> None:
    made = bundle(tmp_path, **DENIED)
    [remainder] = [one for one in of(made, "Provenance") if any(e["role"] == "removal" for e in one.get("entity", ()))]
    released = json.loads((tmp_path / "out" / "bundle.json").read_bytes())
    assert remainder["target"][0]["identifier"]["value"] == f"urn:uuid:{released['id']}"
    assert remainder["policy"][0] == "https://www.ecfr.gov/current/title-45/section-164.524#p-164.524(d)(1)"
    removed = {
        e["what"].get("display", e["what"]["identifier"]["value"])
        for e in remainder["entity"]
        if e["role"] == "removal"
    }
    assert {"report-original", "doc-peer-review"} <= removed


def test_nothing_dangles_and_no_record_is_copied(tmp_path: Path) -> None:
    made = bundle(tmp_path, **DENIED)
    here = {entry["fullUrl"] for entry in made["entry"]}
    assert {reference for reference in workflows_references(made) if reference not in here} == set()
    assert {entry["resource"]["resourceType"] for entry in made["entry"]} <= {
        "Patient", "Organization", "Practitioner", "PractitionerRole", "RelatedPerson", "Task", "Communication",
        "Consent", "DocumentReference", "Binary", "Provenance", "AuditEvent",
    }  # fmt: skip


def workflows_references(value: Any) -> set[str]:
    if isinstance(value, list):
        return {found for item in value for found in workflows_references(item)}
    if not isinstance(value, dict):
        return set()
    own = {value["reference"]} if isinstance(value.get("reference"), str) else set()
    return own | {found for item in value.values() for found in workflows_references(item)}


def test_ids_are_the_same_when_it_is_shown_again(tmp_path: Path) -> None:
    chosen, case = settings(tmp_path), small(tmp_path, **(ASKED | DENIED))
    exported(case, tmp_path, chosen)
    one, two = (shown(case, chosen, now).bundle for now in (golden.NOW, LATER))
    assert [entry["fullUrl"] for entry in one["entry"]] == [entry["fullUrl"] for entry in two["entry"]]
    assert dumps(shown(case, chosen, LATER).bundle) == dumps(two)


# --- letters


def test_a_letter_that_went_is_completed_and_one_that_is_due_in_preparation(tmp_path: Path) -> None:
    chosen, case = settings(tmp_path), small(tmp_path, **(ASKED | DENIED))
    exported(case, tmp_path, chosen)
    sent(case, "denial", chosen, LATER)
    made: Json = loads(dumps(shown(case, chosen, LATER).bundle))
    told = {one["category"][0]["coding"][0]["code"]: one for one in of(made, "Communication")}
    assert set(told) == {"denial", "acceptance", "redirect"}
    assert (told["denial"]["status"], told["denial"]["sent"]) == ("completed", str(LATER))
    assert told["denial"]["payload"][1]["contentReference"]["identifier"] == {
        "system": f"{OURS}sid/letter-sha256", "value": "0" * 64
    }  # fmt: skip
    assert (told["acceptance"]["status"], "sent" in told["acceptance"]) == ("preparation", False)
    assert told["denial"]["about"] == [{"reference": f"urn:uuid:{task(made)['id']}"}]
    assert told["denial"]["recipient"] == [{"reference": f"urn:uuid:{of(made, 'Patient')[0]['id']}"}]


def test_an_extension_that_the_case_says_was_sent(tmp_path: Path) -> None:
    made = bundle(tmp_path, **STATES["extended"])
    [one] = [c for c in of(made, "Communication") if c["category"][0]["coding"][0]["code"] == "extension"]
    assert (one["status"], one["sent"]) == ("completed", "2026-02-01")
    assert task(made)["restriction"]["period"]["end"] == "2026-03-10"


def test_a_letter_that_lacks_an_element_is_told_and_not_made_up(tmp_path: Path) -> None:
    bare = Settings(ledger=f"sqlite:///{tmp_path}/ledger.sqlite3")
    made = shown(small(tmp_path, **(ASKED | DENIED)), bare)
    assert {str(found.where) for found in made.problems} >= {"second-opinion.toml $.office.phone"}
    assert {found.severity for found in made.problems} == {"warning"}
    [denial] = [c for c in of(made.bundle, "Communication") if c["category"][0]["coding"][0]["code"] == "denial"]
    assert (denial["status"], len(denial["payload"])) == ("preparation", 1)
