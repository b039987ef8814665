"""How a run ends: one exit code per kind of end, kept forever.

ProblemError             1  failed: bad input, or something could not be written; 5 where every Problem is transient
└── Failure              1  what we made is not valid
    └── NotPermitted     3  the gate does not permit
"""

from adapter.consent.decide import Decision
from mappings.problems import Problem, ProblemError

DONE = 0
FAILED = 1
USAGE = 2
NOT_PERMITTED = 3
INCOMPLETE = 4
TRANSIENT = 5


_PASSING = frozenset(("transient", "lock-error", "timeout", "throttled"))


def exit_code(error: ProblemError) -> int:
    """The exit code a command ends with for this error."""
    if error.problems and all(found.code in _PASSING for found in error.problems):
        return TRANSIENT
    return error.exit_code if isinstance(error, Failure) else FAILED


class Failure(ProblemError):
    """Ends a command with its Problems."""

    exit_code = FAILED


class NotPermitted(Failure):
    """The gate does not permit; the decision says why and what to do next."""

    exit_code = NOT_PERMITTED

    def __init__(self, decision: Decision, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.decision = decision
