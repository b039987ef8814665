"""DICOM headers -> imaging studies: which instances belong to which series and study, and what they say of themselves.

Series and instances go by UID; frames are not instances. Headers are taken one after another and not kept: what the
instances of a series share is held once, of each instance its UID, number and path. Nothing is invented, and no Problem
holds a value from a header.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

import msgspec

from mappings.dicom.found import Enclosed, Found, Said, content_type
from mappings.dicom.header import Header, birth_date, triplet_concept
from mappings.dicom.notes import Notes
from mappings.dicom.remarks import missing_evidence, remark_of_series
from mappings.dicom.series import Member, concept_of, first, person, series_of
from mappings.dicom.times import moment
from mappings.domain.material import ImagingStudy, check_uid
from mappings.domain.person import Identity
from mappings.domain.values import Identifier
from mappings.identity import ISSUER_NOT_STATED
from mappings.problems import Problem

_UIDS = (
    ("study_uid", "(0020,000D)"),
    ("series_uid", "(0020,000E)"),
    ("sop_class", "(0008,0016)"),
)
_OWN = {"instance_uid": "", "instance_number": "", "cut_off": False}
"""What an instance does not share with the others of its series."""
Digest = Callable[[str], str]
"""Name of a unit -> digest of its bytes."""


class Held(NamedTuple):
    """A header that instances share: how many lines of what kind it has already told."""

    header: Header
    """The header without what is an instance's own."""
    usable: bool


def study_name(uid: str) -> str:
    """The local name of the study with this UID."""
    return f"study-{uid}"


def studies(
    headers: Iterable[tuple[str, Header]], *, zones: Mapping[str, str] | None = None, digest: Digest | None = None
) -> tuple[tuple[Found, ...], tuple[Problem, ...]]:
    """Group headers into studies, sorted by UID; instances are taken in the order of their names.

    Args:
        headers: name (the path of a file, or where else it was found) and header of each instance.
        zones: folder or file -> IANA time zone of times without an offset; the longest that holds a path counts.
        digest: tells the digest of an instance's bytes by its name; asked only where a SOP Instance UID repeats.

    Returns:
        The studies, and Problems whose `where` is the name, a space, and the tag. An instance that is in no study has
        one that says why: a UID is missing or none, the modality is missing, its SOP Instance UID has been seen before,
        or two studies have it.
    """
    grouping = Grouping(zones, digest)
    for name, header in headers:
        grouping.add(name, header)
    return grouping.close()


