"""What is left of a carried resource when what it points to stays behind: no claim that it no longer satisfies."""

import datetime as dt
from pathlib import Path
from typing import Any

from adapter.consent import gate
from adapter.consent.case_facts import facts_of
from adapter.consent.decide import decide
from adapter.consent.policy import policy_for
from adapter.consent.withhold_carried import Validate
from adapter.sources.case_file import load_case
from adapter.sources.readings import read_again
from mappings.fhir.wire import Json
from mappings.identity import DEFAULT_NAMESPACE
from mappings.problems import Problem, problem
from tests import golden
from tests.small_case import NOTE, PATIENT, REPORT, case, write

CLAIM = "https://example.net/StructureDefinition/with-note"
OTHER = "https://example.net/StructureDefinition/other"
NAMING: Json = {
    **REPORT,
    "meta": {"profile": [CLAIM]},
    "extension": [
        {"url": "https://foo.example/note", "valueReference": {"reference": f"DocumentReference/{NOTE['id']}"}},
        {"url": "https://foo.example/kept", "valueCode": "a"},
    ],
}


def judge(resource: Json) -> list[Problem]:
    """Two extensions are asked for by the profile, one by FHIR; none of them is known."""
    extensions = resource.get("extension", [])
    found = [
        problem("extension", f"DiagnosticReport.extension[{index}]", "is unknown", rule="fhir.extension-unknown")
        for index in range(len(extensions))
    ]
    if resource["resourceType"] == "DiagnosticReport":
        if CLAIM in resource.get("meta", {}).get("profile", []) and len(extensions) < 2:
            found.append(problem("required", "DiagnosticReport.extension", "is missing", rule="fhir.cardinality"))
        if not extensions:
            found.append(problem("required", "DiagnosticReport", "is missing", rule="base"))
    return found


def released(folder: Path, report: Json) -> dict[str, Any]:
    return released_by(judge, folder, report)


def released_by(judge: Validate, folder: Path, report: Json) -> dict[str, Any]:
    """What goes of a report that names a withheld note, by type, where FHIR is what `judge` says."""
    files = {"fhir/p.json": PATIENT, "fhir/report.json": report, "fhir/note.json": NOTE}
    loaded = load_case(write(folder / "case", files, case()), DEFAULT_NAMESPACE)
    decision = decide(facts_of(loaded, str(golden.NOW)), policy_for(dt.date(2026, 3, 16)))
    made = gate.release(loaded, decision, golden.NOW, judge, read_again)
    return {item.type: item.resource for item in made.carried}


def test_a_claim_that_no_longer_holds_is_taken_out(tmp_path: Path) -> None:
    left = released(tmp_path, NAMING)["DiagnosticReport"]
    assert "profile" not in left["meta"]
    assert left["extension"] == [{"url": "https://foo.example/kept", "valueCode": "a"}]
    assert [tag["code"] for tag in left["meta"]["tag"]] == ["SUBSETTED"]


def test_a_claim_that_still_holds_stays_though_what_is_unknown_moved_up(tmp_path: Path) -> None:
    left = released(tmp_path, {**NAMING, "meta": {"profile": [OTHER]}})["DiagnosticReport"]
    assert left["meta"]["profile"] == [OTHER]


def test_what_is_no_fhir_any_more_stays_behind(tmp_path: Path) -> None:
    assert released(tmp_path, {**NAMING, "extension": NAMING["extension"][:1]}) == {}


def test_of_two_claims_only_the_one_that_breaks_goes(tmp_path: Path) -> None:
    meta = {"profile": [CLAIM, OTHER], "_profile": [None, {"id": "why"}]}
    left = released(tmp_path, {**NAMING, "meta": meta})["DiagnosticReport"]
    assert (left["meta"]["profile"], left["meta"]["_profile"]) == ([OTHER], [{"id": "why"}])
