"""A case folder is about one person, and everything in it is on the account."""

import json
import os
import warnings
from pathlib import Path
from typing import Any

import pytest

from adapter.sources.case_file import load_case
from mappings.domain.native import read_case
from mappings.identity import DEFAULT_NAMESPACE
from mappings.problems import ProblemError
from tests.dicom_files import dataset
from tests.dicom_files import write as write_image
from tests.small_case import NUMBERS, PATIENT, REPORT, bundle, case, write

STRANGER: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "x",
    "identifier": [{"system": NUMBERS, "value": "MRN-90210"}],
    "name": [{"family": "Fremdling", "given": ["Oskar"]}],
    "birthDate": "1931-01-02",
}
SECRETS = ("90210", "77001", "Fremdling", "Testperson", "Oskar", "Mirabel", "1931", "1958")


def _about(kind: str, member: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": "about", member: {"reference": "Patient/x"}, **more}


STRANGERS: dict[str, tuple[dict[str, Any], str]] = {
    "patient-alone": ({"fhir/x.json": STRANGER}, "fhir/x.json"),
    "observation": (
        {"fhir/x.json": STRANGER, "fhir/o.json": _about("Observation", "subject", status="final", code={"text": "x"})},
        "fhir/o.json, fhir/x.json",
    ),
    "relative": (
        {"fhir/x.json": STRANGER, "fhir/r.json": _about("RelatedPerson", "patient")},
        "fhir/r.json, fhir/x.json",
    ),
    "coverage": (
        {"fhir/x.json": STRANGER, "fhir/c.json": _about("Coverage", "beneficiary", status="active")},
        "fhir/c.json, fhir/x.json",
    ),
    "task": (
        {"fhir/x.json": STRANGER, "fhir/t.json": _about("Task", "for", status="requested")},
        "fhir/t.json, fhir/x.json",
    ),
    "entry-of-a-bundle": ({"b.json": bundle((None, PATIENT), (None, STRANGER))}, "b.json#entry[1]"),
    "line-of-ndjson": ({"b.ndjson": f"{json.dumps(PATIENT)}\n{json.dumps(STRANGER)}\n"}, "b.ndjson#line 2"),
    "one-number-two-names": ({"fhir/x.json": {**STRANGER, "identifier": PATIENT["identifier"]}}, "fhir/x.json"),
    "one-number-another-birth-date": (
        {"fhir/x.json": {**PATIENT, "id": "x", "birthDate": "1931-01-02"}},
        "fhir/x.json",
    ),
    "one-name-another-number": (
        {"fhir/x.json": {**PATIENT, "id": "x", "identifier": STRANGER["identifier"]}},
        "fhir/x.json",
    ),
    "number-of-another-issuer": (
        {"fhir/x.json": {**PATIENT, "identifier": [{"system": "https://x.example", "value": "MRN-77001"}]}},
        "fhir/x.json",
    ),
    "number-without-issuer": ({"fhir/x.json": {**PATIENT, "identifier": [{"value": "MRN-77001"}]}}, "fhir/x.json"),
    "patient-who-says-nothing": ({"fhir/x.json": {"resourceType": "Patient", "id": "x"}}, "fhir/x.json"),
}


@pytest.mark.parametrize("form", STRANGERS)
def test_another_person_in_any_form_stops_the_case(form: str, tmp_path: Path) -> None:
    files, named = STRANGERS[form]
    folder = write(tmp_path / "case", {"fhir/p.json": PATIENT, "fhir/report.json": REPORT} | files)
    with pytest.raises(ProblemError) as refused:
        load_case(folder, DEFAULT_NAMESPACE)
    [problem] = refused.value.problems
    assert (problem.code, problem.rule, problem.where) == ("conflict", "case.person", named)
    assert [secret for secret in SECRETS if secret in str(problem)] == []


IMAGES: dict[str, dict[str, Any]] = {
    "another": {"PatientName": "Fremdling^Oskar", "PatientID": "MRN-90210", "PatientBirthDate": "19310102"},
    "same-number-another-name": {
        "PatientName": "Fremdling^Oskar", "PatientID": "MRN-77001", "PatientBirthDate": "19580719",
    },
    "same-name-another-number": {
        "PatientName": "Testperson^Mirabel", "PatientID": "MRN-90210", "PatientBirthDate": "19580719",
    },
    "another-birth-date": {
        "PatientName": "Testperson^Mirabel", "PatientID": "MRN-77001", "PatientBirthDate": "19310102",
    },
    "another-birth-date-in-a-form-of-its-own": {
        "PatientName": "Testperson^Mirabel", "PatientID": "MRN-77001", "PatientBirthDate": "02.01.1931",
    },
    "another-birth-date-in-iso-8601": {
        "PatientName": "Testperson^Mirabel", "PatientID": "MRN-77001", "PatientBirthDate": "1931-01-02",
    },
    "nobody": {"PatientName": None, "PatientID": None, "PatientBirthDate": None},
}  # fmt: skip
SOURCES = [{"path": "dicom", "patient_system": NUMBERS}]


@pytest.mark.parametrize("form", IMAGES)
def test_an_image_of_another_person_stops_the_case(form: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "case", {}, case(sources=SOURCES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what pydicom says of a date that is none
        image = dataset(**IMAGES[form])
    write_image(folder / "dicom/one.dcm", image)
    with pytest.raises(ProblemError) as refused:
        load_case(folder, DEFAULT_NAMESPACE)
    [problem] = refused.value.problems
    assert (problem.rule, problem.where) == ("case.person", "dicom/one.dcm")
    assert [secret for secret in SECRETS if secret in str(problem)] == []


OWN = {"PatientName": "Testperson^Mirabel", "PatientID": "MRN-77001", "PatientBirthDate": "19580719"}


def test_an_image_of_the_patient_is_taken_where_its_issuer_is_known(tmp_path: Path) -> None:
    folder = write(tmp_path / "case", {}, case(sources=SOURCES))
    write_image(folder / "dicom/one.dcm", dataset(**OWN))
    assert [study.uid for study in load_case(folder, DEFAULT_NAMESPACE).case.studies] == ["1.2.3"]


def test_a_number_without_its_issuer_is_nobodys(tmp_path: Path) -> None:
    folder = write(tmp_path / "case", {}, case(sources=[]))
    write_image(folder / "dicom/one.dcm", dataset(**OWN))
    with pytest.raises(ProblemError, match="cannot be shown to belong to the case"):
        load_case(folder, DEFAULT_NAMESPACE)


def test_one_image_of_another_person_in_a_study_stops_the_case(tmp_path: Path) -> None:
    folder = write(tmp_path / "case", {}, case(sources=SOURCES))
    write_image(folder / "dicom/one.dcm", dataset(**OWN))
    write_image(folder / "dicom/two.dcm", dataset(**IMAGES["another"], SOPInstanceUID="1.2.3.1.2", InstanceNumber="2"))
    with pytest.raises(ProblemError) as refused:
        load_case(folder, DEFAULT_NAMESPACE)
    assert [p.where for p in refused.value.problems] == ["dicom/two.dcm"]


def test_another_name_is_followed_where_the_case_says_so(tmp_path: Path) -> None:
    told = case()
    told["patient"]["known_as"] = [
        {"identifiers": [{"system": NUMBERS, "value": "MRN-90210"}], "names": [{"text": "Oskar Fremdling"}]}
    ]
    moved = {**STRANGER, "birthDate": "1958-07-19"}
    loaded = load_case(write(tmp_path / "case", {"fhir/x.json": moved}, told), DEFAULT_NAMESPACE)
    assert [item.type for item in loaded.carried] == ["Patient"]


def test_what_is_about_nobody_here_is_not_released_unless_the_case_vouches(tmp_path: Path) -> None:
    away = {**REPORT, "subject": {"reference": "Patient/elsewhere"}}
    inside = {**REPORT, "contained": [STRANGER], "subject": {"reference": "#x"}}
    nameless = {key: value for key, value in REPORT.items() if key != "subject"}
    for number, resource in enumerate((away, inside, nameless)):
        files = {"fhir/p.json": PATIENT, "fhir/report.json": resource}
        loaded = load_case(write(tmp_path / str(number), files), DEFAULT_NAMESPACE)
        assert loaded.unowned == {"https://ehr.example/r4/DiagnosticReport/report"}
    line = {"item": "DiagnosticReport/report", "kind": "pathology_report"}
    vouched = write(tmp_path / "vouched", {"fhir/report.json": away}, case(materials=[line]))
    assert load_case(vouched, DEFAULT_NAMESPACE).unowned == frozenset()


def test_one_word_about_somebody_else_keeps_a_resource_back(tmp_path: Path) -> None:
    ours, other = {"reference": "Patient/p"}, {"reference": "Patient/elsewhere"}
    files = {
        "fhir/p.json": PATIENT,
        "fhir/flag.json": {"resourceType": "Flag", "id": "x", "subject": other, "patient": ours},
        "fhir/group.json": {"resourceType": "Group", "id": "x", "member": [{"entity": ours}, {"entity": other}]},
        "fhir/mother.json": {"resourceType": "RelatedPerson", "id": "x", "patient": other},
        "fhir/bytes.json": {"resourceType": "Binary", "id": "x", "securityContext": other},
        "fhir/vital.json": {"resourceType": "Observation", "id": "x", "performer": [ours]},
    }
    loaded = load_case(write(tmp_path / "case", files), DEFAULT_NAMESPACE)
    kept_back = {"Flag", "Group", "RelatedPerson", "Binary", "Observation"}
    assert loaded.unowned == {f"https://ehr.example/r4/{kind}/x" for kind in kept_back}


def test_a_reading_stands_under_the_full_url_of_what_is_read(tmp_path: Path) -> None:
    loaded = load_case(write(tmp_path / "case", {"fhir/p.json": PATIENT, "fhir/r.json": REPORT}), DEFAULT_NAMESPACE)
    assert [report.id for report in loaded.case.reports] == ["https://ehr.example/r4/DiagnosticReport/report"]


def test_two_files_with_one_id_and_other_content_are_two_resources(tmp_path: Path) -> None:
    files = {"fhir/p.json": PATIENT, "fhir/a.json": REPORT, "fhir/b.json": {**REPORT, "conclusion": "No sarcoma."}}
    loaded = load_case(write(tmp_path / "case", files), DEFAULT_NAMESPACE)
    reports = [item.full_url for item in loaded.carried if item.type == "DiagnosticReport"]
    assert len(reports) == 2
    assert set(loaded.contested.values()) == {"https://ehr.example/r4/DiagnosticReport/report"}
    told = {draft.source: [p.rule for p in draft.problems] for draft in loaded.drafts}
    assert told == {"fhir/a.json": ["fhir.fullurl"], "fhir/b.json": ["fhir.fullurl"], "fhir/p.json": []}


def test_files_that_are_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "case", {}, case())
    (tmp_path / "outside.txt").write_text("outside")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    [draft] = load_case(folder, DEFAULT_NAMESPACE).drafts
    assert (draft.source, draft.refused, [p.code for p in draft.problems]) == ("link.txt", True, ["security"])


@pytest.mark.parametrize(
    ("change", "where", "rule"),
    [
        ({"materials": [{"path": "a.txt", "kind": "pathology report"}]}, "case.json $.materials[0].kind", "case.kind"),
        ({"sources": [{"path": ".", "zone": "America/Chicgo"}]}, "case.json $.sources[0].zone", "case.zone"),
        ({"sources": [{"path": ".", "base": "not a url"}]}, "case.json $.sources[0].base", "case.base"),
    ],
)
def test_a_word_that_means_nothing_is_refused_with_its_place(
    tmp_path: Path, change: dict[str, Any], where: str, rule: str
) -> None:
    told = case(**change)
    folder = write(tmp_path / "case", {"a.txt": b"words"}, told)
    with pytest.raises(ProblemError) as caught:
        load_case(folder, DEFAULT_NAMESPACE)
    assert [(found.where, found.rule) for found in caught.value.problems] == [(where, rule)]
    assert not any(value in str(caught.value) for value in ("pathology report", "Chicgo", "not a url"))


def test_a_ground_of_harm_that_the_law_has_not_is_refused_before_anything_is_decided(tmp_path: Path) -> None:
    found = {"ground": "life_or_safety", "applies_to": [], "by_licensed_professional": True}
    access = {
        "id": "access", "pathway": "access", "requester": "patient", "recipient": "patient",
        "recipient_party": "patient", "purpose": "patient_request", "determinations": [found],
    }  # fmt: skip
    folder = write(tmp_path / "case", {}, case(access=access))
    with pytest.raises(ProblemError) as caught:
        load_case(folder, DEFAULT_NAMESPACE)
    [problem] = caught.value.problems
    assert problem.where == "case.json $.access.determinations[0].ground"
    assert "endanger_life_or_safety" in problem.message
    assert "life_or_safety" not in problem.message.replace("endanger_life_or_safety", "")


@pytest.mark.parametrize(
    ("subject", "unowned"),
    [
        ({"identifier": {"system": NUMBERS, "value": "MRN-90210"}}, True),
        ({"reference": "Patient/elsewhere"}, False),
    ],
)
def test_a_line_vouches_for_what_names_nobody_and_never_against_a_name(
    tmp_path: Path, subject: dict[str, Any], unowned: bool
) -> None:
    stray = {"resourceType": "Observation", "id": "stray", "status": "final", "code": {"text": "x"}, "subject": subject}
    told = case(materials=[{"item": "Observation/stray"}])
    folder = write(tmp_path / "case", {"fhir/p.json": PATIENT, "fhir/o.json": stray}, told)
    loaded = load_case(folder, DEFAULT_NAMESPACE)
    [carried] = [one for one in loaded.carried if one.type == "Observation"]
    assert (carried.full_url in loaded.unowned) is unowned


def test_an_empty_file_is_no_document(tmp_path: Path) -> None:
    told = case(materials=[{"path": "report.pdf", "kind": "pathology_report"}])
    folder = write(tmp_path / "case", {"report.pdf": b""}, told)
    with pytest.raises(ProblemError, match="is empty, and declared"):
        load_case(folder, DEFAULT_NAMESPACE)


def test_the_holder_is_no_recipient_and_a_number_needs_the_issuers_uri() -> None:
    told = case()
    told["access"]["recipient_party"] = told["holder"]
    with pytest.raises(ProblemError, match="is the holder itself"):
        read_case(json.dumps(told).encode())
    told = case()
    told["patient"]["identifiers"][0]["system"] = "MRN"
    with pytest.raises(ProblemError, match="`system` must be the issuer's URI"):
        read_case(json.dumps(told).encode())


def _declared(folder: Path, files: dict[str, Any], path: str) -> str:
    told = case(materials=[{"path": path, "kind": "pathology_report"}])
    write(folder, {name: each for name, each in files.items() if not isinstance(each, Path)}, told)
    for name, target in files.items():
        if isinstance(target, Path):
            (folder / name).symlink_to(target)
    with pytest.raises(ProblemError) as caught:
        load_case(folder, DEFAULT_NAMESPACE)
    (found,) = caught.value.problems
    assert found.rule == "case.materials"
    return f"{found.code}: {found.where}: {found.message}"


NAMED = "(a line under `materials` in case.json names it)"


def test_a_declared_file_that_is_not_there(tmp_path: Path) -> None:
    said = _declared(tmp_path / "case", {}, "a/report.pdf")
    assert said == f"not-found: a/report.pdf: is not in the case folder: add the file or mend the path {NAMED}"


def test_a_declared_file_that_cannot_be_read_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(place: str, *more: Any, **named: Any) -> Any:
        if place.endswith("report.pdf"):
            raise PermissionError(13, "Permission denied", place)
        return open(place, *more, **named)

    monkeypatch.setattr("adapter.sources.examining.open", locked, raising=False)
    said = _declared(tmp_path / "case", {"a/report.pdf": "%PDF-1.7"}, "a/report.pdf")
    assert said == f"no-store: a/report.pdf: cannot be read; check its permissions {NAMED}"


def test_a_declared_file_in_a_folder_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def locked(path: Any) -> Any:
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    said = _declared(tmp_path / "case", {"a/b/report.pdf": "%PDF-1.7"}, "a/b/report.pdf")
    told = f"is a folder that cannot be read; check its permissions {NAMED}"
    assert said == f"no-store: a/b/report.pdf, because of a: {told}"


def test_a_declared_file_that_is_a_link_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "out.pdf").write_text("%PDF-1.7", encoding="utf-8")
    said = _declared(tmp_path / "case", {"report.pdf": tmp_path / "out.pdf"}, "report.pdf")
    told = "is a link that leads out of the folder, or no regular file; copy the file itself here"
    assert said == f"security: report.pdf: {told} {NAMED}"


@pytest.mark.parametrize("path", ["fhir/report.json", "fhir/both.json"])
def test_a_declared_file_that_is_read_as_what_it_is(tmp_path: Path, path: str) -> None:
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT}
    both = bundle((None, {**REPORT, "id": "a"}), (None, {**REPORT, "id": "b", "issued": "2026-02-22T10:00:00-05:00"}))
    said = _declared(tmp_path / "case", files | {"fhir/both.json": both}, path)
    told = "is FHIR or DICOM and is read as such, not as a document: to say more of what it holds, name that by `item`"
    assert said == f"business-rule: {path}: {told} in place of `path` {NAMED}"


