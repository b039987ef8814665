"""All that whole cases release, resource by resource and fact by fact: release_in_full.json."""

import json
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapter.consent import gate
from adapter.consent.case_facts import facts_of
from adapter.consent.decide import decide
from adapter.sources.case_file import load_case
from adapter.sources.readings import read_again
from adapter.validation import validate_resource
from mappings.identity import DEFAULT_NAMESPACE
from tests import golden
from tests.adapter.consent.given import policy
from tests.adapter.consent.test_case_in_full import EVERYTHING, FILES
from tests.adapter.consent.test_case_says import PAPER, PART2
from tests.small_case import BASE, CASE, NUMBERS, case, write

Json = dict[str, Any]
TOLD: dict[str, Json] = json.loads(Path(__file__).with_name("release_in_full.json").read_text("utf-8"))
NOTE = "DocumentReference/quetzal-note"
CORE = "http://hl7.org/fhir/StructureDefinition"
LED: Json = {
    "resourceType": "Observation",
    "id": "led",
    "meta": {"profile": [f"{CORE}/Observation", "urn:claimed"], "source": f"{BASE}/{NOTE}"},
    "identifier": [{"system": NUMBERS, "value": "O-1"}],
    "status": "final",
    "code": {"text": "Grade"},
    "subject": {"reference": "Patient/p"},
    "performer": [{"reference": "Organization/center"}],
    "note": [{"text": f"see {NOTE} and quetzal-4711"}, {"text": "nothing else"}],
    "derivedFrom": [
        {"reference": NOTE},
        {"reference": f"HTTPS://EHR.example:443/r4/{NOTE}/_history/2"},
        {"reference": "DocumentReference?identifier=https://ehr.example/sid/document|quetzal-4711"},
        {"identifier": {"system": "https://ehr.example/sid/document", "value": "quetzal-4711"}},
        {"reference": "DocumentReference/letter", "display": "letter"},
    ],
    "component": [{"code": {"text": "Ki-67"}, "valueString": f"{BASE}/{NOTE}"}, {"code": {"text": "Necrosis"}}],
}
HELD_UP: Json = {
    "resourceType": "Flag",
    "id": "breaks",
    "status": "active",
    "code": {"text": "Cannot stand alone"},
    "subject": {"reference": NOTE},
}
WHO: Json = {
    "resourceType": "Provenance",
    "id": "who",
    "target": [{"reference": "DiagnosticReport/report"}, {"reference": NOTE}],
    "recorded": "2026-02-21T10:00:00-05:00",
    "agent": [{"who": {"reference": "Practitioner/writer"}}],
}
OF_THE_NOTE: Json = WHO | {"id": "of-the-note", "target": [{"reference": NOTE}]}
WRITER: Json = {"resourceType": "Practitioner", "id": "writer", "name": [{"family": "Testwriter"}]}
NOBODY: Json = WRITER | {"id": "nobody"}
GUARDED: Json = {
    "resourceType": "Binary",
    "id": "guarded",
    "contentType": "text/plain",
    "securityContext": {"reference": NOTE},
    "data": "Z3VhcmRlZA==",
}
MORE: Json = {f"fhir/{one['id']}.json": one for one in (LED, HELD_UP, WHO, OF_THE_NOTE, WRITER, NOBODY, GUARDED)} | {
    "documents/b.txt": "Session words."
}
LINES: list[Json] = [
    {"path": "documents/a.txt", "id": "doc-a", "kind": "pathology_report", "title": "Words", "in_law": {"topic": "x"}},
    {"path": "documents/b.txt", "id": "doc-b", "kind": "clinical_record", "sensitivity": "psychotherapy"},
    {"item": "ImagingStudy/ct", "sensitivity": "part2"},
    {"item": "final", "title": "The first report", "completed": True},
    {"item": "second", "offered": False},
]
LEFT: Json = EVERYTHING | {"materials": LINES}
LEFT["diagnoses"] = [
    {"id": "dx", "code": {"text": "Sarcoma"}, "kind": "primary-cancer", "evidence": ["final", "local-ct"]},
    {"id": "of-the-scan", "code": {"text": "Other"}, "kind": "other", "evidence": ["local-ct"]},
]
LOAN: Json = {"agreement": True, "return_by": "2026-06-01", "custodian": "Slide library"}
ACCESS: Json = CASE["access"] | {"loan": LOAN}
CASES: dict[str, tuple[Json, Json, Json]] = {
    "for treatment, much of it withheld": (ACCESS, FILES | MORE, LEFT),
    "with papers that something rests on": (
        ACCESS
        | {
            "authorization": PAPER | {"psychotherapy_notes": True, "recipient": "Review Center (synthetic)"},
            "part2_consent": PART2,
        },
        FILES | MORE,
        LEFT,
    ),
}


def _said(value: Any) -> Any:
    """As JSON without what is not said."""
    if isinstance(value, dict):
        return {key: _said(one) for key, one in value.items() if one not in (None, [], {}, ())}
    return [_said(one) for one in value] if isinstance(value, (list, tuple)) else value


def told(folder: Path, name: str) -> Json:
    """What the case of this name releases."""
    access, files, more = CASES[name]
    loaded = load_case(write(folder / "case", files, case(access=access, **more)), DEFAULT_NAMESPACE)
    decision = decide(facts_of(loaded, str(golden.NOW)), policy())
    made = gate.release(loaded, decision, golden.NOW, validate_resource, read_again)
    return {
        "outcome": decision.outcome,
        "case": _said(msgspec.to_builtins(made.case, enc_hook=str)),
        "carried": {item.full_url: item.resource for item in made.carried},
        "documents": sorted(made.documents),
        "basis": [row.code for row in made.basis],
        "items": list(made.items),
        "patients": list(made.patients),
        "part2_statement": made.part2_statement,
    }


@pytest.mark.parametrize("name", TOLD)
def test_everything_that_a_case_releases(name: str, tmp_path: Path) -> None:
    """What is not listed stays, and nothing that is listed tells of it: 45 CFR 164.502(a), 42 CFR 2.13(c)."""
    assert told(tmp_path, name) == TOLD[name]


def test_every_case_is_told() -> None:
    assert TOLD.keys() == CASES.keys()


if __name__ == "__main__":  # python -m tests.adapter.consent.test_release_in_full writes it anew: read the difference
    with tempfile.TemporaryDirectory() as place:
        anew = {name: told(Path(place) / str(number), name) for number, name in enumerate(CASES)}
    Path(__file__).with_name("release_in_full.json").write_text(json.dumps(anew, indent=1) + "\n", "utf-8")
