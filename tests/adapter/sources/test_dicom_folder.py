"""DICOM headers are read as they are, and pydicom is never heard."""

import pathlib
import warnings

import msgspec
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.delivery.dicom_media import write_media
from adapter.sources.dicom_folder import read_instance
from mappings.dicom.header import Header, Issued, Tissue, Triplet
from mappings.dicom.study import studies
from mappings.problems import Problem, ProblemError
from tests.dicom_files import SM, dataset, item, write, write_bare


def read(path: pathlib.Path) -> Header:
    found = read_instance(path)
    assert found is not None
    return found


def test_full_header(tmp_path: pathlib.Path) -> None:
    made = dataset(
        SOPClassUID=SM,
        Modality="SM",
        TimezoneOffsetFromUTC="-0500",
        SeriesDate="20260115",
        SeriesTime="080100",
        BodyPartExamined="BREAST",
        Laterality="L",
        ImageLaterality="R",
        StudyDescription="slides",
        SeriesDescription="A1",
        AccessionNumber="S26-1",
        IssuerOfAccessionNumberSequence=[item(UniversalEntityID="1.2.9", UniversalEntityIDType="ISO")],
        IssuerOfPatientID="LOCAL",
        OtherPatientIDsSequence=[item(PatientID="T-2", IssuerOfPatientID="OTHER")],
        PatientSex="F",
        ReferringPhysicianName="Doctor^Synthetic^^^",
        PerformingPhysicianName=["Tech^One", "Tech^Two"],
        ProcedureCodeSequence=[item(CodeValue="1", CodingSchemeDesignator="SCT", CodeMeaning="scan")],
        ContainerIdentifier="S26-1 A1",
        SpecimenDescriptionSequence=[item(SpecimenIdentifier="S26-1 A1 x")],
        ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
        BurnedInAnnotation="NO",
        SpecimenLabelInImage="YES",
    )
    assert read(write(tmp_path / "a", made)) == Header(
        study_uid="1.2.3",
        series_uid="1.2.3.1",
        instance_uid="1.2.3.1.1",
        sop_class=SM,
        transfer_syntax="1.2.840.10008.1.2.1",
        modality="SM",
        series_number="1",
        instance_number="1",
        study_date="20260115",
        study_time="080000",
        series_date="20260115",
        series_time="080100",
        timezone_offset="-0500",
        body_part="BREAST",
        laterality="L",
        image_laterality="R",
        study_description="slides",
        series_description="A1",
        accession=Issued(value="S26-1", universal="1.2.9", universal_type="ISO"),
        procedure=Triplet(value="1", scheme="SCT", meaning="scan"),
        procedures=1,
        patient_id=Issued(value="T-1", issuer="LOCAL"),
        other_patient_ids=(Issued(value="T-2", issuer="OTHER"),),
        patient_names=("Testperson^Synthetic",),
        birth_date="19600203",
        sex="F",
        referrer="Doctor^Synthetic",
        performer="Tech^One; Tech^Two",
        container=Issued(value="S26-1 A1"),
        specimens=(Tissue(identifier=Issued(value="S26-1 A1 x")),),
        image_type=("ORIGINAL", "PRIMARY", "VOLUME", "NONE"),
        burned_in="NO",
        label_in_image="YES",
    )


@pytest.mark.parametrize(
    ("charset", "name", "groups"),
    [
        ("ISO_IR 100", "Müller^Jörg", ("Müller^Jörg",)),
        ("ISO_IR 192", "Yamada^Tarou=山田^太郎=やまだ^たろう", ("Yamada^Tarou", "山田^太郎", "やまだ^たろう")),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎", ("Yamada^Tarou", "山田^太郎")),
        ("ISO_IR 144", "Люкceмбypг", ("Люкceмбypг",)),
    ],
)
def test_names_in_their_character_set(
    tmp_path: pathlib.Path, charset: str | list[str], name: str, groups: tuple[str, ...]
) -> None:
    path = write(tmp_path / "a", dataset(SpecificCharacterSet=charset, PatientName=name))
    assert read(path).patient_names == groups


