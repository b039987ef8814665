"""Images to FHIR: specimens, enclosed documents with their exact bytes, slides of scanners, DICOMDIR; all accounted."""

import base64
import datetime as dt
import hashlib
import struct
from pathlib import Path
from typing import Any

import pytest

from adapter.convert import Converted, convert
from adapter.delivery.dicom_media import write_media
from mappings.fhir.wire import Json
from mappings.identity import DEFAULT_NAMESPACE
from tests.dicom_files import SM, dataset, item, write

DAY = dt.date(2026, 3, 16)
PDF_CLASS = "1.2.840.10008.5.1.4.1.1.104.1"
KOS = "1.2.840.10008.5.1.4.1.1.88.59"


def converted(folder: Path) -> Converted:
    return convert([folder], DEFAULT_NAMESPACE, DAY)


def resources(done: Converted, kind: str) -> list[Json]:
    entries = [entry["resource"] for bundle in done.bundles.values() for entry in bundle["entry"]]
    return [found for found in entries if found["resourceType"] == kind]


def rules(done: Converted) -> list[str]:
    return sorted({problem.rule for unit in done.account.units for problem in unit.problems})


def coded(value: str, scheme: str, meaning: str) -> Any:
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def pdf(data: bytes, length: int | None) -> Any:
    return dataset(
        SOPClassUID=PDF_CLASS,
        Modality="DOC",
        IssuerOfPatientID="HOSP",
        DocumentTitle="Pathology report",
        ContentDate="20260110",
        ContentTime="090000",
        TimezoneOffsetFromUTC="-0500",
        MIMETypeOfEncapsulatedDocument="application/pdf",
        EncapsulatedDocument=data,
        EncapsulatedDocumentLength=length,
    )


ODD = b"%PDF-1.7\nodd number of bytes.\n%%EOF"


@pytest.mark.parametrize("length", [len(ODD), None])
def test_an_enclosed_pdf_is_a_document_with_its_exact_bytes(tmp_path: Path, length: int | None) -> None:
    assert len(ODD) % 2 == 1
    write(tmp_path / "a.dcm", pdf(ODD + b"\0", length))
    done = converted(tmp_path)
    (document,), (data,) = resources(done, "DocumentReference"), resources(done, "Binary")
    attachment = document["content"][0]["attachment"]
    assert base64.b64decode(data["data"]) == ODD
    assert (attachment["contentType"], attachment["size"]) == ("application/pdf", len(ODD))
    assert base64.b64decode(attachment["hash"]) == hashlib.sha1(ODD).digest()
    assert (attachment["title"], attachment["creation"]) == ("Pathology report", "2026-01-10T09:00:00-05:00")
    (study,) = resources(done, "ImagingStudy")
    assert document["context"]["related"] == [{"reference": f"urn:uuid:{study['id']}"}]
    assert document["subject"] == study["subject"]
    assert [name.split("/")[0] for name in done.account.units[0].resources] == [
        "ImagingStudy",
        "DocumentReference",
        "Binary",
    ]


def test_an_enclosed_document_that_is_cut_off_is_told_and_the_study_stays(tmp_path: Path) -> None:
    write(tmp_path / "a.dcm", pdf(b"%PDF-1.7 ", 4000))
    done = converted(tmp_path)
    assert resources(done, "DocumentReference") == []
    assert [study["numberOfInstances"] for study in resources(done, "ImagingStudy")] == [1]
    assert [(p.severity, p.rule) for p in done.account.units[0].problems] == [("error", "PS3.3 C.24.2")]


