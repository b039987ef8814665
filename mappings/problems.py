"""What went wrong, said once: a Problem renders as CLI text, as OperationOutcome.issue and as an account row.

Codes are those of FHIR R4 issue-type (http://hl7.org/fhir/issue-type); severities those of issue-severity.
A message says what, where and what to do. It never holds a value from a patient's record.
"""

from collections.abc import Iterable
from typing import Literal, get_args

import msgspec

Severity = Literal["fatal", "error", "warning", "information"]
IssueType = Literal[
    "invalid",
    "structure",
    "required",
    "value",
    "invariant",
    "security",
    "login",
    "unknown",
    "expired",
    "forbidden",
    "suppressed",
    "processing",
    "not-supported",
    "duplicate",
    "multiple-matches",
    "not-found",
    "deleted",
    "too-long",
    "code-invalid",
    "extension",
    "too-costly",
    "business-rule",
    "conflict",
    "transient",
    "lock-error",
    "no-store",
    "exception",
    "timeout",
    "incomplete",
    "throttled",
    "informational",
]
SEVERITIES: tuple[str, ...] = get_args(Severity)
ISSUE_TYPES: tuple[str, ...] = get_args(IssueType)


class Problem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One finding about one place.

    Attributes:
        severity: FHIR issue-severity; `fatal` and `error` stop what they are about.
        code: FHIR issue-type.
        where: FHIRPath, HL7 segment-field, XPath, DICOM tag or a path below what was given; never a value.
        message: what is wrong and what to do.
        rule: the rule's own id (`ele-1`, `case.identity`, `45 CFR 164.524(c)(3)(ii)`).
    """

    severity: Severity
    code: IssueType
    where: str
    message: str
    rule: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.message} [{self.rule}]"

    @property
    def stops(self) -> bool:
        """Whether what the Problem is about may not go on."""
        return self.severity in ("fatal", "error")


class ProblemError(Exception):
    """Raised where a thing cannot be represented honestly; carries the Problems, and only they are its text."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


def problem(code: IssueType, where: str, message: str, *, rule: str, severity: Severity = "error") -> Problem:
    """Build a Problem (an `error` unless said otherwise)."""
    return Problem(severity=severity, code=code, where=where, message=message, rule=rule)


def refuse(code: IssueType, where: str, message: str, *, rule: str) -> ProblemError:
    """Build the exception for one `error` Problem, to be raised."""
    return ProblemError(problem(code, where, message, rule=rule))


def operation_outcome(problems: Iterable[Problem]) -> dict[str, object]:
    """Render Problems as a FHIR R4 OperationOutcome; an empty list says so in one informational issue (1..*)."""
    issues = [
        {
            "severity": p.severity,
            "code": p.code,
            "diagnostics": f"{p.message} [{p.rule}]",
            "expression" if _is_fhirpath(p.where) else "location": [p.where],
        }
        for p in problems
    ]
    nothing = {"severity": "information", "code": "informational", "diagnostics": "no problems found"}
    return {"resourceType": "OperationOutcome", "issue": issues or [nothing]}


def _is_fhirpath(where: str) -> bool:
    return where[:1].isupper() and "/" not in where and "-" not in where
