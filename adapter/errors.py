"""How a run ends: one exit code per kind of end, kept forever.

Failure                  1  failed: bad input, or something could not be written
├── NotPermitted         3  the gate does not permit
└── Transient            5  try again
"""

from adapter.consent.decide import Decision
from mappings.problems import Problem, ProblemError

DONE = 0
FAILED = 1
USAGE = 2
NOT_PERMITTED = 3
INCOMPLETE = 4
TRANSIENT = 5


class Failure(ProblemError):
    """Ends a command with its Problems."""

    exit_code = FAILED


class Transient(Failure):
    """Something that may go well next time."""

    exit_code = TRANSIENT


class NotPermitted(Failure):
    """The gate does not permit; the decision says why and what to do next."""

    exit_code = NOT_PERMITTED

    def __init__(self, decision: Decision, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.decision = decision