def test_without_preamble(tmp_path: pathlib.Path) -> None:
    found = read(write_bare(tmp_path / "a", dataset()))
    assert (found.instance_uid, found.patient_names) == ("1.2.3.1.1", ("Testperson^Synthetic",))


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\x00" + b"\0" * 200, b"%PDF-1.7\n", b"{}" * 100])
def test_what_is_no_dicom_is_none(tmp_path: pathlib.Path, content: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    assert read_instance(path) is None


def test_a_dicomdir_is_known_by_its_class(tmp_path: pathlib.Path) -> None:
    write_media({"1.2.3.1.1": write(tmp_path / "a", dataset())}, tmp_path / "out", "2.25.1")
    assert read(tmp_path / "out" / "DICOMDIR").sop_class == "1.2.840.10008.1.3.10"


def test_a_broken_file_that_says_it_is_dicom_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a"
    syntax = b"1.2.840.10008.1.2.1.99"
    meta = b"\x02\x00\x00\x00UL\x04\x00\x1e\x00\x00\x00\x02\x00\x10\x00UI\x16\x00" + syntax
    path.write_bytes(b"\0" * 128 + b"DICM" + meta + b"Rosebud is not deflated")
    with pytest.raises(ProblemError) as caught:
        read_instance(path)
    assert [problem.code for problem in caught.value.problems] == ["structure"]
    assert "Rosebud" not in str(caught.value)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_files_raise_nothing_but_problems(tmp_path: pathlib.Path, data: st.DataObject) -> None:
    whole = bytearray(write(tmp_path / "whole", dataset(ReferringPhysicianName="Doctor^Synthetic")).read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    problems: tuple[Problem, ...] = ()
    try:
        found = read_instance(path)
        problems = studies([("a", found)])[1] if found else ()
    except ProblemError as error:
        problems = error.problems
    assert "Synthetic" not in str(problems)


def test_a_missing_file_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ProblemError, match="cannot be opened"):
        read_instance(tmp_path / "a")


def test_values_against_the_rules_are_read_and_said(
    tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = dataset(StudyDate="Rosebud", SeriesNumber=None, PatientID="T" * 65)
        path = write(tmp_path / "a", made)
    caplog.clear()
    found = read(path)
    assert (found.study_date, found.irregular) == ("Rosebud", ("(0008,0020)",))
    assert "Rosebud" not in str(studies([("a", found)])[1])
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""


def test_real_files(shared: pathlib.Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    root = shared / "data" / "dicom"
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    read_all = [(str(path.relative_to(root)), read_instance(path)) for path in paths]
    headers = [(path, found) for path, found in read_all if found]
    assert [path for path, found in read_all if not found] == [
        "SOURCES.md",
        "mr-two-series/mr_0004/README-Series.txt",
        "mr-two-series/mr_0006/README-Series.txt",
    ]
    found, problems = studies(headers, zones={"mr-two-series": "America/New_York"})
    assert (len(found), sum(len(f.files) for f in found)) == (14, 67)
    assert [p.where for p in problems if p.stops] == [
        f"odd/bad_sequence.dcm {tag}" for tag in ("(0020,000D)", "(0020,000E)", "(0008,0018)")
    ]
    slides = next(f for f in found if f.study.uid.startswith("1.2.826.0.1.3680043.10.511.3.119986"))
    assert set(slides.containers.values()) == {("S19-1_A_1_1",)}
    assert slides.study.started == "2019-06-04T10:10:00"
    mr = next(f for f in found if f.study.uid.startswith("1.2.840.113619.6.408"))
    assert [len(series.instances) for series in mr.study.series] == [29, 11]
    assert mr.study.started == "2018-09-18T11:40:23-04:00"
    names = {name.label for f in found for name in f.identity.names if len(name.label) > 4}
    assert len(names) > 5
    assert not [name for name in names if name in str(problems)]
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""


def replaced(path: pathlib.Path, old: bytes, new: bytes) -> pathlib.Path:
    """The file with a value exchanged for another of the same length, which no writer would write."""
    assert len(old) == len(new)
    data = path.read_bytes()
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new))
    return path


@pytest.mark.parametrize("charset", [None, "ISO_IR 100", "ISO_IR 192", "GB18030"])
@pytest.mark.parametrize("value", [b"a\x07bell!!!", b"nul\x00with-in", b"12345\x1f67890", b"a\x1b[31mred!"])
def test_a_text_with_control_characters_is_none_and_its_tag_is_told(
    charset: str | None, value: bytes, tmp_path: pathlib.Path
) -> None:
    path = write(tmp_path / "a", dataset(SpecificCharacterSet=charset, StudyDescription="q" * len(value)))
    found = read(replaced(path, b"q" * len(value), value))
    assert (found.study_description, found.irregular) == ("", ("(0008,1030)",))


@pytest.mark.parametrize(
    ("keyword", "first", "unreadable"),
    [
        ("PatientID", "T-1", ("number",)),
        ("IssuerOfPatientID", "HOSP", ("number",)),
        ("PatientName", "Testperson^Synthetic", ("name",)),
        ("PatientBirthDate", "19600203", ("birth date",)),
        ("StudyDescription", "one", ()),
        ("AccessionNumber", "A1", ()),
        ("Modality", "CT", ()),
    ],
)
def test_the_first_of_two_values_is_read_and_told_and_of_the_identity_neither_counts(
    keyword: str, first: str, unreadable: tuple[str, ...], tmp_path: pathlib.Path
) -> None:
    length = len(first) // 2 * 2 + 4
    path = write(tmp_path / "a", dataset(**{"IssuerOfPatientID": None, keyword: "19990909"}))
    data = path.read_bytes()
    place = data.index(b"19990909")
    value = f"{first}\\X".ljust(length).encode()
    path.write_bytes(data[: place - 2] + len(value).to_bytes(2, "little") + value + data[place + 8 :])
    found = read(path)
    tag = pydicom.datadict.tag_for_keyword(keyword) or 0
    assert f"({tag >> 16:04X},{tag & 0xFFFF:04X})" in found.irregular
    assert first in str(msgspec.to_builtins(found))
    assert "X" not in (found.study_description, found.modality)
    assert found.identity.unreadable == unreadable


def test_a_backslash_is_a_character_of_a_document_title(tmp_path: pathlib.Path) -> None:
    found = read(write(tmp_path / "a", dataset(DocumentTitle="a\\b")))
    assert (found.document_title, found.irregular) == ("a\\b", ())


def test_a_uid_that_only_the_file_meta_information_has_is_the_instances(tmp_path: pathlib.Path) -> None:
    assert read(write(tmp_path / "a", dataset(SOPInstanceUID=None))).instance_uid == "1.2"
