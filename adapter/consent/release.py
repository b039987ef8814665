"""What may leave. A Release is made by the gate and by nothing else; everything addressed to a recipient takes one."""

from collections.abc import Mapping
from typing import NoReturn, final

import msgspec

from adapter.consent.reasons import Reason
from adapter.holding import File
from mappings.domain.case import Case
from mappings.domain.values import Moment
from mappings.fhir.carried import Carried

NOTHING: Mapping[str, tuple[Reason, ...]] = {}
_KEY = object()
"""Held by `adapter.consent.gate` alone; tests/test_architecture.py looks after that."""


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """Why something may go: the reason's code, its citation as people write it, and where it can be read."""

    code: str
    citation: str
    uri: str
    sentence: str


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a Release holds.

    Attributes:
        case: the released facts; what was withheld is not in it, and nothing points at it.
        carried: released FHIR, sorted by fullUrl.
        documents: id of a Document of the case -> its file; instances: SOP Instance UID -> its file.
        basis: why, each reason once.
        decided_at: when it was decided (with offset).
        patients: fullUrls of carried Patients that are the case's patient.
        items: the decided items that go; one that cannot stand without what is withheld is not among them.
        part2_statement: whether the statement of 42 CFR 2.32(a) has to go along.
    """

    case: Case
    carried: tuple[Carried, ...]
    documents: Mapping[str, File]
    instances: Mapping[str, File]
    basis: tuple[Citation, ...]
    decided_at: Moment
    patients: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    part2_statement: bool = False


@final
class Release:
    """The only thing a recipient's side takes. Made by `adapter.consent.gate.release`."""

    __slots__ = ("_contents",)

    def __init__(self, key: object, contents: Contents) -> None:
        if key is not _KEY:
            raise TypeError("a Release is made by adapter.consent.gate.release only")
        self._contents = contents

    def __init_subclass__(cls) -> None:
        raise TypeError("Release has no subclasses")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Release is neither copied nor stored: it is made anew by a decision")

    @property
    def case(self) -> Case:
        """The released facts."""
        return self._contents.case

    @property
    def carried(self) -> tuple[Carried, ...]:
        """Released FHIR."""
        return self._contents.carried

    @property
    def documents(self) -> Mapping[str, File]:
        """Document id -> file."""
        return self._contents.documents

    @property
    def instances(self) -> Mapping[str, File]:
        """SOP Instance UID -> file."""
        return self._contents.instances

    @property
    def basis(self) -> tuple[Citation, ...]:
        """Why it may go."""
        return self._contents.basis

    @property
    def decided_at(self) -> Moment:
        """When it was decided."""
        return self._contents.decided_at

    @property
    def patients(self) -> tuple[str, ...]:
        """The carried Patients of the one person."""
        return self._contents.patients

    @property
    def items(self) -> tuple[str, ...]:
        """The decided items that go."""
        return self._contents.items

    @property
    def part2_statement(self) -> bool:
        """Whether the statement of 42 CFR 2.32(a) has to go along."""
        return self._contents.part2_statement


@final
class HolderUse:
    """The gate's yes to a use inside the holder's own walls (45 CFR 164.506(c)(1)); nothing goes to anybody else.

    `items` may be used; `kept` may not, each with the reasons.
    """

    __slots__ = ("items", "kept")

    def __init__(self, key: object, items: frozenset[str], kept: Mapping[str, tuple[Reason, ...]] = NOTHING) -> None:
        if key is not _KEY:
            raise TypeError("a HolderUse is made by adapter.consent.gate.use only")
        self.items, self.kept = items, kept

    def __init_subclass__(cls) -> None:
        raise TypeError("HolderUse has no subclasses")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a HolderUse is neither copied nor stored: it is made anew by a decision")
