"""Where what is left of a resource stood before something was taken out of its lists."""

import re
from collections.abc import Mapping

_STEP = re.compile(r"(?P<name>[^.\[(]+)(?:\.ofType\((?P<kind>\w+)\))?(?P<at>\[\d+\])?")


class Moved:
    """Places (FHIRPath) of what is left, led back to those in the original.

    `kept` tells of each list, by its place in what is left (JSON names and indices), which of its items stayed.
    """

    def __init__(self, kept: Mapping[tuple[str | int, ...], list[int]]) -> None:
        self._kept = kept

    def before(self, where: str) -> str:
        """The place in the original of what stands at this place now.

        >>> Moved({("result",): [0, 2]}).before("DiagnosticReport.result[1].display")
        'DiagnosticReport.result[2].display'
        """
        kind, dot, rest = where.partition(".")
        steps: list[str] = []
        path: tuple[str | int, ...] = ()
        for step in _STEP.finditer(rest):
            path = (*path, _name(step["name"], step["kind"]))
            if step["at"] is None:
                steps.append(step[0])
                continue
            number = int(step["at"][1:-1])
            stayed = self._kept.get(path, ())
            was = stayed[number] if number < len(stayed) else number
            steps.append(f"{step[0].removesuffix(step['at'])}[{was}]")
            path = (*path, number)
        return f"{kind}{dot}{'.'.join(steps)}"


def _name(name: str, kind: str | None) -> str:
    """The JSON property of a FHIRPath step."""
    return f"{name}{kind[:1].upper()}{kind[1:]}" if kind else name
