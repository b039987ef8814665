"""How a request to a FHIR server ends badly; each names the server as the settings do, and what it was about."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from adapter.transfer.web import Passing
from mappings.problems import ISSUE_TYPES, IssueType, Problem, ProblemError, Severity, problem

RULE = "fhir.rest"
_STATUS: dict[int, tuple[IssueType, str]] = {
    400: ("invalid", "refuses it as wrong"),
    401: ("login", "asks to log in; check `auth`, its token or key in the settings"),
    403: ("forbidden", "forbids this to who we are; ask its operator for the right"),
    404: ("not-found", "has nothing there; check `url` in the settings and the id"),
    405: ("not-supported", "does not take this kind of request"),
    406: ("not-supported", "cannot answer in JSON or XML"),
    409: ("conflict", "says that it collides with what is there, or with another request at the same time"),
    410: ("deleted", "had it, and has deleted it"),
    412: ("conflict", "says that what is there is not as the request takes it to be, or that several match"),
    413: ("too-long", "does not take so much in one request"),
    414: ("too-long", "does not take so long a URL"),
    415: ("not-supported", "does not take FHIR JSON"),
    422: ("business-rule", "refuses it by its rules"),
    428: ("conflict", "wants to be told which version is meant (If-Match)"),
    501: ("not-supported", "does not do this kind of request"),
}
_EXPRESSION = re.compile(r"[A-Z][A-Za-z]{1,60}(\.[A-Za-z]{1,60}(\[\d{1,5}\])?|\.ofType\([A-Za-z]{1,60}\)|\[\d{1,5}\])*")
"""What of a server's words is a place and nothing else: a FHIRPath of names and numbers."""
_SEVERITY: dict[str, Severity] = {"fatal": "fatal", "error": "error", "warning": "warning"}
MAX_ISSUES = 100


class Refused(ProblemError):
    """The server said no, for good: what was asked for was not done. `status` is HTTP's."""

    def __init__(self, found: Problem | Iterable[Problem], status: int) -> None:
        super().__init__(found)
        self.status = status


class Unsettled(ProblemError):
    """Something was sent to be written, and nobody can say whether it was: look what is there before sending again."""


class Unread(ProblemError):
    """An answer that is not read, and would not be the next time: too long, or packed in a way not asked for."""


class Lost(Passing):
    """One attempt that came to nothing.

    Attributes:
        done: whether the server may have done all the same what it was asked for.
        garbled: whether there was an answer that cannot be read: worth fewer attempts.
        status: HTTP's, where there was an answer; 0 where there was none.
    """

    def __init__(
        self, found: Problem, wait: float | None = None, *, done: bool = True, garbled: bool = False, status: int = 0
    ) -> None:
        super().__init__(found, wait)
        self.done, self.garbled, self.status = done, garbled, status


def status_problem(status: int, where: str) -> Problem:
    """What an error status means."""
    if 300 <= status < 400:
        message = "sends us on to another place, which is not followed; mend `url` in the settings"
        return problem("not-supported", where, message, rule=RULE)
    code, message = _STATUS.get(status, ("transient" if status >= 500 else "processing", "refuses it"))
    return problem(code, where, f"{message} (status {status})", rule=RULE)


def issues_of(outcome: Any, where: Callable[[str], str]) -> tuple[Problem, ...]:
    """What an OperationOutcome says, by code, severity and place alone: its texts may quote a patient's record.

    Args:
        where: from the FHIRPath the server names ("" for none) to the place in what we sent.
    """
    issues = outcome.get("issue") if isinstance(outcome, dict) else None
    found = []
    for issue in issues[:MAX_ISSUES] if isinstance(issues, list) else ():
        if not isinstance(issue, dict):
            continue
        code, severity = issue.get("code"), issue.get("severity")
        kind: Any = code if code in ISSUE_TYPES else "processing"
        message = f"the server says `{kind}` of this" if severity != "information" else f"the server notes `{kind}`"
        found.append(
            problem(
                kind, where(_place(issue)), message, rule=RULE, severity=_SEVERITY.get(str(severity), "information")
            )
        )
    return tuple(found)


def _place(issue: dict[str, Any]) -> str:
    for name in ("expression", "location"):
        told = issue.get(name)
        for one in told if isinstance(told, list) else ():
            if isinstance(one, str) and _EXPRESSION.fullmatch(one):
                return one
    return ""
