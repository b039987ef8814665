"""The gate makes a Release on a permit about exactly what the case asks for, and on nothing else."""

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from adapter.consent import gate
from adapter.consent.case_facts import facts_of
from adapter.consent.decide import Decision, Outcome, decide
from adapter.consent.facts import Facts, holder_use
from adapter.consent.law import material
from adapter.consent.policy import policy_for
from adapter.consent.release import Release
from adapter.holding import Loaded
from adapter.ledger.store import Ledger
from adapter.sources.case_file import load_case
from adapter.sources.readings import read_again
from adapter.validation import validate_resource
from mappings.identity import DEFAULT_NAMESPACE
from mappings.problems import ProblemError
from tests import golden
from tests.adapter.cli.command import run
from tests.small_case import NOTE, PATIENT, PSYCHOTHERAPY, REPORT, case, write

REFUSED: tuple[Outcome, ...] = ("pend", "deny_unreviewable", "deny_reviewable", "deny_not_permitted", "not_held")
POLICY = policy_for(dt.date(2026, 3, 16))


def _loaded(folder: Path) -> tuple[Loaded, Decision]:
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT, "fhir/note.json": NOTE}
    loaded = load_case(write(folder / "case", files, case()), DEFAULT_NAMESPACE)
    return loaded, decide(facts_of(loaded, str(golden.NOW)), POLICY)


def _release(loaded: Loaded, decision: Decision) -> Release:
    return gate.release(loaded, decision, golden.NOW, validate_resource, read_again)


def test_a_permit_makes_a_release_of_what_it_releases(tmp_path: Path) -> None:
    loaded, decision = _loaded(tmp_path)
    made = _release(loaded, decision)
    assert decision.outcome == "permit_with_exclusions"
    assert [item.type for item in made.carried] == ["DiagnosticReport", "Patient"]
    assert made.decided_at == golden.NOW
    assert [row.code for row in made.basis] == ["TREATMENT_DISCLOSURE"]


@pytest.mark.parametrize("outcome", REFUSED)
def test_no_other_outcome_makes_a_release(outcome: Outcome, tmp_path: Path) -> None:
    loaded, decision = _loaded(tmp_path)
    with pytest.raises(ProblemError, match="only a permit makes a release"):
        _release(loaded, msgspec.structs.replace(decision, outcome=outcome))


def test_these_are_all_outcomes() -> None:
    assert {*REFUSED, "permit", "permit_with_exclusions"} == set(get_args(Outcome))


NOTE_URL = "https://ehr.example/r4/DocumentReference/quetzal-note"


@pytest.mark.parametrize(
    "change",
    [
        {"released": ("request", "https://ehr.example/r4/DiagnosticReport/report", "something-else")},
        {"released": ("request", "https://ehr.example/r4/DiagnosticReport/report", NOTE_URL)},
        {"excluded": ()},
        {"excluded": (NOTE_URL, NOTE_URL)},
        {"duplicates": (NOTE_URL,)},
        {"released": ()},
    ],
    ids=["unknown", "released-and-excluded", "no-fate", "two-fates", "excluded-and-duplicate", "nothing-released"],
)
def test_a_decision_about_something_else_makes_no_release(change: dict[str, tuple[str, ...]], tmp_path: Path) -> None:
    loaded, decision = _loaded(tmp_path)
    with pytest.raises(ProblemError, match="the decision is not about what this case asks for"):
        _release(loaded, msgspec.structs.replace(decision, **change))


