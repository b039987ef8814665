"""What goes when something stays: which files under which names, which claims, lines, settings and reasons."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapter.consent import gate
from adapter.consent.case_facts import facts_of
from adapter.consent.decide import Decision, decide
from adapter.consent.release import Release
from adapter.consent.withhold_carried import Validate
from adapter.holding import Loaded
from adapter.sources.case_file import load_case
from adapter.sources.readings import read_again
from mappings.identity import DEFAULT_NAMESPACE
from mappings.problems import ProblemError
from tests import golden
from tests.adapter.consent.given import policy
from tests.adapter.consent.test_case_says import PAPER
from tests.adapter.consent.test_withhold_carried import CLAIM, NAMING, OTHER, judge, released
from tests.small_case import BASE, CASE, NOTE, PATIENT, REPORT, case, write

Json = dict[str, Any]
TWIN = "https://twin.example/r4"
DISCLOSED = "DocumentReference/quetzal-note"
UID = "1.2.826.0.1.3680043.8.498.77"
DICOM = {"system": "urn:dicom:uid", "value": f"urn:oid:{UID}"}
DOCTOR: Json = {"resourceType": "Practitioner", "id": "doctor", "name": [{"family": "Testwriter"}]}
CENTER: Json = {"resourceType": "Organization", "id": "center", "name": "Review Center (synthetic)"}


def loaded(folder: Path, files: Json, access: Json | None = None, **told: Any) -> Loaded:
    whole = case(access=CASE["access"] | (access or {}), **told)
    return load_case(write(folder / "case", {"fhir/p.json": PATIENT} | files, whole), DEFAULT_NAMESPACE)


def decision_of(held: Loaded) -> Decision:
    return decide(facts_of(held, str(golden.NOW)), policy())


def release(held: Loaded, decision: Decision | None = None, validate: Validate = lambda resource: []) -> Release:
    return gate.release(held, decision or decision_of(held), golden.NOW, validate, read_again)


def made(folder: Path, files: Json, access: Json | None = None, **told: Any) -> Release:
    return release(loaded(folder, files, access, **told))


# --- names of files


def names(folder: Path, *documents: tuple[str, str]) -> dict[str, str]:
    """Words of a document -> the path it goes under."""
    files = {path: words for path, words in documents}
    lines = [{"path": path, "id": f"d{n}", "kind": "pathology_report"} for n, (path, _) in enumerate(documents)]
    found = made(folder, files, materials=lines)
    assert [line.path for line in found.case.materials] == [d.path for d in found.case.documents]
    return {found.documents[d.id].read().decode(): d.path for d in found.case.documents}


def test_a_document_goes_under_its_own_name_without_its_folders(tmp_path: Path) -> None:
    told = names(tmp_path, ("a/b/letter.v2.txt", "one"), ("a/b/Brief (\u00e4) 2.txt", "two"), ("a/no ending", "three"))
    assert told == {
        "one": "documents/letter.v2.txt",
        "two": "documents/Brief (_) 2.txt",
        "three": "documents/no ending",
    }


def test_of_two_documents_with_one_name_the_second_is_marked_before_its_ending(tmp_path: Path) -> None:
    told = names(tmp_path, ("a/letter.v2.txt", "one"), ("b/Letter.V2.txt", "two"), ("c/letter.v2.txt", "three"))
    mark = {words: hashlib.sha256(words.encode()).hexdigest()[:8] for words in ("two", "three")}
    assert told == {
        "one": "documents/letter.v2.txt",
        "two": f"documents/Letter.V2-{mark['two']}.txt",
        "three": f"documents/letter.v2-{mark['three']}.txt",
    }


def test_an_ending_of_twenty_characters_is_one_and_a_longer_is_part_of_the_name(tmp_path: Path) -> None:
    twenty, more = "e" * 20, "f" * 21
    documents = (f"a/n.{twenty}", "one"), (f"b/n.{twenty}", "two"), (f"a/n.{more}", "three"), (f"b/n.{more}", "four")
    told = names(tmp_path, *documents)
    mark = {words: hashlib.sha256(words.encode()).hexdigest()[:8] for words in ("two", "four")}
    assert told["two"] == f"documents/n-{mark['two']}.{twenty}"
    assert told["four"] == f"documents/n.{more}-{mark['four']}"


@pytest.mark.parametrize(("path", "name"), [("a/.hidden.txt", "hidden.txt"), ("a/...", "document"), ("..x..", "x..")])
def test_no_document_goes_under_a_hidden_name(path: str, name: str, tmp_path: Path) -> None:
    line = {"path": "a.txt", "id": "d", "kind": "pathology_report"}
    held = loaded(tmp_path, {"a.txt": "x"}, materials=[line])
    documents = tuple(msgspec.structs.replace(d, path=path) for d in held.case.documents)
    lines = tuple(msgspec.structs.replace(one, path=path) for one in held.case.materials)
    moved = msgspec.structs.replace(held.case, documents=documents, materials=lines)
    assert [d.path for d in release(msgspec.structs.replace(held, case=moved)).case.documents] == [f"documents/{name}"]


# --- settings of images


def images(folder: Path, *settings: tuple[str | None, str | None]) -> Loaded:
    """A case with one image for each of these settings (zone, issuer of bare patient numbers)."""
    uids = [f"{UID}.2.{number}" for number in range(len(settings))]
    shown = [{"uid": uid, "sop_class": "1.2.840.10008.5.1.4.1.1.2"} for uid in uids]
    study = {"id": "ct", "uid": UID, "series": [{"uid": f"{UID}.2", "modality": "CT", "instances": shown}]}
    told = dict(zip(uids, settings, strict=True))
    lines = [{"path": "a.txt", "id": "words", "kind": "pathology_report"}]
    held = loaded(folder, {"a.txt": "x"}, studies=[study], materials=lines)
    files = dict.fromkeys(uids, held.documents["words"])
    return msgspec.structs.replace(held, instances=files, settings=told)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ([("Europe/Berlin", "urn:x")] * 2, [("DICOM", "Europe/Berlin", "urn:x")]),
        ([("Europe/Berlin", None)], [("DICOM", "Europe/Berlin", None)]),
        ([(None, "urn:x")], [("DICOM", None, "urn:x")]),
        ([(None, None)], []),
        ([], []),
    ],
)
def test_the_settings_of_images_go_with_them(settings: Any, told: Any, tmp_path: Path) -> None:
    sources = release(images(tmp_path, *settings)).case.sources
    assert [(one.path, one.zone, one.patient_system) for one in sources] == told


def test_an_image_without_settings_has_none(tmp_path: Path) -> None:
    held = images(tmp_path, ("Europe/Berlin", None), ("Europe/Berlin", None))
    one = dict(list(held.settings.items())[:1])
    assert [told.zone for told in release(msgspec.structs.replace(held, settings=one)).case.sources] == [
        "Europe/Berlin"
    ]
    none: dict[str, tuple[str | None, str | None]] = {}
    assert release(msgspec.structs.replace(held, settings=none)).case.sources == ()


@pytest.mark.parametrize("other", [(None, None), ("America/New_York", None), ("Europe/Berlin", "urn:x")])
def test_images_with_two_settings_cannot_go_on_one_medium(other: tuple[str | None, str | None], tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as refused:
        release(images(tmp_path, ("Europe/Berlin", None), other))
    [problem] = refused.value.problems
    assert (problem.code, problem.where, problem.rule) == ("business-rule", "case.json $.sources", "gate")
    assert problem.message == (
        "images from sources with different zones or issuers cannot share one medium; export them as two cases"
    )


# --- readings of what something was taken out of


def test_a_study_that_came_twice_goes_once_though_one_of_them_was_cut(tmp_path: Path) -> None:
    """As FHIR with a reference to what stays, and declared by the case: the study of the case is the one."""
    carried = {
        "resourceType": "ImagingStudy", "id": "ct", "identifier": [DICOM], "status": "available",
        "subject": {"reference": "Patient/p"}, "reasonReference": [{"reference": DISCLOSED}],
    }  # fmt: skip
    files = {"fhir/note.json": NOTE, "fhir/ct.json": carried, "fhir/report.json": REPORT}
    found = made(tmp_path, files, studies=[{"id": "local-ct", "uid": UID, "series": []}])
    assert [(study.id, study.uid) for study in found.case.studies] == [("local-ct", UID)]
    assert [item.resource.get("reasonReference") for item in found.carried if item.type == "ImagingStudy"] == [None]


def test_a_study_that_only_came_as_fhir_goes_though_it_was_cut(tmp_path: Path) -> None:
    carried = {
        "resourceType": "ImagingStudy", "id": "ct", "identifier": [DICOM], "status": "available",
        "subject": {"reference": "Patient/p"}, "reasonReference": [{"reference": DISCLOSED}],
    }  # fmt: skip
    found = made(tmp_path, {"fhir/note.json": NOTE, "fhir/ct.json": carried})
    assert [(study.id, study.uid) for study in found.case.studies] == [(f"{BASE}/ImagingStudy/ct", UID)]


# --- reasons


def test_why_it_may_go_is_told_with_its_source_and_in_a_sentence(tmp_path: Path) -> None:
    [row] = made(tmp_path, {"fhir/report.json": REPORT}).basis
    assert (row.code, row.citation) == ("TREATMENT_DISCLOSURE", "45 CFR 164.506(c)(2)")
    assert row.uri == "https://www.ecfr.gov/current/title-45/section-164.506#p-164.506(c)(2)"
    assert row.sentence == "A provider may receive this for treatment; a consultation is treatment."


def test_why_something_might_have_gone_that_cannot_stand_is_not_told(tmp_path: Path) -> None:
    """A flag about the note alone: the law permits it, and without the note nothing is left of it."""
    flag = {
        "resourceType": "Flag", "id": "breaks", "status": "active", "code": {"text": "x"},
        "subject": {"reference": "Patient/p"}, "encounter": {"reference": DISCLOSED},
    }  # fmt: skip
    held = loaded(tmp_path, {"fhir/note.json": NOTE, "fhir/flag.json": flag, "fhir/report.json": REPORT})
    decision, url = decision_of(held), f"{BASE}/Flag/breaks"
    reasons = tuple(
        msgspec.structs.replace(reason, code="AUTHORIZATION_DISCLOSURE") if reason.item == url else reason
        for reason in decision.reasons
    )

    def validate(resource: Json) -> list[Any]:
        whole = resource["resourceType"] != "Flag" or "encounter" in resource
        return [] if whole else judge({"resourceType": "DiagnosticReport"})

    found = release(held, msgspec.structs.replace(decision, reasons=reasons), validate)
    assert url not in found.items
    assert [row.code for row in found.basis] == ["TREATMENT_DISCLOSURE"]


# --- claims and what supports


def test_a_claim_without_what_stands_on_it_may_stay_where_another_breaks(tmp_path: Path) -> None:
    for number, beside in enumerate(([{"id": "why"}], [{"id": "why"}, None, {"id": "third"}])):
        meta = {"profile": [CLAIM, OTHER], "_profile": beside}
        left = released(tmp_path / str(number), {**NAMING, "meta": meta})["DiagnosticReport"]
        assert left["meta"]["profile"] == [OTHER]
        assert "_profile" not in left["meta"] or left["meta"]["_profile"] == [None]


def test_only_the_access_to_a_binary_follows_something_else(tmp_path: Path) -> None:
    report = REPORT | {"securityContext": {"reference": DISCLOSED}}
    binary = {"resourceType": "Binary", "id": "b", "contentType": "text/plain", "data": "eA=="}
    pointing = REPORT | {"id": "pointing", "presentedForm": [{"url": "Binary/b"}]}
    guarded = binary | {"securityContext": {"reference": DISCLOSED}}
    for number, (one, goes) in enumerate(((binary, True), (guarded, False))):
        files = {"fhir/note.json": NOTE, "fhir/r.json": report, "fhir/b.json": one, "fhir/q.json": pointing}
        found = {item.full_url.removeprefix(f"{BASE}/") for item in made(tmp_path / str(number), files).carried}
        assert "DiagnosticReport/report" in found
        assert ("Binary/b" in found) is goes


def test_who_came_twice_goes_with_what_leads_to_either(tmp_path: Path) -> None:
    led = REPORT | {"performer": [{"reference": "Practitioner/doctor"}]}
    files = {"fhir/d.json": DOCTOR, "twin/d.json": DOCTOR, "twin/p.json": PATIENT, "twin/r.json": led}
    sources = [{"path": "fhir", "base": BASE}, {"path": "twin", "base": TWIN}]
    found = [item.full_url for item in made(tmp_path, files, sources=sources).carried]
    assert f"{BASE}/Practitioner/doctor" in found


# --- papers and lines


def test_an_authorization_that_is_limited_to_items_goes_as_limited_as_it_is(tmp_path: Path) -> None:
    """For psychotherapy notes, and naming the report too: what goes of both is what the paper says."""
    paper = PAPER | {
        "recipient": "Review Center (synthetic)", "psychotherapy_notes": True,
        "covers": [DISCLOSED, "DiagnosticReport/report"],
    }  # fmt: skip
    files = {"fhir/note.json": NOTE, "fhir/report.json": REPORT}
    access = made(tmp_path / "both", files, {"authorization": paper}).case.access
    assert access is not None
    assert access.authorization is not None
    assert access.authorization.covers == (f"{BASE}/{DISCLOSED}", f"{BASE}/DiagnosticReport/report")
    whole = {name: value for name, value in paper.items() if name != "covers"}
    access = made(tmp_path / "whole", files, {"authorization": whole}).case.access
    assert access is not None
    assert access.authorization is not None
    assert access.authorization.covers == (f"{BASE}/{DISCLOSED}",)


def test_a_line_goes_with_the_item_or_the_resource_that_it_is_about(tmp_path: Path) -> None:
    lines = [
        {"item": "Practitioner/doctor", "known_location": "ward"},
        {"item": "org-center", "known_location": "elsewhere"},
        {"item": "DiagnosticReport/report", "known_location": "archive"},
        {"item": DISCLOSED, "known_location": "safe"},
    ]
    led = REPORT | {"performer": [{"reference": "Practitioner/doctor"}]}
    files = {"fhir/d.json": DOCTOR, "fhir/report.json": led, "fhir/note.json": NOTE}
    found = made(tmp_path, files, materials=lines).case.materials
    assert [(line.item, line.known_location) for line in found] == [
        (f"{BASE}/Practitioner/doctor", "ward"),
        (f"{BASE}/DiagnosticReport/report", "archive"),
    ]