def test_a_large_enclosed_document_travels_beside(tmp_path: Path) -> None:
    data = b"%PDF-1.7\n" + bytes(5_000_001)
    write(tmp_path / "a.dcm", pdf(data + b"\0" * (len(data) % 2), len(data)))
    done = converted(tmp_path)
    (key,) = done.bundles
    ((path, file),) = done.files[key].items()
    file.copy_to(tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == data
    assert resources(done, "DocumentReference")[0]["content"][0]["attachment"]["url"] == path


def test_key_objects_for_a_tumor_board_are_recognised(tmp_path: Path) -> None:
    title = [coded("128203", "DCM", "For Tumor Board")]
    write(tmp_path / "a.dcm", dataset(SOPClassUID=KOS, Modality="KO", ConceptNameCodeSequence=title))
    done = converted(tmp_path)
    (study,) = resources(done, "ImagingStudy")
    assert study["series"][0]["instance"][0]["title"] == "For Tumor Board"
    said = [p.message for p in done.account.units[0].problems if p.rule == "dicom.key-objects"]
    assert said == ["is a key object selection: images chosen for a tumor board"]


@pytest.mark.parametrize(
    ("value", "words"), [("113008", "for peer review"), ("9", "for a purpose that its title names")]
)
def test_other_titles_of_key_objects(tmp_path: Path, value: str, words: str) -> None:
    title = [coded(value, "DCM", "title")]
    write(tmp_path / "a.dcm", dataset(SOPClassUID=KOS, Modality="KO", ConceptNameCodeSequence=title))
    assert any(words in p.message for p in converted(tmp_path).account.units[0].problems)


def slide(number: int, image_type: str) -> Any:
    return dataset(
        SOPClassUID=SM,
        Modality="SM",
        SOPInstanceUID=f"1.2.3.1.{number}",
        InstanceNumber=number,
        NumberOfFrames=16,
        IssuerOfPatientID="HOSP",
        PatientSex="F",
        ImageType=["ORIGINAL", "PRIMARY", image_type, "NONE"],
        ContainerIdentifier="S26-1 A1-1",
        IssuerOfTheContainerIdentifierSequence=[item(UniversalEntityID="1.2.9", UniversalEntityIDType="ISO")],
        ContainerTypeCodeSequence=[coded("433466003", "SCT", "Microscope slide")],
        SpecimenDescriptionSequence=[item(SpecimenIdentifier="S26-1 A1-1", SpecimenUID="1.2.9.7")],
    )


def test_a_pyramid_is_one_series_of_a_slide_and_frames_are_no_instances(tmp_path: Path) -> None:
    for number, image_type in enumerate(("VOLUME", "VOLUME", "LABEL", "OVERVIEW"), 1):
        write(tmp_path / f"{number}.dcm", slide(number, image_type))
    done = converted(tmp_path)
    (study,), (specimen,), (person,) = (resources(done, k) for k in ("ImagingStudy", "Specimen", "Patient"))
    (series,) = study["series"]
    assert (study["numberOfInstances"], series["numberOfInstances"]) == (4, 4)
    assert [i["title"] for i in series["instance"]] == ["VOLUME", "VOLUME", "LABEL", "OVERVIEW"]
    assert series["specimen"] == [{"reference": f"urn:uuid:{specimen['id']}"}]
    assert specimen["container"][0]["type"]["coding"][0]["code"] == "433466003"
    assert [code["code"] for code in specimen["type"]["coding"]] == ["258661006"]
    assert specimen["identifier"] == [
        {"system": "urn:oid:1.2.9", "value": "S26-1 A1-1"},
        {"system": "urn:dicom:uid", "value": "urn:oid:1.2.9.7"},
    ]
    assert person["gender"] == "female"
    warned = [u.source for u in done.account.units for p in u.problems if p.rule == "dicom.label-image"]
    assert warned == [f"{tmp_path.name}/3.dcm"]


def tiff(text: bytes, tag: int = 270) -> bytes:
    """A TIFF whose first directory has one text."""
    directory = struct.pack("<H", 1) + struct.pack("<HHLL", tag, 2, len(text), 26) + struct.pack("<L", 0)
    return b"II*\0" + struct.pack("<L", 8) + directory + text


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (tiff(b"Aperio Image Library v12\0"), "Whole-slide image, Aperio (SVS)"),
        (tiff(b"Hamamatsu\0", 271), "Whole-slide image, Hamamatsu (NDPI)"),
        (b"ZISRAWFILE" + bytes(40), "Whole-slide image, Zeiss (CZI)"),
        (tiff(b"a holiday picture\0"), None),
        (b"II*\0" + b"\xff" * 12, None),
        (b"II+\0", None),
    ],
)
def test_slides_of_scanners_are_named_by_their_content(tmp_path: Path, data: bytes, title: str | None) -> None:
    (tmp_path / "x.bin").write_bytes(data)
    done = converted(tmp_path)
    (document,) = resources(done, "DocumentReference")
    assert document["content"][0]["attachment"].get("title") == title
    assert ("convert.slide" in rules(done)) is (title is not None)
    assert done.account.count("kept") == 1


