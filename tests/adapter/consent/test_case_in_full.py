"""All that whole cases come to before the law, fact by fact, with every name and every form: case_in_full.json."""

import base64
import json
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapter.consent.case_facts import facts_of, items_of
from adapter.consent.foreign_things import parties_of, things_of
from adapter.consent.forms import forms_of
from adapter.consent.groups import Holder
from adapter.consent.names import names_of
from adapter.holding import Loaded
from adapter.pipeline import holder_in_law
from adapter.sources.case_file import load_case
from mappings.identity import DEFAULT_NAMESPACE
from tests.adapter.consent.foreign_given import REASON, actor, consent
from tests.adapter.consent.test_case_says import AT, FULL, KIN, PARTIES, PATIENT_ASKS, SETTINGS
from tests.adapter.consent.test_names import STUDY, UID
from tests.small_case import CASE, NOTE, PATIENT, REPORT, case, write

Json = dict[str, Any]
TOLD: dict[str, Json] = json.loads(Path(__file__).with_name("case_in_full.json").read_text("utf-8"))
WORDS = "Same words in two files."
DATA = base64.b64encode(WORDS.encode()).decode()
HIV: Json = REPORT | {
    "id": "hiv",
    "meta": {"security": [{"code": "HIV"}]},
    "presentedForm": [{"contentType": "text/plain", "data": "eA=="}],
}
PRELIMINARY: Json = REPORT | {"id": "early", "status": "preliminary", "identifier": [{"system": "urn:x", "value": "7"}]}
LETTER: Json = {
    "resourceType": "DocumentReference",
    "id": "letter",
    "status": "current",
    "masterIdentifier": {"system": "urn:x", "value": "4712"},
    "type": {"coding": [{"system": "http://loinc.org", "code": "34109-9"}]},
    "subject": {"reference": "Patient/p"},
    "content": [{"attachment": {"contentType": "text/plain", "url": "Binary/words"}}],
}
FILES: Json = {
    "fhir/p.json": PATIENT,
    "fhir/report.json": REPORT,
    "fhir/hiv.json": HIV,
    "fhir/early.json": PRELIMINARY,
    "fhir/ct.json": STUDY,
    "fhir/note.json": NOTE,
    "fhir/letter.json": LETTER,
    "fhir/copy.json": LETTER | {"id": "copy", "content": [{"attachment": {"contentType": "text/plain", "data": DATA}}]},
    "fhir/words.json": {"resourceType": "Binary", "id": "words", "contentType": "text/plain", "data": DATA},
    "fhir/broken.json": {"resourceType": "Binary", "id": "broken", "contentType": "text/plain", "data": "?"},
    "fhir/other.json": {"resourceType": "Binary", "id": "other", "contentType": "text/plain", "data": "??"},
    "fhir/center.json": {"resourceType": "Organization", "id": "center", "name": "Review Center (synthetic)"},
    "fhir/denies.json": consent(
        {"type": "deny", "data": [{"meaning": "instance", "reference": {"reference": "DiagnosticReport/hiv"}}]}
    ),
    "documents/a.txt": WORDS,
    "documents/b.txt": "Other words.",
}
NAMED = {"reference": {"identifier": {"system": "urn:x", "value": "4712"}}, "meaning": "instance"}
TO_THE_PATIENT: Json = {
    "fhir/denies.json": consent({"type": "deny", "actor": [actor("Patient/p")]}, id="to-the-patient"),
    "fhir/number.json": consent({"type": "deny", "data": [NAMED]}, id="by-number"),
    "fhir/holder.json": {"resourceType": "Organization", "id": "holder", "name": "Holder Hospital (synthetic)"},
    "fhir/keeps.json": consent(
        {"type": "deny", "actor": [actor("Organization/holder", "CST")], "data": [NAMED | {"meaning": "dependents"}]},
        id="of-the-holder",
    ),
    "fhir/names.json": consent({"type": "permit", "actor": [actor("Organization/center")]}, id="to-the-center"),
}
HISTOLOGY = [{"id": "finding", "kind": "histology", "text": "Sarcoma"}]


def _native(name: str, **more: Any) -> Json:
    said = {"id": name, "role": "original", "kind": "surgical-pathology", "status": "final"}
    return said | {"issued": "2026-02-21T10:00:00-05:00", "findings": []} | more


