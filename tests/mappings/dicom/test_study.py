"""Headers become studies: grouping, times, sides, numbers, whose they are, and what is refused."""

from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.dicom.header import Header, Issued, Tissue, Triplet, dicom_date, dicom_offset, dicom_time, person_name
from mappings.dicom.study import Found, studies
from mappings.dicom.times import datetime_moment
from mappings.domain.material import Instance
from mappings.domain.values import Code, Concept, Identifier, PartialDate, PersonName
from mappings.problems import Problem

CT = "1.2.840.10008.5.1.4.1.1.2"
BASE = Header(
    study_uid="1.2.3", series_uid="1.2.3.1", instance_uid="1.2.3.1.1", sop_class=CT, modality="CT", series_number="1"
)


def header(**more: Any) -> Header:
    return msgspec.structs.replace(BASE, **more)


def one(zones: dict[str, str] | None = None, **more: Any) -> tuple[Found, tuple[Problem, ...]]:
    found, problems = studies([("a.dcm", header(**more))], zones=zones)
    assert len(found) == 1
    return found[0], problems


def told(problems: tuple[Problem, ...]) -> list[tuple[str, str, str]]:
    return [(problem.severity, problem.where, problem.rule) for problem in problems]


def test_series_and_instances_go_by_uid() -> None:
    headers = [
        ("c.dcm", header(series_uid="1.2.3.2", instance_uid="1.2.3.2.1", modality="SR")),
        ("b.dcm", header(instance_uid="1.2.3.1.2", instance_number="1")),
        ("a.dcm", header(instance_number="2")),
        ("d.dcm", header(study_uid="1.2.4", series_uid="1.2.4.1", instance_uid="1.2.4.1.1")),
    ]
    found, problems = studies(headers)
    assert [f.study.id for f in found] == ["study-1.2.3", "study-1.2.4"]
    first = found[0]
    assert first.study.modalities == ("CT", "SR")
    assert first.study.series[0].instances == (
        Instance(uid="1.2.3.1.2", sop_class=CT, number=1),
        Instance(uid="1.2.3.1.1", sop_class=CT, number=2),
    )
    assert first.files == {"1.2.3.1.1": "a.dcm", "1.2.3.1.2": "b.dcm", "1.2.3.2.1": "c.dcm"}
    assert problems == ()


@pytest.mark.parametrize(
    ("field", "tag"),
    [
        ("study_uid", "(0020,000D)"),
        ("series_uid", "(0020,000E)"),
        ("instance_uid", "(0008,0018)"),
        ("sop_class", "(0008,0016)"),
    ],
)
@pytest.mark.parametrize("value", ["", "1", "1.02", "1..2", "1.2.x", "1." + "2" * 63, "1.\u0662"])
def test_what_is_no_uid_is_refused(field: str, tag: str, value: str) -> None:
    found, problems = studies([("a.dcm", header(**{field: value}))])
    assert found == ()
    assert told(problems) == [("error", f"a.dcm {tag}", "PS3.5 9")]


def test_an_instance_without_modality_is_refused() -> None:
    found, problems = studies([("a.dcm", header(modality=""))])
    assert found == ()
    assert told(problems) == [("error", "a.dcm (0008,0060)", "PS3.3 C.7.3.1.1.1")]


def test_a_repeated_instance_is_told_and_the_first_path_kept() -> None:
    found, problems = studies([("b.dcm", header()), ("a.dcm", header())])
    assert found[0].files == {"1.2.3.1.1": "a.dcm"}
    assert [(p.code, p.where) for p in problems] == [("duplicate", "b.dcm (0008,0018)")]
    assert "a.dcm" in problems[0].message


def test_an_instance_that_two_studies_claim_is_in_neither() -> None:
    other = {"study_uid": "1.2.9", "series_uid": "1.2.9.1"}
    own = header(instance_uid="1.2.3.1.2")
    found, problems = studies([("a.dcm", header()), ("b.dcm", header(**other)), ("c.dcm", own)])
    assert [list(one.files.values()) for one in found] == [["c.dcm"]]
    assert [(p.severity, p.code, p.where) for p in problems] == [
        ("error", "conflict", "a.dcm (0008,0018)"),
        ("error", "conflict", "b.dcm (0008,0018)"),
    ]


def test_a_series_with_the_uid_of_an_instance_is_refused() -> None:
    found, problems = studies([("a.dcm", header(instance_uid="1.2.3.1"))])
    assert found == ()
    assert [(p.severity, p.code) for p in problems] == [("error", "invariant")]