def test_a_declared_file_inside_a_case_bundle(tmp_path: Path) -> None:
    files = {"sent/manifest.json": {"format": "second-opinion-bundle/1"}, "sent/report.pdf": "%PDF-1.7"}
    said = _declared(tmp_path / "case", files, "sent/report.pdf")
    assert said.startswith("business-rule: sent/report.pdf, because of sent/: is a case bundle; what was exported is")


def test_of_many_files_of_somebody_else_a_few_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    files = {f"fhir/them/{n:04}.json": _about("Observation", "subject", id=str(n)) for n in range(2000)}
    folder = write(
        tmp_path / "case",
        {
            "fhir/p.json": PATIENT,
            "fhir/x.json": STRANGER,
        }
        | files,
    )
    with pytest.raises(ProblemError) as caught:
        load_case(folder, DEFAULT_NAMESPACE)
    (found,) = caught.value.problems
    assert found.where == "fhir/them/0000.json, fhir/them/0001.json, fhir/them/0002.json and 1998 more below fhir/"
    assert found.message.startswith("cannot be shown to belong to the case's patient (")


CT = "1.2.840.10008.5.1.4.1.1.2"


def test_of_a_series_what_the_case_says_stands_and_what_files_say_otherwise_is_told(tmp_path: Path) -> None:
    """A side that is silently another, or an instance that is no more, misleads a reviewer."""
    listed = [{"uid": f"1.2.3.1.{number}", "sop_class": CT} for number in (1, 2)]
    series = {"uid": "1.2.3.1", "modality": "CT", "number": 9, "laterality": "left", "instances": listed}
    told = case(sources=SOURCES, studies=[{"id": "study", "uid": "1.2.3", "series": [series]}])
    folder = write(tmp_path / "case", {}, told)
    write_image(folder / "dicom/one.dcm", dataset(**OWN, Laterality="R", SeriesDescription="axial"))
    loaded = load_case(folder, DEFAULT_NAMESPACE)
    [found] = loaded.case.studies[0].series
    assert (found.number, found.laterality, found.description) == (9, "left", "axial")
    assert sorted(each.uid for each in found.instances) == ["1.2.3.1.1", "1.2.3.1.2"]
    notes = [note for draft in loaded.drafts for note in draft.problems if note.rule == "dicom.series"]
    assert [(note.where, note.severity) for note in notes] == [("dicom/one.dcm (0020,000E)", "warning")]
    assert ": number, side;" in notes[0].message


def test_a_series_that_the_case_says_as_its_files_do_is_not_told(tmp_path: Path) -> None:
    series = {"uid": "1.2.3.1", "modality": "CT", "number": 1, "instances": [{"uid": "1.2.3.1.1", "sop_class": CT}]}
    told = case(sources=SOURCES, studies=[{"id": "study", "uid": "1.2.3", "series": [series]}])
    folder = write(tmp_path / "case", {}, told)
    write_image(folder / "dicom/one.dcm", dataset(**OWN, Laterality="R"))
    loaded = load_case(folder, DEFAULT_NAMESPACE)
    assert loaded.case.studies[0].series[0].laterality == "right"
    assert [note for draft in loaded.drafts for note in draft.problems if note.rule == "dicom.series"] == []