EVERYTHING: Json = {
    "organizations": PARTIES,
    "related_persons": KIN,
    "reports": [
        _native("final", findings=HISTOLOGY),
        _native("registered", status="registered"),
        _native("partial", status="partial"),
        _native("preliminary", status="preliminary"),
        _native("genomics", kind="genomics"),
        _native("radiology", kind="radiology"),
        _native("second", role="review"),
    ],
    "studies": [
        {"id": "local-ct", "uid": UID, "series": []},
        {
            "id": "scan",
            "uid": f"{UID}.1",
            "series": [{"uid": f"{UID}.1.1", "modality": "SM", "instances": [], "slides": ["shown"]}],
        },
    ],
    "diagnoses": [{"id": "dx", "code": {"text": "Sarcoma"}, "kind": "primary-cancer"}],
    "procedures": [{"id": "biopsy", "code": {"text": "Biopsy"}}],
    "parts": [{"id": "part"}],
    "blocks": [{"id": "block", "part": "part"}],
    "slides": [{"id": name, "parent": "block"} for name in ("shown", "asked", "lost", "back", "stays")],
    "custody": [
        {"id": "c1", "items": ["asked", "part", "block"], "kind": "requested", "at": "2026-02-01", "by": "org-center"},
        {"id": "c2", "items": ["lost", "back"], "kind": "shipped", "at": "2026-02-02", "by": "org-holder"},
        {"id": "c3", "items": ["lost"], "kind": "lost", "at": "2026-02-03", "by": "org-holder"},
        {"id": "c4", "items": ["back"], "kind": "returned", "at": "2026-02-04", "by": "org-center"},
    ],
    "materials": [
        {"path": "documents/a.txt", "id": "doc-a", "kind": "pathology_report", "in_law": {"names_other_person": True}},
        {"path": "documents/b.txt", "id": "doc-b", "kind": "clinical_record", "sensitivity": "psychotherapy"},
        {"item": "DiagnosticReport/report", "duplicate_of": "final", "held": False, "known_location": "the archive"},
        {"item": "ImagingStudy/ct", "sensitivity": "part2", "maintained_in": "paper", "in_drs": False},
        {"item": "second", "offered": False},
        {"item": "radiology", "duplicate_of": "finding"},
        {"item": "dx", "sensitivity": "genetic", "completed": False},
        {"item": "scan", "in_law": {"scan_of": "asked", "data_classes": ["genetic"], "topic": "cancer_care"}},
    ],
}
NARROW: Json = CASE["access"] | {
    "restrictions": [
        {"agreed": True, "blocks_recipient": "Review Center (synthetic)", "items": ["asked", "local-ct"]},
        {"agreed": False, "blocks_recipient": "attorney", "items": []},
    ],
    "determinations": [{"ground": "endanger_life_or_safety", "applies_to": ["finding", "doc-a"]}],
    "authorization": {"covers": ["DiagnosticReport/early"], "psychotherapy_notes": True, "discloser": "elsewhere"},
    "extensions": [{"reasons": "scanning", "until": "2026-04-20"}],
    "review": {"decision": "overturn"},
}


def _rows() -> dict[str, tuple[Json, Json, Json, Holder]]:
    """Name -> access, files, the rest of the case, and the holder."""
    line = {"item": "DiagnosticReport/report"}
    plain = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT}
    rest = {"organizations": PARTIES, "related_persons": KIN}
    rows = {
        f"all the law asks {number}": (
            access,
            plain,
            rest | {"materials": [line | told]} | more,
            holder_in_law(SETTINGS),
        )
        for number, (access, told, more) in enumerate(FULL)
    }
    return rows | {
        "everything that can be in a case": (NARROW, FILES, EVERYTHING, Holder()),
        "the patient asks and Consents name them": (
            PATIENT_ASKS | {"directive": {"written": True, "signed": True, "document": "Consent/to-the-center"}},
            FILES | TO_THE_PATIENT,
            rest,
            Holder(),
        ),
        "a payer engaged the reviewer": (
            CASE["access"] | {"engaged_by_payer": True},
            FILES | {"fhir/denies.json": consent({"type": "deny", "purpose": [{"system": REASON, "code": "HPAYMT"}]})},
            rest,
            Holder(),
        ),
        "next to nothing": (CASE["access"], plain, {}, Holder()),
    }


def _loaded(folder: Path, name: str) -> tuple[Loaded, Holder]:
    access, files, more, holder = _rows()[name]
    return load_case(write(folder / "case", files, case(access=access, **more)), DEFAULT_NAMESPACE), holder


def _said(value: Any) -> Any:
    """As JSON, sets in order, without what is unknown."""
    if isinstance(value, dict):
        return {key: _said(one) for key, one in sorted(value.items()) if one not in (None, [], {}, ())}
    if isinstance(value, (set, frozenset)):
        return sorted((_said(one) for one in value), key=str)
    return [_said(one) for one in value] if isinstance(value, (list, tuple)) else value


def told(folder: Path, name: str) -> Json:
    """What the case of this name comes to."""
    loaded, holder = _loaded(folder, name)
    facts = msgspec.to_builtins(facts_of(loaded, AT, holder))
    things = [msgspec.structs.asdict(one) for one in things_of(loaded, items_of(loaded), forms_of(loaded))]
    parties = {url: msgspec.structs.asdict(one) for url, one in parties_of(loaded).items()}
    read = {"forms": forms_of(loaded), "names": names_of(loaded), "things": things, "parties": parties}
    return {"facts": _said(facts)} | {key: _said(value) for key, value in read.items()}


@pytest.mark.parametrize("name", TOLD)
def test_every_fact_of_a_case(name: str, tmp_path: Path) -> None:
    """What is not listed is unknown to the law; 45 CFR 164.524 and its neighbours decide on this and nothing else."""
    assert told(tmp_path, name) == TOLD[name]


def test_every_case_is_told() -> None:
    assert TOLD.keys() == _rows().keys()


if __name__ == "__main__":  # python -m tests.adapter.consent.test_case_in_full writes it anew: read the difference
    with tempfile.TemporaryDirectory() as place:
        anew = {name: told(Path(place) / str(number), name) for number, name in enumerate(_rows())}
    Path(__file__).with_name("case_in_full.json").write_text(json.dumps(anew, indent=1) + "\n", "utf-8")