@pytest.mark.parametrize(
    ("more", "zones", "started", "rules"),
    [
        ({}, {}, None, []),
        ({"study_date": "20260115"}, {}, "2026-01-15", []),
        ({"study_date": "20260115", "study_time": "080000"}, {}, "2026-01-15T08:00:00", []),
        ({"study_date": "2026.01.15", "study_time": "08:00:00"}, {}, "2026-01-15T08:00:00", []),
        ({"study_date": "20260115", "study_time": "080000.250"}, {}, "2026-01-15T08:00:00.250", []),
        ({"study_date": "20260115", "study_time": "0800"}, {}, "2026-01-15", ["PS3.5 6.2"]),
        ({"study_date": "20260231", "study_time": "080000"}, {}, None, ["PS3.5 6.2"]),
        ({"study_time": "080000"}, {".": "America/New_York"}, None, []),
        (
            {"study_date": "20260115", "study_time": "080000", "timezone_offset": "+0530"},
            {".": "America/New_York"},
            "2026-01-15T08:00:00+05:30",
            [],
        ),
        (
            {"study_date": "20260115", "study_time": "080000"},
            {".": "America/New_York"},
            "2026-01-15T08:00:00-05:00",
            ["dicom.zone"],
        ),
        (
            {"study_date": "20260715", "study_time": "080000"},
            {".": "America/New_York", "a.dcm": "Europe/Berlin"},
            "2026-07-15T08:00:00+02:00",
            ["dicom.zone"],
        ),
        (
            {"study_date": "20260115", "study_time": "080000"},
            {"elsewhere": "America/New_York"},
            "2026-01-15T08:00:00",
            [],
        ),
        # clocks changed: the hour did not exist, or was there twice
        (
            {"study_date": "20260308", "study_time": "023000"},
            {".": "America/New_York"},
            "2026-03-08T02:30:00",
            ["dicom.zone"],
        ),
        (
            {"study_date": "20261101", "study_time": "013000"},
            {".": "America/New_York"},
            "2026-11-01T01:30:00",
            ["dicom.zone"],
        ),
        (
            {"study_date": "20260115", "study_time": "080000"},
            {".": "Middle/Earth"},
            "2026-01-15T08:00:00",
            ["dicom.zone"],
        ),
        (
            {"study_date": "20260115", "study_time": "080000", "timezone_offset": "EST"},
            {},
            "2026-01-15T08:00:00",
            ["PS3.3 C.12.1.1"],
        ),
        (
            {"study_date": "20261231", "study_time": "235960"},
            {".": "Etc/UTC"},
            "2026-12-31T23:59:60+00:00",
            ["dicom.zone"],
        ),
    ],
)
def test_started(more: dict[str, str], zones: dict[str, str], started: str | None, rules: list[str]) -> None:
    found, problems = one(zones, **more)
    assert found.study.started == started
    assert [problem.rule for problem in problems] == rules


def test_an_added_offset_is_only_an_information() -> None:
    _, problems = one({".": "America/New_York"}, study_date="20260115", study_time="080000")
    assert told(problems) == [("information", "a.dcm (0008,0030)", "dicom.zone")]


@pytest.mark.parametrize(
    ("laterality", "image", "side", "rules"),
    [
        ("L", "", "left", 0),
        ("", "R", "right", 0),
        ("", "B", "bilateral", 0),
        ("", "U", "unpaired", 0),
        ("L", "L", "left", 0),
        ("L", "R", None, 1),
        ("X", "", None, 1),
    ],
)
def test_sides(laterality: str, image: str, side: str | None, rules: int) -> None:
    found, problems = one(laterality=laterality, image_laterality=image)
    assert found.study.series[0].laterality == side
    assert len(problems) == rules


LEFT, RIGHT, UPPER = (Triplet(value=value, scheme="SCT", meaning="m") for value in ("7771000", "24028007", "261183002"))