class Grouping:
    """Headers on their way to studies. Add them in any order, then close."""

    def __init__(self, zones: Mapping[str, str] | None = None, digest: Digest | None = None) -> None:
        self._zones, self._digest = zones or {}, digest
        self._notes = Notes()
        self._held: dict[Header, Held] = {}
        self._members: list[Member] = []

    def add(self, name: str, header: Header) -> None:
        """Take one header."""
        shared = msgspec.structs.replace(header, **_OWN)
        held = self._held.get(shared)
        if held is None:
            held = self._held[shared] = Held(shared, _usable(shared))
        own = Member(name, header.instance_uid, header.instance_number, held.header, header.cut_off)
        if held.usable and _is_uid(own.uid):
            self._members.append(own)
        else:
            _refuse(name, header, self._notes)

    def close(self) -> tuple[tuple[Found, ...], tuple[Problem, ...]]:
        """The studies, sorted by UID, and what is to be said of their files."""
        self._held.clear()
        self._members.sort(key=lambda member: member.path)
        groups: dict[str, list[Member]] = {}
        for member in self._single():
            groups.setdefault(member.header.study_uid, []).append(member)
        missing_evidence(self._members, self._notes)
        _in_several(groups, self._notes)
        self._members = []
        found = (self._study(uid, groups[uid]) for uid in sorted(groups))
        return tuple(one for one in found if one), tuple(self._notes.problems)

    def _single(self) -> Iterable[Member]:
        """The instances, each UID once: the first, or the first that is whole."""
        torn = _in_two_studies(self._members)
        best: dict[str, Member] = {}
        for member in self._members:
            if best.setdefault(member.uid, member).cut_off and not member.cut_off:
                best[member.uid] = member
        for member in self._members:
            where = f"{member.path} (0008,0018)"
            if member.uid in torn:
                message = (
                    "has a SOP Instance UID that another study has too; neither is taken: ask the sender for valid ones"
                )
                self._notes.add("conflict", where, message, "dicom.instance", "error")
                continue
            if (kept := best[member.uid]) is member:
                yield member
            else:
                self._repeated(where, member.path, kept.path)
                if member.header.identity != kept.header.identity:
                    message = f"repeats {kept.path} and names its patient otherwise; it is not taken"
                    self._notes.add("conflict", f"{member.path} (0010,0020)", message, "dicom.identity")

    def _repeated(self, where: str, path: str, kept: str) -> None:
        if self._digest is None:
            message = f"has the SOP Instance UID of {kept}, which is kept; compare the two by their digests"
        elif self._digest(path) == self._digest(kept):
            message = f"has the SOP Instance UID of {kept} and the same bytes; it is taken once"
        else:
            message = f"has the SOP Instance UID of {kept}, which is kept, but other bytes: ask the sender which counts"
        self._notes.add("duplicate", where, message, "dicom.duplicate")

    def _study(self, uid: str, members: list[Member]) -> Found | None:
        notes = self._notes
        groups: dict[str, list[Member]] = {}
        for member in members:
            groups.setdefault(member.header.series_uid, []).append(member)
        identities = _identities(members)
        _remark(members, identities, notes)
        dated, stated = _stated(members, notes)
        try:
            study = ImagingStudy(
                id=study_name(uid),
                uid=uid,
                series=tuple(series_of(one, groups[one], self._zones, notes) for one in sorted(groups)),
                identifiers=_accessions(members, notes),
                started=moment(dated, stated, self._zones, ("(0008,0020)", "(0008,0030)"), notes),
                description=first(members, "study_description"),
                procedure=concept_of(members, "procedure", "(0008,1032)", notes),
                referrer=person(members, "referrer"),
            )
        except ValueError:
            message = "a series and an instance have the same UID; the study is refused: ask the sender for valid ones"
            for each in members:
                notes.add("invariant", f"{each.path} (0020,000E)", message, "PS3.5 9", "error")
            return None
        enclosing = tuple(self._enclosed(member) for member in members if content_type(member.header))
        return Found(
            study=study,
            files={member.uid: member.path for member in members},
            identities=identities,
            containers={one: labels for one in sorted(groups) if (labels := _containers(groups[one]))},
            enclosed=enclosing,
            members=tuple(members) if enclosing else (),
            headers={one: tuple(dict.fromkeys(member.header for member in groups[one])) for one in sorted(groups)},
        )

    def _enclosed(self, member: Member) -> Enclosed:
        header = member.header
        stated = (header.content_date, header.content_time, header.timezone_offset)
        return Enclosed(
            uid=member.uid,
            path=member.path,
            content_type=content_type(header),
            title=header.document_title,
            concept=header.title,
            date=moment(member.path, stated, self._zones, ("(0008,0023)", "(0008,0033)"), self._notes),
        )


def without(found: Found, uids: Collection[str], zones: Mapping[str, str]) -> Found | None:
    """The study as its files would show it if these instances, some of which enclose documents, were not there.

    None where nothing is left. What is said of the files has been said before.
    """
    left = [member for member in found.members if member.uid not in uids]
    if len(left) == len(found.members):
        return found
    return Grouping(zones)._study(found.study.uid, left) if left else None


# --- what makes an instance usable


def _is_uid(uid: str) -> bool:
    try:
        check_uid(uid, "it")
    except ValueError:
        return False
    return True


def _usable(header: Header) -> bool:
    return bool(header.modality) and all(_is_uid(getattr(header, field)) for field, _ in _UIDS)


def _refuse(path: str, header: Header, notes: Notes) -> None:
    for field, tag in (*_UIDS, ("instance_uid", "(0008,0018)")):
        if not _is_uid(getattr(header, field)):
            message = "is missing or no DICOM UID; the instance is refused: ask the sender for a valid one"
            notes.add("value", f"{path} {tag}", message, "PS3.5 9", "error")
    if not header.modality:
        message = "names no modality; the instance is refused: ask the sender for a valid one"
        notes.add("required", f"{path} (0008,0060)", message, "PS3.3 C.7.3.1.1.1", "error")


