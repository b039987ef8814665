"""What a key object selection lists and nobody sent is counted and named without a UID."""

import hashlib

from mappings.dicom.header import Header
from mappings.dicom.series import KEY_OBJECTS
from mappings.dicom.study import studies
from mappings.problems import Problem

CT = "1.2.840.10008.5.1.4.1.1.2"
IMAGE = Header(study_uid="1.2.3", series_uid="1.2.3.1", instance_uid="1.2.3.1.1", sop_class=CT, modality="CT")


def said(*referenced: str) -> list[Problem]:
    """What is said of a selection of these, in another study than the one image that is here."""
    selection = Header(
        study_uid="1.2.4",
        series_uid="1.2.4.1",
        instance_uid="1.2.4.1.1",
        sop_class=KEY_OBJECTS,
        modality="KO",
        referenced=referenced,
    )
    problems = studies([("a.dcm", IMAGE), ("ko.dcm", selection)])[1]
    return [problem for problem in problems if problem.where == "ko.dcm (0040,A375)"]


def test_what_is_listed_and_here_is_not_said() -> None:
    assert said("1.2.3.1.1") == []
    assert said() == []


def test_what_is_listed_and_not_here_is_counted_and_named_by_its_digest() -> None:
    (found,) = said("1.2.3.1.1", "1.2.3.1.2")
    assert (found.severity, found.code, found.rule) == ("warning", "not-found", "dicom.key-objects")
    assert "lists 2 instances, of which 1 are missing" in found.message
    assert hashlib.sha256(b"1.2.3.1.2").hexdigest()[:16] in found.message
    assert "1.2.3.1.2" not in found.message


def test_of_many_the_first_are_named_and_all_are_counted() -> None:
    (found,) = said(*(f"1.2.5.{n}" for n in range(25)))
    assert "of which 25 are missing" in found.message
    assert "and 15 more" in found.message