@pytest.mark.parametrize(
    ("more", "side", "rules"),
    [
        ({"region_modifiers": (LEFT,)}, "left", []),
        ({"structure_modifiers": (RIGHT,)}, "right", []),
        ({"laterality": "L", "region_modifiers": (LEFT,)}, "left", []),
        ({"laterality": "R", "region_modifiers": (LEFT,)}, None, ["PS3.3 C.7.3.1"]),
        ({"region_modifiers": (LEFT,), "structure_modifiers": (RIGHT,)}, None, ["PS3.3 C.7.3.1"]),
        ({"region_modifiers": (UPPER, LEFT)}, "left", ["PS3.3 10.5"]),
        ({"region_modifiers": (UPPER,)}, None, ["PS3.3 10.5"]),
    ],
)
def test_sides_of_the_anatomic_site(more: dict[str, Any], side: str | None, rules: list[str]) -> None:
    found, problems = one(**more)
    assert found.study.series[0].laterality == side
    assert [problem.rule for problem in problems] == rules


def test_the_side_may_stand_in_another_image_of_the_series() -> None:
    headers = [("a.dcm", header()), ("b.dcm", header(instance_uid="1.2.3.1.2", region_modifiers=(LEFT,)))]
    assert studies(headers)[0][0].study.series[0].laterality == "left"


def test_the_structure_is_the_site_where_no_region_has_a_code() -> None:
    lung = Triplet(value="39607008", scheme="SCT", meaning="Lung")
    site = Concept(codes=(Code(system="http://snomed.info/sct", code="39607008", display="Lung"),))
    assert one(structure=lung, body_part="CHEST")[0].study.series[0].body_site == site
    region = Triplet(value="51185008", scheme="SCT", meaning="Chest")
    chest = Concept(codes=(Code(system="http://snomed.info/sct", code="51185008", display="Chest"),))
    assert one(structure=lung, anatomic_region=region)[0].study.series[0].body_site == chest


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("+7", 7), ("0", 0), ("", None)])
def test_numbers(text: str, number: int | None) -> None:
    found, problems = one(series_number=text)
    assert found.study.series[0].number == number
    assert problems == ()


@pytest.mark.parametrize("text", ["-1", "1.5", "x", "2147483648", "²"])
def test_what_is_no_number_is_told(text: str) -> None:
    found, problems = one(series_number=text)
    assert found.study.series[0].number is None
    assert told(problems) == [("warning", "a.dcm (0020,0011)", "PS3.5 6.2")]


def test_what_a_study_says() -> None:
    found, problems = one(
        modality="SM",
        study_description="slides",
        procedure=Triplet(value="1", scheme="99LOCAL", meaning="scan"),
        anatomic_region=Triplet(value="76752008", scheme="SCT", meaning="Breast"),
        body_part="BREAST",
        referrer="Doctor^Synthetic",
        performer="Tech^Synthetic",
        accession=Issued(value="A1", universal="1.2.9", universal_type="ISO"),
        container=Issued(value="S26-1 A1"),
        specimens=(Tissue(identifier=Issued(value="S26-1 A1 x")),),
        image_type=("ORIGINAL", "PRIMARY", "VOLUME", "NONE"),
    )
    series = found.study.series[0]
    assert found.study.description == "slides"
    assert found.study.procedure == Concept(text="scan")
    assert found.study.referrer == "Synthetic Doctor"
    assert found.study.identifiers == (Identifier(system="urn:oid:1.2.9", value="A1", kind="ACSN"),)
    assert series.body_site == Concept(
        codes=(Code(system="http://snomed.info/sct", code="76752008", display="Breast"),)
    )
    assert (series.performer, series.instances[0].title) == ("Synthetic Tech", "VOLUME")
    assert found.containers == {"1.2.3.1": ("S26-1 A1", "S26-1 A1 x")}
    assert told(problems) == [("information", "a.dcm (0008,1032)", "PS3.3 8.8")]


def test_an_accession_without_issuer_is_told() -> None:
    found, problems = one(accession=Issued(value="A1"))
    system = "https://w3id.org/second-opinion/fhir/sid/issuer-not-stated"
    assert found.study.identifiers == (Identifier(system=system, value="A1", kind="ACSN"),)
    assert told(problems) == [("information", "a.dcm (0008,0050)", "dicom.accession")]


@pytest.mark.parametrize(
    ("more", "severity", "tag", "rule"),
    [
        ({"burned_in": "YES"}, "information", "(0028,0301)", "dicom.burned-in"),
        ({"label_in_image": "YES"}, "warning", "(0048,0010)", "dicom.label-image"),
        ({"image_type": ("ORIGINAL", "PRIMARY", "LABEL", "NONE")}, "warning", "(0008,0008)", "dicom.label-image"),
        ({"image_type": ("ORIGINAL", "PRIMARY", "OVERVIEW")}, "information", "(0008,0008)", "dicom.overview-image"),
        ({"cut_off": True}, "warning", "(7FE0,0010)", "PS3.5 7.1"),
    ],
)
def test_what_a_picture_is_told_of(more: dict[str, Any], severity: str, tag: str, rule: str) -> None:
    assert told(one(**more)[1]) == [(severity, f"a.dcm {tag}", rule)]


