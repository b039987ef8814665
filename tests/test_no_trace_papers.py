"""The document of a paper goes with what rests on the paper; any other consent form would tell of what is withheld."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapter.consent.notices import PART2_STATEMENT
from adapter.delivery.bundle_import import import_bundle
from tests import golden
from tests.small_case import BASE, NOTE, PATIENT, REPORT, SECRET, case, delivered, export
from tests.test_no_trace import traces

METHADONE, CONSENT, STATEMENT = "documents/methadone-program.txt", "documents/part2-consent.pdf", "PART2-STATEMENT.txt"
Change = Callable[[Any], None]


def _exported(folder: Path, change: Change, *gone: str) -> dict[str, bytes]:
    folder.mkdir(exist_ok=True)
    place = golden.source("cord-compression", folder)
    told = json.loads((place / "case.json").read_text("utf-8"))
    change(told)
    (place / "case.json").write_text(json.dumps(told), "utf-8")
    for path in gone:
        (place / path).unlink()
    golden.export(place, folder / "out")
    return delivered(folder / "out")


def _line(told: Any, path: str) -> Any:
    return next(line for line in told["materials"] if line.get("path") == path)


def _without(told: Any, *paths: str) -> None:
    told["materials"] = [line for line in told["materials"] if line.get("path") not in paths]


def _never_held(told: Any) -> None:
    _without(told, METHADONE, CONSENT)
    del told["access"]["part2_consent"]


def _paper(**changes: Any) -> Change:
    return lambda told: told["access"]["part2_consent"].update(changes)


def _all(*changes: Change) -> Change:
    def change(told: Any) -> None:
        for one in changes:
            one(told)

    return change


def _called_a_record(told: Any) -> None:
    _line(told, CONSENT)["kind"] = "clinical_record"


def _not_offered(told: Any) -> None:
    _line(told, METHADONE)["offered"] = False


DEFECTS: dict[str, Change] = {
    "expired": _paper(expiry="2025-12-31"),
    "unsigned": _paper(signed=False),
    "revoked": _paper(revoked_on="2026-01-02"),
    "no-recipients": _paper(recipients=""),
    "no-paper": lambda told: told["access"].pop("part2_consent"),
    "record-not-offered": _not_offered,
    "record-undeclared": lambda told: _without(told, METHADONE),
    "expired-and-called-a-clinical-record": _all(_paper(expiry="2025-12-31"), _called_a_record),
    "named-by-its-path": _paper(expiry="2025-12-31", document=CONSENT),
    "not-offered-and-called-a-clinical-record": _all(_not_offered, _called_a_record),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_part2_consent_that_lets_nothing_go_might_as_well_not_be_there(defect: str, tmp_path: Path) -> None:
    kept_back = _exported(tmp_path / "one", DEFECTS[defect])
    never_held = _exported(tmp_path / "other", _never_held, METHADONE, CONSENT)
    assert kept_back == never_held
    assert traces(kept_back, {"2.31", "2.32", "part 2", "42CFRPart2", "part2", "methadone-program", STATEMENT}) == set()


def test_a_record_called_a_consent_form_does_not_go_under_that_name(tmp_path: Path) -> None:
    def relabel(told: Any) -> None:
        line = _line(told, METHADONE)
        line["kind"] = "consent_form"
        del line["sensitivity"], told["access"]["part2_consent"]

    assert _exported(tmp_path / "one", relabel) == _exported(tmp_path / "other", _never_held, METHADONE, CONSENT)


def test_the_statement_goes_with_a_part2_record(tmp_path: Path) -> None:
    sent = _exported(tmp_path / "one", lambda told: None)
    assert sent[STATEMENT] == b"42 CFR part 2 prohibits unauthorized use or disclosure of these records.\n"
    assert sent[STATEMENT].decode() == f"{PART2_STATEMENT}\n"
    assert STATEMENT in {file["path"] for file in json.loads(sent["manifest.json"])["files"]}
    assert {METHADONE, CONSENT} <= sent.keys()
    import_bundle(tmp_path / "one/out", tmp_path / "back")
    golden.export(tmp_path / "back", tmp_path / "again")
    assert delivered(tmp_path / "again") == sent


def test_no_statement_goes_where_no_part2_record_does(tmp_path: Path) -> None:
    assert STATEMENT not in export(tmp_path, {"fhir/p.json": PATIENT, "fhir/report.json": REPORT})


# --- authorizations

VALID = {
    "description": "the notes",
    "discloser": "Holder Hospital (synthetic)",
    "recipient": "Review Center (synthetic)",
    "purpose": "treatment",
    "expiry": "2027-01-01",
    "signed": True,
    "signed_on": "2026-01-05",
    "signer": "patient",
    "statement_revocation": True,
    "statement_conditioning": True,
    "statement_redisclosure": True,
    "compound": False,
    "conditioned": False,
    "known_false": False,
    "psychotherapy_notes": True,
    "document": "doc-auth",
}
AUTHORIZATION = "documents/auth.txt"
FILES = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT, "fhir/note.json": NOTE, AUTHORIZATION: f"{SECRET} release"}


def _authorized(folder: Path, materials: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, bytes]:
    line = {"path": AUTHORIZATION, "id": "doc-auth", "kind": "consent_form", "title": f"{SECRET} authorization"}
    told = case(materials=[line, *(materials or [])])
    told["access"]["authorization"] = VALID | changes
    return export(folder, FILES, told)


@pytest.mark.parametrize(
    "change",
    [
        {"known_false": True},
        {"signed": False},
        {"expiry": "2026-01-06"},
        {"revoked_in_writing_on": "2026-02-01"},
        {"psychotherapy_notes": False},
        {"document": AUTHORIZATION, "known_false": True},
        {"covers": ["doc-auth"]},
    ],
    ids=["false", "unsigned", "expired", "revoked", "of-another-kind", "by-path", "of-itself-alone"],
)
def test_an_authorization_that_lets_no_notes_go_might_as_well_not_be_there(
    change: dict[str, Any], tmp_path: Path
) -> None:
    sent = _authorized(tmp_path / "one", **change)
    files = {path: value for path, value in FILES.items() if path.endswith(("p.json", "report.json"))}
    assert sent == export(tmp_path / "other", files)
    assert traces(sent, {SECRET, "sychotherapy", "164.508"}) == set()


def test_an_authorization_for_notes_that_are_not_offered_stays(tmp_path: Path) -> None:
    sent = _authorized(tmp_path, [{"item": f"DocumentReference/{SECRET}-note", "offered": False}])
    assert traces(sent, {SECRET, "sychotherapy", "164.508"}) == set()


def test_a_valid_authorization_goes_with_the_notes(tmp_path: Path) -> None:
    sent = _authorized(tmp_path)
    assert sent[AUTHORIZATION] == f"{SECRET} release".encode()
    assert f"{BASE}/DocumentReference/{SECRET}-note" in {
        entry["fullUrl"] for entry in json.loads(sent["bundle.json"])["entry"]
    }


def test_a_form_of_the_document_of_a_paper_stays_with_it(tmp_path: Path) -> None:
    copied = copy.deepcopy(NOTE) | {"id": "copy", "identifier": [], "type": {"text": "a paper"}}
    del copied["meta"], copied["identifier"]
    copied["content"][0]["attachment"] = {"contentType": "text/plain", "data": "cXVldHphbCByZWxlYXNl"}
    told = case(materials=[{"path": AUTHORIZATION, "id": "doc-auth", "kind": "consent_form"}])
    told["access"]["authorization"] = VALID | {"known_false": True}
    sent = export(tmp_path, FILES | {"fhir/copy.json": copied}, told)
    assert traces(sent, {SECRET, "cXVldHphbCByZWxlYXNl", "a paper"}) == set()
