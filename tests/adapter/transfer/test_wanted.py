"""Only what was asked for is taken, and of one person."""

import pytest

from adapter.transfer.wanted import Listed, Number, Wanted, number_from, wanted_of
from mappings.dicom.header import Issued
from mappings.problems import ProblemError

MRN = "urn:oid:1.2.3"


def listed(uid: str = "1.1", patient: str = "A", issuer: str = "", accession: str = "") -> Listed:
    return Listed(uid=uid, patient=Issued(value=patient, issuer=issuer), accession=Issued(value=accession))


def taken(rows: list[Listed], system: str = "", **asked: object) -> tuple[list[str], list[str]]:
    found, notes = wanted_of(rows, Wanted(**asked), system, "pacs.a")  # type: ignore[arg-type]
    return [one.uid for one in found], [note.code for note in notes]


def test_what_a_server_that_ignores_the_key_lists_is_left() -> None:
    rows = [listed("1.1", "A"), listed("1.2", "B"), listed("1.3", "A")]
    assert taken(rows, patient=Number("A")) == (["1.1", "1.3"], ["informational"])
    assert taken([listed("1.2", "a")], patient=Number("A")) == ([], ["informational", "not-found"])


def test_a_study_is_taken_by_its_uid_and_a_missing_one_told() -> None:
    assert taken([listed("1.1"), listed("1.2")], studies=("1.2", "1.9")) == (["1.2"], ["informational", "not-found"])


def test_all_that_is_asked_for_must_fit() -> None:
    rows = [listed("1.1", "A", accession="N"), listed("1.2", "A", accession="M")]
    assert taken(rows, patient=Number("A"), accession=Number("N"))[0] == ["1.1"]
    assert taken(rows, patient=Number("B"), accession=Number("N"))[0] == []


@pytest.mark.parametrize(
    ("issuer", "configured", "fits"),
    [("1.2.3", "", True), ("", MRN, True), ("1.2.4", "", False), ("1.2.4", MRN, False)],
)
def test_a_number_with_its_issuer(issuer: str, configured: str, fits: bool) -> None:
    found, _ = taken([listed(issuer=issuer)], configured, patient=Number("A", MRN))
    assert found == ["1.1"][: int(fits)]


def test_a_number_whose_issuer_nobody_says_is_not_taken_for_another_s() -> None:
    with pytest.raises(ProblemError, match="does not say who issued its patient numbers"):
        taken([listed()], patient=Number("A", MRN))


@pytest.mark.parametrize(
    "rows", [[listed("1.1", "A"), listed("1.2", "B")], [listed("1.1", issuer="X"), listed("1.2", issuer="Y")]]
)
def test_several_patients_are_not_one(rows: list[Listed]) -> None:
    with pytest.raises(ProblemError, match="lists studies of several patients"):
        taken(rows, studies=("1.1", "1.2"))


@pytest.mark.parametrize("value", ["Rose*", "R?", "a\\b", "", "x" * 65, "a\nb"])
def test_wildcards_are_not_asked_for(value: str) -> None:
    with pytest.raises(ProblemError, match="must be a number as it stands in the archive") as caught:
        Wanted(patient=Number(value))
    assert "Rose" not in str(caught.value)


def test_nothing_and_no_uid_are_not_asked_for() -> None:
    with pytest.raises(ProblemError, match="needs a patient, an accession number or a study"):
        Wanted()
    with pytest.raises(ProblemError, match="is no DICOM UID"):
        Wanted(studies=("1.2/../3",))


def test_numbers_as_people_write_them() -> None:
    assert number_from("urn:oid:1.2| A 1 \n") == Number("A 1", "urn:oid:1.2")
    assert number_from(" A1 ") == Number("A1")
    assert number_from("|A1") == Number("A1")