def test_two_modalities_in_a_series() -> None:
    found, problems = studies([("a.dcm", header()), ("b.dcm", header(instance_uid="1.2.9", modality="MR"))])
    assert found[0].study.series[0].modality == "CT"
    assert told(problems) == [("warning", "b.dcm (0008,0060)", "PS3.3 C.7.3.1.1.1")]


def test_two_persons_in_a_study_are_told_without_their_names() -> None:
    stranger = header(instance_uid="1.2.9", patient_names=("Stranger^Synthetic",))
    found, problems = studies([("a.dcm", header(patient_names=("Testperson^Synthetic",))), ("b.dcm", stranger)])
    assert found[0].identity.names == (PersonName(family="Testperson", given=("Synthetic",)),)
    assert told(problems) == [("warning", "b.dcm (0010,0020)", "dicom.identity")]
    assert "Synthetic" not in str(problems)


def test_identity() -> None:
    identity = header(
        patient_id=Issued(value="1", issuer="1.2.9"),
        other_patient_ids=(Issued(value="2", issuer="OTHER"), Issued(value="3")),
        patient_names=("Yamada^Tarou", "山田^太郎", "やまだ^たろう"),
        birth_date="19600203",
    ).identity
    assert [(i.system, i.value) for i in identity.identifiers] == [
        ("urn:oid:1.2.9", "1"),
        ("https://w3id.org/second-opinion/fhir/sid/issuer/OTHER", "2"),
    ]
    assert identity.numbers == ()
    assert [(name.family, name.given) for name in identity.names] == [
        ("Yamada", ("Tarou",)),
        ("山田", ("太郎",)),
        ("やまだ", ("たろう",)),
    ]
    assert identity.birth_date == "1960-02-03"


@pytest.mark.parametrize(
    ("text", "born", "unreadable"),
    [
        ("1960-02-03", "1960-02-03", ()),
        ("1960.02.03", "1960-02-03", ()),
        ("19600200", "1960-02", ()),
        ("196002", "1960-02", ()),
        ("19600000", "1960", ()),
        ("1960", "1960", ()),
        ("", None, ()),
        ("00000000", None, ()),
        ("03.02.1960", None, ("birth date",)),
        ("19600230", None, ("birth date",)),
        ("19601300", None, ("birth date",)),
        ("1960-0203", None, ("birth date",)),
        ("unknown", None, ("birth date",)),
        ("\u0661\u0669\u0666\u0660\u0660\u0662\u0660\u0663", None, ("birth date",)),
    ],
)
def test_a_birth_date_that_is_there_is_read_or_agrees_with_nobody(
    text: str, born: str | None, unreadable: tuple[str, ...]
) -> None:
    """Left out, a birth date that contradicts the patient's would be no contradiction."""
    identity = header(birth_date=text).identity
    assert (identity.birth_date, identity.unreadable) == (born, unreadable)


def test_a_number_without_issuer_stands_apart() -> None:
    identity = header(patient_id=Issued(value="1")).identity
    assert (identity.identifiers, identity.numbers) == ((), ("1",))


@pytest.mark.parametrize(
    ("universal", "kind", "system"),
    [
        ("1.2.3", "ISO", "urn:oid:1.2.3"),
        ("lab.example.org", "DNS", "urn:dns:lab.example.org"),
        ("http://x", "URI", "http://x"),
        ("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", "UUID", "urn:uuid:F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"),
        ("1.2.3", "iso", "urn:oid:1.2.3"),
        ("1.2.3", "", "urn:oid:1.2.3"),
        ("1.2.3", "L", "urn:oid:1.2.3"),
    ],
)
def test_universal_issuers(universal: str, kind: str, system: str) -> None:
    assert Issued(value="1", issuer="LOCAL", universal=universal, universal_type=kind).system == system


WORD = "https://w3id.org/second-opinion/fhir/sid/issuer/"


