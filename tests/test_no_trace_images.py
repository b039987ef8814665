"""What is withheld of images leaves no trace: no specimen that only they tell of, no document that they enclose."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from adapter.config import Settings
from adapter.delivery.bundle_import import import_bundle
from adapter.pipeline import Exported, check_case
from mappings.problems import ProblemError
from tests import golden, small_case
from tests.enclosing import LAB, PAPERS, PDF, SLIDES, SOURCES, paper, put, scan
from tests.small_case import NUMBERS, PATIENT, REPORT, SECRET, case, delivered
from tests.test_no_trace import traces

PLAIN: dict[str, Any] = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT}
Json = dict[str, Any]


def send(folder: Path, images: dict[str, Dataset], files: Json | None = None, **told: Any) -> dict[str, bytes]:
    """What is delivered of a small case with these images; its own words and files besides."""
    made(folder, images, files, **told)
    golden.export(folder / "case", folder / "out")
    return delivered(folder / "out")


def made(folder: Path, images: dict[str, Dataset], files: Json | None = None, **told: Any) -> Path:
    folder.mkdir(exist_ok=True)
    place = small_case.write(folder / "case", PLAIN | (files or {}), case(sources=SOURCES) | told)
    return put(place, **images)


def resources(files: dict[str, bytes], kind: str) -> list[Json]:
    found = (entry["resource"] for entry in json.loads(files["bundle.json"])["entry"])
    return [resource for resource in found if resource["resourceType"] == kind]


def labels(files: dict[str, bytes]) -> list[str]:
    return sorted(one["identifier"][0]["value"] for one in resources(files, "Specimen"))


def kept_back(*names: str) -> Json:
    agreed = {"agreed": True, "blocks_recipient": "review_center", "items": list(names)}
    return {"access": {**small_case.CASE["access"], "restrictions": [agreed]}}


def declare(path: str = "dicom/paper.dcm", **more: Any) -> Json:
    return {"materials": [{"path": path, "kind": "pathology_report", **more}]}


# --- specimens


def test_what_headers_tell_of_specimens_goes_with_the_images(tmp_path: Path) -> None:
    files = send(tmp_path, {"scan": scan()})
    assert labels(files) == ["S26-1-A", "S26-1-A1", "S26-1-A1-1"]
    by_label = {one["identifier"][0]["value"]: one for one in resources(files, "Specimen")}
    urls = {e["resource"]["id"]: e["fullUrl"] for e in json.loads(files["bundle.json"])["entry"]}
    assert by_label["S26-1-A1-1"]["parent"] == [{"reference": urls[by_label["S26-1-A1"]["id"]]}]
    assert by_label["S26-1-A1"]["parent"] == [{"reference": urls[by_label["S26-1-A"]["id"]]}]
    [study] = resources(files, "ImagingStudy")
    assert study["series"][0]["specimen"] == [{"reference": urls[by_label["S26-1-A1-1"]["id"]]}]
    assert "slide-kind" not in json.dumps(by_label["S26-1-A1-1"]), "nobody told whether it is the original"


@pytest.mark.parametrize("how", ["line", "restriction", "offered"])
def test_nothing_of_a_specimen_goes_that_only_withheld_images_tell_of(how: str, tmp_path: Path) -> None:
    told: dict[str, Json] = {
        "line": {"materials": [{"item": SLIDES, "sensitivity": "psychotherapy"}]},
        "restriction": kept_back(SLIDES),
        "offered": {"materials": [{"item": SLIDES, "offered": False}]},
    }
    image = scan(f"{SECRET}-A1-1")
    files = send(tmp_path, {"scan": image}, studies=[{"id": "wsi", "uid": SLIDES, "series": []}], **told[how])
    assert traces(files, {SECRET, SLIDES, "Hematoxylin", "IM000000"}) == set()
    assert files == send(tmp_path / "never", {})


def test_of_a_specimen_in_two_studies_only_what_the_released_one_tells_goes(tmp_path: Path) -> None:
    other = scan(study="1.2.41", stain=("999000", f"{SECRET} stain"), SOPInstanceUID="1.2.41.1.1")
    studies = [{"id": "other", "uid": "1.2.41", "series": []}]
    files = send(tmp_path, {"a": other, "scan": scan()}, studies=studies, **kept_back("other"))
    assert traces(files, {SECRET, "1.2.41"}) == set()
    assert labels(files) == ["S26-1-A", "S26-1-A1", "S26-1-A1-1"]
    assert files == send(tmp_path / "never", {"scan": scan()})


def test_a_specimen_that_a_header_tells_of_has_no_name_of_its_own_in_the_authority(tmp_path: Path) -> None:
    folder = made(tmp_path, {"scan": scan()})
    [name] = [s.id for s in check_case(folder, Settings(), golden.NOW).loaded.case.slides]
    for number, told in enumerate((kept_back(name), {"materials": [{"item": name, "offered": False}]})):
        place = made(tmp_path / str(number), {"scan": scan()}, **told)
        with pytest.raises(ProblemError, match="names nothing that is decided about here"):
            check_case(place, Settings(), golden.NOW)


DECLARED: Json = {
    "parts": [{"id": "part", "identifiers": [{"system": LAB, "value": "S26-1-A"}]}],
    "blocks": [{"id": "block", "part": "part", "identifiers": [{"system": LAB, "value": "S26-1-A1"}]}],
    "slides": [{"id": "slide", "parent": "block", "identifiers": [{"system": LAB, "value": "S26-1-A1-1"}]}],
}


def test_what_is_declared_and_told_is_one_thing(tmp_path: Path) -> None:
    files = send(tmp_path, {"scan": scan()}, **DECLARED)
    assert labels(files) == ["S26-1-A", "S26-1-A1", "S26-1-A1-1"]
    assert not [name for name in _names(files) if name.startswith("specimen-")]


def _names(files: dict[str, bytes]) -> list[str]:
    told = json.loads(files["case.json"])
    return [one["id"] for kind in ("parts", "blocks", "slides") for one in told.get(kind, ())]


def test_a_told_slide_of_a_declared_block_that_stays_stands_as_if_the_block_had_never_been_declared(
    tmp_path: Path,
) -> None:
    files = send(tmp_path, {"scan": scan()}, blocks=DECLARED["blocks"], parts=DECLARED["parts"], **kept_back("block"))
    assert files == send(tmp_path / "never", {"scan": scan()}, parts=DECLARED["parts"])


def test_a_case_with_told_specimens_comes_back_as_it_went(tmp_path: Path) -> None:
    sent = send(tmp_path, {"scan": scan(), "paper": paper()}, **declare())
    import_bundle(tmp_path / "out", tmp_path / "back")
    golden.export(tmp_path / "back", tmp_path / "again")
    assert delivered(tmp_path / "again") == sent


# --- enclosed documents


def _bytes_of(data: bytes) -> set[str]:
    """Forms in which a file of the bundle would hold these bytes or tell of them."""
    digest = hashlib.sha256(data).hexdigest()
    return {base64.b64encode(data).decode(), digest, base64.b64encode(hashlib.sha1(data).digest()).decode()}


def _holds(files: dict[str, bytes], data: bytes) -> list[str]:
    return sorted(path for path, held in files.items() if data in held)


def test_an_enclosed_document_goes_with_its_exact_bytes_where_a_line_declares_it(tmp_path: Path) -> None:
    files = send(tmp_path, {"paper": paper()}, **declare())
    [document] = resources(files, "DocumentReference")
    [binary] = [one for one in resources(files, "Binary")]
    assert base64.b64decode(binary["data"]) == PDF
    assert files["documents/enclosed.pdf"] == PDF
    attachment = document["content"][0]["attachment"]
    assert (attachment["title"], attachment["creation"]) == ("Enclosed report", "2026-01-10")
    assert _holds(files, PDF) == ["DICOM/PT000000/ST000000/SE000000/ED000000", "documents/enclosed.pdf"]


def test_an_enclosed_document_that_nobody_declares_stays_with_its_instance(tmp_path: Path) -> None:
    secret = paper(PDF + SECRET.encode(), DocumentTitle=SECRET, StudyDescription=SECRET, SeriesDescription=SECRET)
    files = send(tmp_path, {"paper": secret, "scan": scan()})
    assert traces(files, {SECRET, PAPERS, *_bytes_of(PDF + SECRET.encode())}) == set()
    assert files == send(tmp_path / "never", {"scan": scan()})


SAME_STUDY: dict[str, Any] = {"study": SLIDES, "SeriesInstanceUID": f"{SLIDES}.8", "SOPInstanceUID": f"{SLIDES}.8.1"}
SECRETS: dict[str, Any] = {"DocumentTitle": SECRET, "StudyDescription": SECRET, "SeriesDescription": SECRET}
"""What only the enclosing instance says of its study, its series and itself."""
STAYS: dict[str, Json] = {
    "undeclared": {},
    "restricted-by-name": kept_back("told") | declare(id="told"),
    "restricted-by-uid": kept_back(f"{SLIDES}.8.1") | declare(id="told"),
    "restricted-by-its-own-name": kept_back(f"enclosed-{SLIDES}.8.1") | declare(),
    "restricted-by-place": kept_back("dicom/paper.dcm/enclosed.pdf") | declare(),
    "sensitive": declare(sensitivity="psychotherapy"),
    "not-offered": declare(offered=False),
    "not-offered-by-uid": {"materials": [{"item": f"{SLIDES}.8.1", "offered": False}]},
    "sensitive-by-name": {"materials": [{"item": f"enclosed-{SLIDES}.8.1", "sensitivity": "psychotherapy"}]},
}


@pytest.mark.parametrize("how", STAYS)
def test_an_instance_stays_with_its_document_and_the_rest_of_the_study_goes(how: str, tmp_path: Path) -> None:
    secret = paper(PDF + SECRET.encode(), **SAME_STUDY, **SECRETS)
    files = send(tmp_path, {"paper": secret, "scan": scan()}, **STAYS[how])
    assert traces(files, {SECRET, f"{SLIDES}.8", *_bytes_of(PDF + SECRET.encode())}) == set()
    assert files == send(tmp_path / "never", {"scan": scan()})


@pytest.mark.parametrize("how", ["restricted", "sensitive"])
def test_a_document_stays_with_the_study_around_it(how: str, tmp_path: Path) -> None:
    secret = paper(PDF + SECRET.encode(), **SAME_STUDY, **SECRETS)
    told = declare(id="told")
    if how == "restricted":
        told |= kept_back(SLIDES)
    else:
        told["materials"].append({"item": SLIDES, "sensitivity": "psychotherapy"})
    files = send(tmp_path, {"paper": secret, "scan": scan()}, **told)
    assert traces(files, {SECRET, SLIDES, "told", *_bytes_of(PDF + SECRET.encode())}) == set()
    assert files == send(tmp_path / "never", {})


PART2: Json = {
    "patient_named": True,
    "discloser": True,
    "description": True,
    "recipients": "My treating providers",
    "recipient_is_covered_entity": True,
    "tpo_single_consent": True,
    "hipaa_redisclosure_statement": True,
    "purpose": "For treatment, payment, and health care operations",
    "revocation_right": True,
    "expiry": "none",
    "signed": True,
    "signed_on": "2025-06-02",
    "redisclosure_potential_statement": True,
    "refusal_consequences_statement": True,
}
OF_PART2 = {"part2", "Part 2", "42CFRPart2", "PART2", "2025-06-02", "treating providers"}


def test_no_paper_goes_that_only_a_document_in_a_withheld_study_rests_on(tmp_path: Path) -> None:
    told = declare(id="told", sensitivity="part2")
    images = {"paper": paper(**SAME_STUDY), "scan": scan()}
    access = small_case.CASE["access"] | {"part2_consent": PART2}
    assert traces(send(tmp_path / "goes", images, **told, access=access), OF_PART2) != set()
    access |= {"restrictions": kept_back(SLIDES)["access"]["restrictions"]}
    assert traces(send(tmp_path / "stays", images, **told, access=access), OF_PART2) == set()


def test_a_study_of_nothing_but_withheld_documents_is_not_there(tmp_path: Path) -> None:
    images = {"paper": paper(), "second": paper(PDF + b"2", number=2)}
    lines = [{"path": f"dicom/{name}.dcm", "id": name, "kind": "pathology_report"} for name in images]
    both = send(tmp_path, images, materials=lines, **kept_back("paper", "second"))
    assert traces(both, {PAPERS}) == set()
    assert both == send(tmp_path / "never", {})
    one = send(tmp_path / "one", images, materials=lines, **kept_back("paper"))
    assert one == send(tmp_path / "other", {"second": images["second"]}, materials=lines[1:])


def test_the_number_of_a_person_that_only_a_withheld_instance_knows_stays(tmp_path: Path) -> None:
    known = {"identifiers": [{"system": NUMBERS, "value": SECRET}], "names": [{"text": "Mirabel Testperson"}]}
    patient = small_case.CASE["patient"] | {"known_as": [known]}
    secret = paper(**SAME_STUDY, PatientID=SECRET)
    files = send(tmp_path, {"a": secret, "scan": scan()}, patient=patient)
    assert traces(files, {SECRET}) == set()


STUDY_UID = {"system": "urn:dicom:uid", "value": f"urn:oid:{SLIDES}"}
AS_FHIR: Json = {
    "resourceType": "ImagingStudy",
    "id": f"{SECRET}-study",
    "status": "available",
    "identifier": [STUDY_UID],
    "subject": {"reference": "Patient/p"},
    "numberOfInstances": 2,
}
BESIDE: dict[str, Json] = {
    "study-with-a-count": AS_FHIR,
    "reference-by-uid": {
        "resourceType": "DocumentReference",
        "id": f"{SECRET}-reference",
        "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:oid:{SLIDES}.8.1"},
        "status": "current",
        "subject": {"reference": "Patient/p"},
        "content": [{"attachment": {"contentType": "application/dicom", "title": SECRET}}],
    },
    "same-bytes": {
        "resourceType": "DocumentReference",
        "id": f"{SECRET}-bytes",
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11526-1"}]},
        "subject": {"reference": "Patient/p"},
        "content": [{"attachment": {"contentType": "application/pdf", "data": base64.b64encode(PDF).decode()}}],
    },
}


@pytest.mark.parametrize("way", BESIDE)
def test_nothing_that_came_as_fhir_tells_of_a_withheld_instance(way: str, tmp_path: Path) -> None:
    images = {"paper": paper(**SAME_STUDY), "scan": scan()}
    files = send(tmp_path, images, {"fhir/x.json": BESIDE[way]}, **declare(id="told") | kept_back("told"))
    assert traces(files, {SECRET, f"{SLIDES}.8", *_bytes_of(PDF)}) == set()
    assert len(resources(files, "ImagingStudy")) == 1, "the scan goes"


def test_what_came_as_fhir_with_the_bytes_of_a_document_in_a_withheld_study_stays(tmp_path: Path) -> None:
    told = declare(id="told") | kept_back(SLIDES)
    files = send(tmp_path, {"paper": paper(**SAME_STUDY)}, {"fhir/x.json": BESIDE["same-bytes"]}, **told)
    assert traces(files, {SECRET, SLIDES, *_bytes_of(PDF)}) == set()


def test_a_number_that_only_begins_like_a_withheld_instance_is_another(tmp_path: Path) -> None:
    other = BESIDE["reference-by-uid"] | {"masterIdentifier": {"system": "x:y", "value": f"{SLIDES}.8.1.7"}}
    images = {"paper": paper(**SAME_STUDY), "scan": scan()}
    files = send(tmp_path, images, {"fhir/x.json": other}, **declare(id="told") | kept_back("told"))
    assert len(resources(files, "DocumentReference")) == 1


def test_a_file_with_the_bytes_of_an_enclosed_document_is_that_document(tmp_path: Path) -> None:
    line = {"path": "a.pdf", "id": "file", "kind": "pathology_report"}
    images = {"paper": paper(), "scan": scan()}
    files = send(tmp_path, images, {"a.pdf": PDF}, materials=[line])
    assert len(resources(files, "DocumentReference")) == 1
    assert PAPERS in files["bundle.json"].decode()
    kept = send(tmp_path / "kept", images, {"a.pdf": PDF}, materials=[line], **kept_back("file"))
    assert kept == send(tmp_path / "never", {"scan": scan()})


def test_two_lines_may_not_say_different_things_of_the_same_bytes(tmp_path: Path) -> None:
    lines = [
        {"path": "a.pdf", "id": "file", "kind": "pathology_report"},
        {"path": "dicom/paper.dcm", "kind": "psychotherapy_notes"},
    ]
    place = made(tmp_path, {"paper": paper()}, {"a.pdf": PDF}, materials=lines)
    with pytest.raises(ProblemError, match=r"has the same bytes as a\.pdf, but its line says something else"):
        golden.export(place, tmp_path / "out")


def test_two_lines_about_one_enclosed_document_are_refused(tmp_path: Path) -> None:
    lines = [{"path": "dicom/paper.dcm", "kind": "pathology_report"}, {"item": f"{PAPERS}.8.1", "offered": False}]
    place = made(tmp_path, {"paper": paper()}, materials=lines)
    with pytest.raises(ProblemError, match=r"\$\.materials\[1\]: is about a document that another line declares"):
        golden.export(place, tmp_path / "out")


@pytest.mark.parametrize("sop_class", [f"1.2.840.10008.5.1.4.1.1.104.{number}" for number in range(1, 6)])
def test_an_instance_of_such_a_class_encloses_a_document_whether_it_says_its_type_or_not(
    sop_class: str, tmp_path: Path
) -> None:
    secret = paper(SECRET.encode(), SOPClassUID=sop_class, MIMETypeOfEncapsulatedDocument=None)
    files = send(tmp_path, {"paper": secret})
    assert traces(files, {SECRET, PAPERS, *_bytes_of(SECRET.encode())}) == set()


def test_an_enclosed_document_that_is_cut_off_stays_with_its_instance(tmp_path: Path) -> None:
    broken = paper(SECRET.encode(), EncapsulatedDocumentLength=4000, **SAME_STUDY)
    files = send(tmp_path, {"paper": broken, "scan": scan()}, **declare())
    assert files == send(tmp_path / "never", {"scan": scan()})


# --- everything that may be withheld, in every combination


OTHER = "1.2.41"
ALL: dict[str, Dataset] = {
    "first": scan(),
    "second": scan("S26-1-A1-2", OTHER, ("36879007", "Eosin stain")),
    "inside": paper(**SAME_STUDY),
    "alone": paper(PDF + b"alone"),
}
"""Two slides of one block in two studies; a document in one of them, and one that is a study by itself."""
STUDY_OF = {"first": SLIDES, "second": OTHER, "inside": SLIDES, "alone": PAPERS}
LINES: dict[str, Json] = {
    name: {"path": f"dicom/{name}.dcm", "id": name, "kind": "pathology_report"} for name in ("inside", "alone")
}
MAY_STAY = (SLIDES, OTHER, "inside", "alone")


@pytest.mark.parametrize("chosen", range(1, 2 ** len(MAY_STAY)))
def test_whatever_stays_might_as_well_not_be_there(chosen: int, tmp_path: Path) -> None:
    stays = {name for number, name in enumerate(MAY_STAY) if chosen >> number & 1}
    told: dict[str, Any] = kept_back(*sorted(stays))
    files = send(tmp_path, ALL, materials=list(LINES.values()), **told)
    left = {name: image for name, image in ALL.items() if not stays & {name, STUDY_OF[name]}}
    lines = [line for name, line in LINES.items() if name in left]
    never: dict[str, Any] = {"materials": lines} if lines else {}
    assert files == send(tmp_path / "never", left, **never)


# --- the holder's account


def exported(folder: Path, images: dict[str, Dataset], **told: Any) -> Exported:
    return golden.export(made(folder, images, **told), folder / "out")


def test_every_file_is_on_the_account(tmp_path: Path) -> None:
    images = {"open": paper(PDF + b"0", "1.2.60"), "paper": paper(**SAME_STUDY), "scan": scan()}
    lines = declare(id="told")
    done = exported(tmp_path, images, **lines | kept_back("told"))
    units = {
        unit.source: (unit.outcome, unit.resources, [p.rule for p in unit.problems]) for unit in done.account.units
    }
    assert units["dicom/scan.dcm"][:2] == ("mapped", ("ImagingStudy",))
    assert units["dicom/paper.dcm"] == ("withheld", (), ["AGREED_RESTRICTION"])
    assert units["dicom/open.dcm"] == ("withheld", (), ["case.enclosed"])
    gone = exported(tmp_path / "goes", {"paper": paper()}, **declare())
    [unit] = [unit for unit in gone.account.units if unit.source == "dicom/paper.dcm"]
    assert (unit.outcome, unit.resources) == ("kept", ("ImagingStudy", "DocumentReference"))
