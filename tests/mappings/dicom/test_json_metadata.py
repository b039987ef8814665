"""Metadata of DICOMweb says the same as the file it is of."""

import json
import pathlib
import warnings
from typing import Any

import msgspec
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.quiet import quiet_pydicom
from adapter.sources.dicom_folder import read_instance
from mappings.dicom.header import Header, Issued, Triplet
from mappings.dicom.json_metadata import header
from mappings.dicom.series import KEY_OBJECTS
from tests.dicom_files import SM, dataset, item, write


def metadata(made: pydicom.Dataset) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: dict[str, Any] = json.loads(
            made.to_json(bulk_data_threshold=1024, bulk_data_element_handler=lambda _: "")
        )
        return found


def alike(found: Header) -> Header:
    """Without what only a file says."""
    return msgspec.structs.replace(found, transfer_syntax="", irregular=(), cut_off=False)


def test_metadata_says_what_the_file_says(tmp_path: pathlib.Path) -> None:
    site = item(CodeValue="45206002", CodingSchemeDesignator="SCT", CodeMeaning="Nasal")
    side = item(CodeValue="7771000", CodingSchemeDesignator="SCT", CodeMeaning="Left")
    site.PrimaryAnatomicStructureModifierSequence = [side]
    made = dataset(
        SOPClassUID=SM,
        Modality="SM",
        SpecificCharacterSet="ISO_IR 192",
        PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう",
        OtherPatientIDsSequence=[item(PatientID="T-2", IssuerOfPatientID="OTHER")],
        IssuerOfPatientID="LOCAL",
        AccessionNumber="S26-1",
        IssuerOfAccessionNumberSequence=[item(UniversalEntityID="1.2.9", UniversalEntityIDType="ISO")],
        PerformingPhysicianName=["Tech^One", "Tech^Two"],
        CodingSchemeIdentificationSequence=[item(CodingSchemeDesignator="99LOCAL", CodingSchemeUID="1.2.9.9")],
        ProcedureCodeSequence=[item(CodeValue="1", CodingSchemeDesignator="99LOCAL", CodeMeaning="scan")],
        ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
        ContainerIdentifier="S26-1 A1",
        SpecimenDescriptionSequence=[
            item(SpecimenIdentifier="S26-1 A1 x", SpecimenUID="1.2.9.5", PrimaryAnatomicStructureSequence=[site])
        ],
    )
    found = read_instance(write(tmp_path / "a", made))
    assert found is not None
    assert found.specimens[0].site_modifiers == (Triplet(value="7771000", scheme="SCT", meaning="Left"),)
    assert header(metadata(made)) == msgspec.structs.replace(found, transfer_syntax="")


def test_the_evidence_of_a_key_object_selection_is_read_from_both(tmp_path: pathlib.Path) -> None:
    sops = [item(ReferencedSOPClassUID=SM, ReferencedSOPInstanceUID=f"1.2.9.{n}") for n in (1, 2, 1)]
    series = item(SeriesInstanceUID="1.2.8", ReferencedSOPSequence=sops)
    evidence = [item(StudyInstanceUID="1.2.7", ReferencedSeriesSequence=[series])]
    made = dataset(SOPClassUID=KEY_OBJECTS, Modality="KO", CurrentRequestedProcedureEvidenceSequence=evidence)
    found = read_instance(write(tmp_path / "a", made))
    assert found is not None
    assert found.referenced == ("1.2.9.1", "1.2.9.2")
    assert header(metadata(made)).referenced == ("1.2.9.1", "1.2.9.2")
    report = dataset(Modality="SR", CurrentRequestedProcedureEvidenceSequence=evidence)
    other = read_instance(write(tmp_path / "b", report))
    assert (other and other.referenced, header(metadata(report)).referenced) == ((), ())


def test_real_files_and_their_metadata(shared: pathlib.Path) -> None:
    compared = []
    for path in sorted((shared / "data" / "dicom").rglob("*.dcm")):
        found = read_instance(path)
        if found is None or path.name == "bad_sequence.dcm":  # its values break pydicom's own JSON
            continue
        with quiet_pydicom():
            said = metadata(pydicom.dcmread(path, stop_before_pixels=True))
        assert alike(header(said)) == alike(found), path.name
        compared.append(path)
    assert len(compared) >= 60


@pytest.mark.parametrize(
    ("members", "odd"),
    [
        ({"00100010": {"vr": "PN", "Value": [{"Alphabetic": 7}]}}, "(0010,0010)"),
        ({"00100010": {"vr": "PN", "Value": ["Testperson^Synthetic"]}}, "(0010,0010)"),
        ({"00080060": {"vr": "CS", "Value": {"0": "CT"}}}, "(0008,0060)"),
        ({"00080060": "CT"}, "(0008,0060)"),
        ({"00200013": {"vr": "IS", "Value": [1.5]}}, "(0020,0013)"),
    ],
)
def test_another_shape_is_named_and_absent(members: dict[str, Any], odd: str) -> None:
    found = header(members)
    assert found.irregular == (odd,)
    assert (found.patient_names, found.modality, found.instance_number) == ((), "", "")


def test_a_name_that_cannot_be_read_agrees_with_nobody() -> None:
    found = header({"00100010": {"vr": "PN", "Value": [7]}, "00100020": {"vr": "LO", "Value": ["T-1"]}})
    assert (found.unreadable, found.patient_id) == (("name",), Issued(value="T-1"))


@pytest.mark.parametrize(
    ("tag", "vr", "part", "odd"),
    [("00100020", "LO", "number", True), ("00100021", "LO", "number", True), ("00100030", "DA", "birth date", True),
     ("00081030", "LO", "", True), ("00080008", "CS", "", False)],
)  # fmt: skip
def test_two_values_where_one_belongs_are_told_and_make_nobody(tag: str, vr: str, part: str, odd: bool) -> None:
    found = header({"00100020": {"vr": "LO", "Value": ["T-1"]}, tag: {"vr": vr, "Value": ["19600203", "19700101"]}})
    assert found.irregular == ((f"({tag[:4]},{tag[4:]})",) if odd else ())
    assert found.identity.unreadable == ((part,) if part else ())


def test_two_names_make_nobody() -> None:
    names = [{"Alphabetic": "Testperson^Synthetic"}, {"Alphabetic": "Stranger^Synthetic"}]
    assert header({"00100010": {"vr": "PN", "Value": names}}).identity.unreadable == ("name",)


def test_a_text_with_control_characters_is_none() -> None:
    found = header(
        {
            "00081030": {"vr": "LO", "Value": ["a\u0007b"]},
            "0008103E": {"vr": "LO", "Value": ["page\fpage"]},
            "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Test\u001b[31mperson^S"}]},
        }
    )
    assert (found.study_description, found.series_description, found.patient_names) == ("", "page\npage", ())
    assert found.irregular == ("(0008,1030)", "(0010,0010)")
    assert found.unreadable == ("name",)


def test_numbers_may_be_numbers() -> None:
    said = {"00200013": {"vr": "IS", "Value": [7]}, "00200011": {"vr": "IS", "Value": ["+2"]}}
    assert (header(said).instance_number, header(said).series_number) == ("7", "+2")


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["vr", "Value", "Alphabetic"]), inner),
)


@given(st.dictionaries(st.sampled_from(["00100010", "00080060", "00400560", "00101000", "00080050"]), SHAPES))
def test_any_shape_is_survived(members: dict[str, Any]) -> None:
    assert header(members).study_uid == ""