def test_a_mirax_slide_and_its_folder_are_one_document(tmp_path: Path) -> None:
    (tmp_path / "in/S1").mkdir(parents=True)
    (tmp_path / "in/S1.mrxs").write_bytes(b"\xff\xd8\xffindex")
    for name in ("Slidedat.ini", "Data0000.dat", "Index.dat"):
        (tmp_path / "in/S1" / name).write_bytes(name.encode())
    done = converted(tmp_path / "in")
    (document,) = resources(done, "DocumentReference")
    digest = hashlib.sha256(b"\xff\xd8\xffindex").hexdigest()[:16]
    urls = [content["attachment"]["url"] for content in document["content"]]
    assert urls == [
        f"documents/{digest}/{name}" for name in ("S1.mrxs", "S1/Data0000.dat", "S1/Index.dat", "S1/Slidedat.ini")
    ]
    assert sorted(done.files["unassigned"]) == sorted(urls)
    assert [unit.outcome for unit in done.account.units] == ["kept"] * 4
    assert {unit.resources for unit in done.account.units} == {(f"DocumentReference/{document['id']}",)}


# --- DICOMDIR


def medium(folder: Path) -> Path:
    made = {
        f"1.2.3.1.{n}": write(folder / f"src/{n}", dataset(SOPInstanceUID=f"1.2.3.1.{n}", InstanceNumber=n))
        for n in range(1, 4)
    }
    write_media(made, folder / "cd", "2.25.1")
    return folder / "cd"


def about_directory(done: Converted) -> list[tuple[str, str]]:
    notes = [p for u in done.account.units for p in u.problems if p.rule == "dicom.dicomdir"]
    return [(p.severity, p.where) for p in notes]


def test_a_whole_medium(tmp_path: Path) -> None:
    done = converted(medium(tmp_path))
    assert about_directory(done) == [("information", "cd/DICOMDIR")]
    assert [study["numberOfInstances"] for study in resources(done, "ImagingStudy")] == [3]


def test_what_the_directory_lists_and_is_missing_is_counted_and_named(tmp_path: Path) -> None:
    place = medium(tmp_path)
    images = sorted(path for path in (place / "DICOM").rglob("*") if path.is_file())
    gone = images[1].relative_to(place).as_posix()
    images[1].unlink()
    write(place / "extra.dcm", dataset(SOPInstanceUID="1.2.3.1.9"))
    done = converted(place)
    assert about_directory(done) == [
        ("warning", "cd/DICOMDIR"),
        ("warning", f"cd/{gone}"),
        ("information", "cd/extra.dcm"),
    ]
    (unit,) = (unit for unit in done.account.units if unit.source == "cd/DICOMDIR")
    assert "lists 3, of which 1 are missing; 1 images here are not in it" in unit.problems[0].message


def test_names_of_a_medium_may_be_in_another_case_and_carry_a_version(tmp_path: Path) -> None:
    place = medium(tmp_path)
    for path in sorted((place / "DICOM").rglob("*")):
        if path.is_file():
            path.rename(path.with_name(f"{path.name.lower()};1"))
    assert about_directory(converted(place)) == [("information", "cd/DICOMDIR")]


def test_another_instance_under_a_listed_name_is_told(tmp_path: Path) -> None:
    place = medium(tmp_path)
    image = min(path for path in (place / "DICOM").rglob("*") if path.is_file())
    write(image, dataset(SOPInstanceUID="1.2.3.1.99"))
    where = f"cd/{image.relative_to(place).as_posix()}"
    assert ("warning", where) in about_directory(converted(place))


