"""A completeness as OperationOutcome (https://hl7.org/fhir/R4/operationoutcome.html): one issue for each open need."""

from mappings.completeness.assess import Completeness, Requirement
from mappings.completeness.needs import Level
from mappings.completeness.states import State
from mappings.fhir.context import HTEST
from mappings.fhir.wire import Json
from mappings.problems import IssueType, Severity

_TOLD: tuple[Severity, IssueType] = ("information", "informational")
_CODES: dict[State, dict[Level, tuple[Severity, IssueType]]] = {
    "missing": {"required": ("error", "required"), "recommended": ("warning", "not-found")},
    "unreadable": {"required": ("error", "processing"), "recommended": ("warning", "processing")},
    "unclear": {"required": ("warning", "informational"), "recommended": ("warning", "informational")},
    "promised": {"required": _TOLD, "recommended": _TOLD},
    "on-its-way": {"required": _TOLD, "recommended": _TOLD},
    "here": {"required": _TOLD, "recommended": _TOLD},
}
"""State and level -> issue-severity and issue-type."""
STATES: dict[State, str] = {
    "missing": "missing",
    "unreadable": "cannot be read",
    "unclear": "needs a person",
    "promised": "promised",
    "on-its-way": "on its way",
    "here": "here",
}
"""What each state is called."""
COMPLETE = "nothing that the scope and the reasons of the request need is missing"


def operation_outcome(found: Completeness, *, test_data: bool = False) -> Json:
    """What is not here, the worst first; where everything is, one informational issue says so (issue is 1..*)."""
    issues = [_issue(requirement) for requirement in found.open]
    said = {"severity": "information", "code": "informational", "details": {"text": COMPLETE}}
    meta = {"meta": {"security": [dict(HTEST)]}} if test_data else {}
    return {"resourceType": "OperationOutcome", **meta, "issue": issues or [said]}


def _issue(found: Requirement) -> Json:
    severity, code = _CODES[found.state][found.level]
    about = f" ({found.about})" if found.about else ""
    told = f"{found.level}, {STATES[found.state]}: {found.label}{about}: {found.detail}"
    return {
        "severity": severity,
        "code": code,
        "details": {"text": told},
        "diagnostics": f"completeness.{found.need}",
        "expression": [found.where],
    }