def _in_two_studies(members: Iterable[Member]) -> set[str]:
    """SOP Instance UIDs that two studies claim: what is kept of one must not decide what goes of the other."""
    seen: dict[str, str] = {}
    return {m.uid for m in members if seen.setdefault(m.uid, m.header.study_uid) != m.header.study_uid}


def _in_several(studies: Mapping[str, list[Member]], notes: Notes) -> None:
    """Say which series two studies claim; each has what names it."""
    seen: dict[str, str] = {}
    for uid in sorted(studies):
        for member in {member.header.series_uid: member for member in reversed(studies[uid])}.values():
            if seen.setdefault(member.header.series_uid, uid) != uid:
                message = "has a Series Instance UID that another study has too: ask the sender which study it is of"
                notes.add("conflict", f"{member.path} (0020,000E)", message, "PS3.5 9")


# --- what is said of a study


def _stated(members: list[Member], notes: Notes) -> tuple[str, tuple[str, str, str]]:
    """Date, time and offset of the first that has a date, and where; another says so."""
    dated = next((member for member in members if member.header.study_date), members[0])
    told = (dated.header.study_date, dated.header.study_time)
    for member in members:
        other = (member.header.study_date, member.header.study_time)
        if other[0] and other != told:
            message = f"names another date or time than {dated.path} of the same study; that of {dated.path} is taken"
            notes.add("conflict", f"{member.path} (0008,0020)", message, "PS3.3 C.7.2.1")
            break
    return dated.path, (*told, dated.header.timezone_offset)


def _identities(members: list[Member]) -> tuple[Said, ...]:
    of = {header: header.identity for header in {member.header for member in members}}
    found: dict[Identity, list[str]] = {}
    for member in members:
        found.setdefault(of[member.header], []).append(member.path)
    return tuple(Said(identity=identity, paths=tuple(paths)) for identity, paths in found.items())


def _remark(members: list[Member], identities: tuple[Said, ...], notes: Notes) -> None:
    """Say once per study what a person should know of its headers."""
    path, head = members[0].path, members[0].header
    for other in identities[1:]:
        notes.add(
            "conflict", f"{other.paths[0]} (0010,0020)", f"names its patient otherwise than {path}", "dicom.identity"
        )
    several = next((member.path for member in members if member.header.procedures > 1), None)
    if several:
        message = "names several procedures; the first is kept"
        notes.tell("incomplete", f"{several} (0008,1032)", message, "PS3.3 C.7.2.1")
    if head.birth_date and birth_date(head.birth_date) is None:
        notes.add("value", f"{path} (0010,0030)", "is no date and is left out", "PS3.5 6.2")
    odd: dict[str, str] = {}
    for member in members:
        for tag in member.header.irregular:
            odd.setdefault(tag, member.path)
    for tag, where in odd.items():
        message = "breaks the rules for its value; what can be read of it is read"
        notes.tell("value", f"{where} {tag}", message, "PS3.5 6.2")
    remark_of_series(members, notes)


def _accessions(members: list[Member], notes: Notes) -> tuple[Identifier, ...]:
    found = {m.header.accession: m.path for m in reversed(members) if m.header.accession and m.header.accession.value}
    bare = min((path for accession, path in found.items() if accession and not accession.system), default=None)
    if bare:
        message = "is an accession number without its issuer (0008,0051); it is kept as one whose issuer is not stated"
        notes.tell("incomplete", f"{bare} (0008,0050)", message, "dicom.accession")
    numbers = {(accession.system or ISSUER_NOT_STATED, accession.value) for accession in found if accession}
    return tuple(Identifier(system=system, value=value, kind="ACSN") for system, value in sorted(numbers))


def _containers(members: list[Member]) -> tuple[str, ...]:
    headers = dict.fromkeys(member.header for member in members)
    issued = [one for h in headers for one in (h.container, *(tissue.identifier for tissue in h.specimens))]
    return tuple(sorted({one.value for one in issued if one and one.value}))


__all__ = ["Enclosed", "Found", "Grouping", "Header", "Member", "studies", "study_name", "triplet_concept", "without"]
