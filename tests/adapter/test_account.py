"""What is alike is told once on the account."""

from adapter.account import alike
from mappings.problems import Problem, Severity, problem


def _unknown(where: str, severity: Severity = "error") -> Problem:
    message = "is no extension that is known here"
    return problem("extension", where, message, rule="fhir.extension", severity=severity)


def test_what_is_said_of_one_element_many_times_is_told_once_with_how_often() -> None:
    found = [
        _unknown("Patient.extension[0]"),
        _unknown("Patient.name[1].extension[0]"),
        _unknown("Patient.extension[2]"),
        _unknown("Patient.extension[7]"),
    ]
    assert [str(each) for each in alike(found)] == [
        "error: Patient.extension[0]: is no extension that is known here (and 2 more like it) [fhir.extension]",
        "error: Patient.name[1].extension[0]: is no extension that is known here [fhir.extension]",
    ]


def test_another_severity_or_another_element_is_another_thing() -> None:
    found = [_unknown("Patient.extension[0]"), _unknown("Patient.extension[1]", "warning"), _unknown("Patient.contact")]
    assert alike(found) == tuple(found)


def test_nothing_is_nothing() -> None:
    assert alike([]) == ()