@pytest.mark.parametrize(
    ("universal", "kind"),
    [
        ("no oid", "ISO"), ("3.2.1", "ISO"), ("1.02", "ISO"), ("1.2.\u0663", "ISO"), ("no uuid", "UUID"),
        ("a b", "DNS"), ("HOSP LAB", "L"), ("00-11", "EUI64"), ("HOSP", ""), ("http://x/a b", "URI"), ("no-uri", "URI"),
    ],
)  # fmt: skip
def test_an_issuer_that_is_not_of_its_type_is_a_word(universal: str, kind: str) -> None:
    """A system is a URI or nothing: one that is none would bar everything beside it."""
    assert Issued(value="1", issuer="LOCAL", universal=universal, universal_type=kind).system == f"{WORD}LOCAL"
    alone = Issued(value="1", universal=universal, universal_type=kind).system
    assert alone == WORD + quote(universal, safe="")


@pytest.mark.parametrize(
    ("triplet", "code"),
    [
        (Triplet(value="1", scheme="99L", uid="1.2.3"), Code(system="urn:oid:1.2.3", code="1")),
        (
            Triplet(value="a b", scheme="SCT", meaning="m"),
            Code(system="http://snomed.info/sct", code="a b", display="m"),
        ),
        (Triplet(value="1", scheme="99L", uid="garbage"), None),
        (Triplet(value="1", scheme="99L", uid="3.2.1"), None),
        (Triplet(value="1", scheme="", uid="1.2.3"), None),
        (Triplet(value="1", scheme="sct"), None),
        (Triplet(value="P5", scheme="SRT", uid="2.16.840.1.113883.6.96"), None),
        (Triplet(value="", scheme="SCT", meaning="m"), None),
        (Triplet(value="a  b", scheme="SCT", meaning="m"), None),
    ],
)
def test_a_code_has_a_system_that_is_one_and_the_shape_of_a_code(triplet: Triplet, code: Code | None) -> None:
    assert triplet.code == code


def test_what_has_not_the_shape_of_a_code_is_kept_in_words_and_told() -> None:
    found, problems = one(procedure=Triplet(value="a  b", scheme="SCT", meaning="scan"))
    assert found.study.procedure == Concept(text="scan")
    assert told(problems) == [("information", "a.dcm (0008,1032)", "PS3.3 8.8")]


ADAMS = PersonName(family="Adams", given=("John Robert", "Quincy"), prefix=("Rev.",), suffix=("B.A.",))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Adams^John Robert^Quincy^Rev.^B.A.", ADAMS),
        ("Suharto", PersonName(text="Suharto")),
        ("^^^^", None),
        ("  ", None),
    ],
)
def test_person_names(text: str, name: PersonName | None) -> None:
    assert person_name(text) == name


def test_dates_and_times_of_dicom() -> None:
    assert dicom_date("20240229") == PartialDate("2024-02-29")
    assert [dicom_date(text) for text in ("20230229", "2024", "", "20240229-20240301")] == [None] * 4
    assert [dicom_time(text) for text in ("24", "2400", "246000", "12345")] == [None] * 4
    assert [dicom_offset(text) for text in ("-0500", "+1400", "0500", "+9900")] == ["-05:00", "+14:00", None, None]


TEXTS = ("study_date", "study_time", "series_number", "laterality", "timezone_offset", "birth_date", "body_part")


@given(st.lists(st.fixed_dictionaries({name: st.text(max_size=12) for name in TEXTS}), max_size=3))
def test_any_text_is_survived_and_never_told(values: list[dict[str, str]]) -> None:
    headers = [
        (f"{number}.dcm", header(instance_uid=f"1.2.3.1.{number}", **{k: v.strip() for k, v in more.items()}))
        for number, more in enumerate(values, 1)
    ]
    found, problems = studies(headers, zones={".": "America/New_York"})
    assert sum(len(f.files) for f in found) == len(headers)
    assert {problem.severity for problem in problems} <= {"warning", "information"}


DATED = {"study_date": "20260115", "study_time": "080000", "series_date": "20260116", "series_number": "4"}


def test_what_the_first_instance_leaves_open_the_next_says() -> None:
    bare = header(study_date="", series_date="", series_number="")
    found, problems = studies(
        [("a.dcm", bare), ("b.dcm", header(instance_uid="1.2.3.1.2", timezone_offset="+0100", **DATED))]
    )
    [series] = found[0].study.series
    assert (found[0].study.started, series.started, series.number) == ("2026-01-15T08:00:00+01:00", "2026-01-16", 4)
    assert problems == ()


