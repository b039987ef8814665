"""Problems as they are found among headers; what concerns a whole study or series is said once."""

from mappings.problems import IssueType, Problem, Severity, problem


class Notes:
    """Problems whose `where` is the path of a file, a space, and the tag. None holds a value from a header."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, code: IssueType, where: str, message: str, rule: str, severity: Severity = "warning") -> None:
        self.problems.append(problem(code, where, message, rule=rule, severity=severity))

    def tell(self, code: IssueType, where: str, message: str, rule: str) -> None:
        """Add a Problem that only informs."""
        self.add(code, where, message, rule, "information")
