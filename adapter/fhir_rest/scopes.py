"""SMART scopes of a system (App Launch 2.x, and 1.0's words): what one grants. Pure.

`system/Observation.rs` grants reading and searching, `system/*.cruds` everything; 1.0 says `.read`, `.write` and `.*`.
What begins with `patient/` or `user/` grants a system nothing.
"""

import re
from collections.abc import Iterable

import msgspec

_SCOPE = re.compile(r"system/(\*|[A-Z][A-Za-z]{1,60})\.(read|write|\*|c?r?u?d?s?)(\?\S+)?")
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}


class Grants(msgspec.Struct, frozen=True):
    """What scopes allow: rows of (resource type or `*`, letters of `cruds`, whether it is narrowed by a search)."""

    rows: tuple[tuple[str, str, bool], ...]

    def missing(self, kind: str, letters: str) -> str:
        """The letters that nothing here grants for this type, narrowed or not."""
        held = {letter for name, allowed, _ in self.rows if name in (kind, "*") for letter in allowed}
        return "".join(letter for letter in letters if letter not in held)

    def narrowed(self, kind: str, letters: str) -> str:
        """The letters that are granted for a part of this type alone: what is left out is not told by the server."""
        whole = {letter for name, allowed, part in self.rows if name in (kind, "*") and not part for letter in allowed}
        return "".join(letter for letter in letters if letter not in whole and not self.missing(kind, letter))


def granted(scopes: str | Iterable[str]) -> Grants:
    """What the words of a scope grant; words that say nothing of a system's resources are passed over.

    >>> granted("system/Patient.read openid system/*.c").missing("Patient", "crus")
    'u'
    >>> granted("system/Observation.rs?category=laboratory").narrowed("Observation", "rs")
    'rs'
    """
    words = scopes.split() if isinstance(scopes, str) else scopes
    rows = []
    for word in words:
        if (found := _SCOPE.fullmatch(word)) and found[2]:
            rows.append((found[1], _V1.get(found[2], found[2]), bool(found[3])))
    return Grants(tuple(rows))