@pytest.mark.parametrize("other", [{"study_date": "20250115"}, {"study_date": "20260115", "study_time": "090000"}])
def test_another_date_of_the_study_is_told(other: dict[str, str]) -> None:
    found, problems = studies(
        [("a.dcm", header(**DATED)), ("b.dcm", header(instance_uid="1.2.3.1.2", **{**DATED, **other}))]
    )
    assert found[0].study.started == "2026-01-15T08:00:00"
    assert told(problems) == [("warning", "b.dcm (0008,0020)", "PS3.3 C.7.2.1")]


def test_further_procedures_are_told() -> None:
    found, problems = one(procedure=Triplet(value="1", scheme="SCT"), procedures=2)
    assert found.study.procedure is not None
    assert told(problems) == [("information", "a.dcm (0008,1032)", "PS3.3 C.7.2.1")]
    assert one(procedure=Triplet(value="1", scheme="SCT"), procedures=1)[1] == ()


def test_a_series_that_two_studies_claim_is_told() -> None:
    other = header(study_uid="1.2.4", instance_uid="1.2.4.1.1")
    found, problems = studies([("b.dcm", header()), ("a.dcm", other), ("c.dcm", header(instance_uid="1.2.3.1.2"))])
    assert [len(each.files) for each in found] == [2, 1]
    assert told(problems) == [("warning", "a.dcm (0020,000E)", "PS3.5 9")]


def test_of_two_files_of_an_instance_the_whole_one_is_kept() -> None:
    found, problems = studies([("a.dcm", header(cut_off=True)), ("b.dcm", header()), ("c.dcm", header())])
    assert found[0].files == {"1.2.3.1.1": "b.dcm"}
    assert [(p.code, p.where) for p in problems] == [
        ("duplicate", "a.dcm (0008,0018)"),
        ("duplicate", "c.dcm (0008,0018)"),
    ]


def test_a_file_that_repeats_an_instance_under_another_name_is_told() -> None:
    """It is not taken; whoever put it there may have meant another patient."""
    stranger = header(patient_names=("Stranger^Synthetic",))
    found, problems = studies([("a.dcm", header(patient_names=("Testperson^Synthetic",))), ("b.dcm", stranger)])
    assert [said.paths for said in found[0].identities] == [("a.dcm",)]
    assert found[0].identity.names == (PersonName(family="Testperson", given=("Synthetic",)),)
    assert sorted(told(problems)) == [
        ("warning", "b.dcm (0008,0018)", "dicom.duplicate"),
        ("warning", "b.dcm (0010,0020)", "dicom.identity"),
    ]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026", "2026"), ("202601", "2026-01"), ("20260115", "2026-01-15"), ("2026011508", "2026-01-15"),
        ("202601150830", "2026-01-15"), ("20260115083015", "2026-01-15T08:30:15"),
        ("20260115083015.25-0500", "2026-01-15T08:30:15.25-05:00"), ("2026011", None), ("202601150", None),
        ("2026011508301", None), ("15.01.2026", None), ("20261315", None), ("", None),
    ],
)  # fmt: skip
def test_a_datetime_is_as_precise_as_it_is_written(text: str, moment: str | None) -> None:
    assert datetime_moment(text) == moment


def test_a_zone_that_counted_in_seconds_then_gives_no_offset() -> None:
    """Before the zones of today, places had their own time: FHIR has no seconds in an offset."""
    found, problems = one({".": "Europe/Berlin"}, study_date="18900101", study_time="080000")
    assert found.study.started == "1890-01-01T08:00:00"
    assert told(problems) == [("warning", "a.dcm (0008,0030)", "dicom.zone")]


@pytest.mark.parametrize(("second", "site"), [(None, "Brain"), ("12738006", "Brain"), ("76752008", None)])
def test_tissue_of_one_structure_is_the_site_of_a_series_that_names_none(second: str | None, site: str | None) -> None:
    brain = Triplet(value="12738006", scheme="SCT", meaning="Brain")
    sites = (brain, *([Triplet(value=second, scheme="SCT", meaning="Brain")] if second else []))
    found, _ = one(
        specimens=tuple(Tissue(identifier=Issued(value=str(n)), sites=(one,)) for n, one in enumerate(sites))
    )
    [series] = found.study.series
    assert (series.body_site.label if series.body_site else None) == site


def test_a_uid_whose_root_no_oid_has_is_one_all_the_same() -> None:
    """Images of old have it, and every archive knows them by it."""
    found, problems = studies([("a.dcm", header(study_uid="999.999.2.19941105"))])
    assert ([each.study.uid for each in found], problems) == (["999.999.2.19941105"], ())