def test_a_decision_about_another_case_makes_no_release(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    loaded, _ = _loaded(tmp_path)
    other = load_case(write(tmp_path / "other" / "case", {"fhir/p.json": PATIENT}, case()), DEFAULT_NAMESPACE)
    with pytest.raises(ProblemError, match="the decision is not about what this case asks for"):
        _release(loaded, decide(facts_of(other, str(golden.NOW)), POLICY))


def test_the_basis_tells_nothing_of_what_is_withheld(tmp_path: Path) -> None:
    loaded, decision = _loaded(tmp_path)
    said = " ".join(f"{row.code} {row.citation} {row.sentence}" for row in _release(loaded, decision).basis)
    assert "PSYCHOTHERAPY_AUTHORIZATION_MISSING" in {reason.code for reason in decision.reasons}
    assert "sychotherapy" not in said
    assert "PSYCHOTHERAPY" not in said


def test_the_holders_own_use_is_no_release(tmp_path: Path) -> None:
    use = gate.use(holder_use((material("a", "clinical_record"),)), POLICY)
    assert use.items == frozenset({"a"})
    assert not isinstance(use, Release)


def test_a_disclosure_is_no_use_of_ones_own() -> None:
    facts = Facts(pathway="disclosure", as_of="2026-03-16", materials=(material("a", "clinical_record"),))
    with pytest.raises(ProblemError, match="is not a use inside the holder's own walls"):
        gate.use(facts, POLICY)


def _laid_out(folder: Path, **documents: tuple[str, bytes]) -> list[tuple[str, str]]:
    """Where the documents of a case (id -> path, bytes) are put, with what lies there."""
    lines = [{"path": path, "id": name, "kind": "clinical_record"} for name, (path, _) in documents.items()]
    place = write(folder / "case", dict(documents.values()), case(materials=lines))
    golden.export(place, folder / "out")
    told = json.loads((folder / "out/case.json").read_bytes())["documents"]
    assert [one["id"] for one in told] == sorted(documents)
    return [(one["path"], (folder / "out" / one["path"]).read_text()) for one in told]


def test_no_document_takes_the_place_of_another(tmp_path: Path) -> None:
    mark = hashlib.sha256(b"two").hexdigest()[:8]
    found = _laid_out(tmp_path, a=(f"c/x-{mark}.pdf", b"zero"), b=("a/x.pdf", b"one"), c=("b/X.pdf", b"two"))
    assert found == [
        (f"documents/x-{mark}.pdf", "zero"),
        ("documents/x.pdf", "one"),
        (f"documents/X-{mark}-2.pdf", "two"),
    ]


def test_long_names_are_cut_and_keep_their_ending(tmp_path: Path) -> None:
    long = "n" * 251 + ".pdf"
    mark = hashlib.sha256(b"two").hexdigest()[:8]
    assert _laid_out(tmp_path, a=(f"a/{long}", b"one"), b=(f"b/{long}", b"two"), c=(f"x.{'e' * 240}", b"three")) == [
        (f"documents/{'n' * 196}.pdf", "one"),
        (f"documents/{'n' * 187}-{mark}.pdf", "two"),
        (f"documents/x.{'e' * 198}", "three"),
    ]


def test_what_cannot_stand_without_a_withheld_thing_is_not_counted_as_released(tmp_path: Path) -> None:
    therapist = {"resourceType": "Practitioner", "id": "t", "meta": {"security": [PSYCHOTHERAPY]}}
    summary = {
        "resourceType": "Composition",
        "id": "summary",
        "status": "final",
        "type": {"text": "Summary"},
        "subject": {"reference": "Patient/p"},
        "date": "2026-02-22",
        "author": [{"reference": "Practitioner/t"}],
        "title": "Summary",
    }
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT, "fhir/t.json": therapist, "fhir/s.json": summary}
    place = write(tmp_path / "case", files)
    done = golden.export(place, tmp_path / "out")
    permitted = {"https://ehr.example/r4/Composition/summary", "https://ehr.example/r4/DiagnosticReport/report"}
    assert set(done.checked.decision.released) == permitted | {"request"}
    assert set(done.release.items) == {"https://ehr.example/r4/DiagnosticReport/report", "request"}
    ledger = Ledger(f"sqlite:///{tmp_path / 'out.ledger.sqlite3'}")
    [line] = ledger.rows("disclosure")
    audited = json.dumps(ledger.rows("release")[0]["audit_event"])
    ledger.close()
    assert line["description"] == "case small-case: 2 items: clinical record (1), pathology report (1)"
    assert ("DiagnosticReport/report" in audited, "Composition/summary" in audited) == (True, False)
    shown = run(tmp_path, "export", place, "--to", "again")
    assert shown.code == 4
    assert "released 2 of 4 items" in shown.out
    assert f"withheld {min(permitted)}: it cannot stand without what is withheld" in shown.out


def test_only_what_a_released_source_knows_the_patient_under_goes(tmp_path: Path) -> None:
    system = "https://practice.example/mrn"
    names = [{"text": "Mirabel Testperson"}]
    told = case()
    told["patient"]["known_as"] = [
        {"identifiers": [{"system": system, "value": value}], "names": names, "birth_date": "1958-07-19"}
        for value in ("number-here", "number-nowhere")
    ]
    second = PATIENT | {"id": "second", "identifier": [{"system": system, "value": "number-here"}]}
    report = REPORT | {"subject": {"reference": "Patient/second"}}
    files = {"fhir/p.json": PATIENT, "fhir/second.json": second, "fhir/report.json": report}
    loaded = load_case(write(tmp_path / "case", files, told), DEFAULT_NAMESPACE)
    made = _release(loaded, decide(facts_of(loaded, str(golden.NOW)), POLICY))
    assert [known.identifiers[0].value for known in made.case.patient.known_as] == ["number-here"]