@pytest.mark.parametrize(("other", "words"), [(False, "the same bytes"), (True, "but other bytes")])
def test_a_repeated_instance_is_compared_by_its_bytes(tmp_path: Path, other: bool, words: str) -> None:
    write(tmp_path / "a.dcm", dataset())
    write(tmp_path / "b.dcm", dataset(StudyDescription="other") if other else dataset())
    done = converted(tmp_path)
    assert [unit.outcome for unit in done.account.units] == ["mapped", "refused"]
    assert words in done.account.units[1].problems[0].message


@pytest.mark.parametrize(
    "odd",
    [
        {"StudyDescription": "a\x07b"},
        {"AccessionNumber": "A1", "IssuerOfAccessionNumberSequence": [item(UniversalEntityID="a b")]},
        {"ProcedureCodeSequence": [coded("a  b", "SCT", "scan")]},
        {"MIMETypeOfEncapsulatedDocument": "no <x>", "EncapsulatedDocument": b"xx", "EncapsulatedDocumentLength": 2},
    ],
    ids=["control", "issuer", "code", "media-type"],
)
def test_one_odd_value_does_not_keep_everything_else_back(odd: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path / "odd.dcm", dataset(SOPInstanceUID="1.2.3.1.2", **odd))
    write(tmp_path / "good.dcm", dataset())
    [study] = resources(converted(tmp_path), "ImagingStudy")
    assert study["numberOfInstances"] == 2


@pytest.mark.parametrize(
    ("data", "length", "kept", "told"),
    [
        (b"%PDF-1.7 %%EOF\n\0", 15, b"%PDF-1.7 %%EOF\n", []),
        (b"%PDF-1.7 %%EOF\n\n", 15, b"%PDF-1.7 %%EOF\n\n", ["warning"]),
        (b"%PDF-1.7 %%EOF\n\0", 9, b"%PDF-1.7 %%EOF\n\0", ["warning"]),
        (b"%PDF-1.7 %%EOF\n\n", None, b"%PDF-1.7 %%EOF\n\n", []),
    ],
    ids=["padded", "no padding", "another length", "none stated"],
)
def test_a_byte_is_taken_off_only_where_it_is_padding(
    data: bytes, length: int | None, kept: bytes, told: list[str], tmp_path: Path
) -> None:
    write(tmp_path / "a.dcm", pdf(data, length))
    done = converted(tmp_path)
    assert [base64.b64decode(found["data"]) for found in resources(done, "Binary")] == [kept]
    assert [p.severity for unit in done.account.units for p in unit.problems] == told


def test_file_ids_of_a_directory_are_never_opened_and_steer_no_terminal(tmp_path: Path) -> None:
    image = write(tmp_path / "one.dcm", dataset())
    folder = tmp_path / "medium"
    write_media({"1.2.3.1.1": image}, folder, "2.25.1")
    data = (folder / "DICOMDIR").read_bytes()
    place = b"DICOM\\PT000000\\ST000000\\SE000000\\IM000000"
    assert data.count(place) == 1
    odd = b"..\\..\\..\\etc\\passwd\\\x1b[31mRED\x9b2J".ljust(len(place))
    (folder / "DICOMDIR").write_bytes(data.replace(place, odd))
    [unit] = [unit for unit in converted(folder).account.units if unit.source.endswith("DICOMDIR")]
    assert [p.where for p in unit.problems if p.code == "not-found"] == [
        r"medium/../../../etc/passwd/\x1b[31mRED\x9b2J"
    ]
    assert unit.problems[0].message.startswith(
        "is a DICOMDIR, an index of other files: it lists 1, of which 1 are missing"
    )


def test_a_directory_that_lists_nothing_is_told(tmp_path: Path) -> None:
    image = write(tmp_path / "one.dcm", dataset())
    folder = tmp_path / "medium"
    write_media({"1.2.3.1.1": image}, folder, "2.25.1")
    data = (folder / "DICOMDIR").read_bytes()
    (folder / "DICOMDIR").write_bytes(data[: data.index(b"\x04\x00\x20\x12SQ")])
    [unit] = [unit for unit in converted(folder).account.units if unit.source.endswith("DICOMDIR")]
    assert [(p.severity, p.rule) for p in unit.problems] == [("warning", "dicom.dicomdir")]
