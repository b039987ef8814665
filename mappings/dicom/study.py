"""DICOM headers -> imaging studies: which instances belong to which series and study, and what they say of themselves.

Series and instances go by UID, the modality by series; frames are not instances. A time gets the offset of the file
(0008,0201), else that of the zone configured for the source, else none. Nothing is invented, and no Problem holds a
value from a header.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mappings.dicom.header import Header, dicom_date, dicom_offset, dicom_time, person_name, triplet_concept
from mappings.domain.material import ImagingStudy, Instance, Series, check_uid
from mappings.domain.person import Identity
from mappings.domain.values import Concept, Fact, Identifier, Moment
from mappings.identity import ISSUER_NOT_STATED
from mappings.problems import IssueType, Problem, Severity, problem

Side = Literal["left", "right", "bilateral", "unpaired"]
LATERALITY: dict[str, Side] = {"L": "left", "R": "right", "B": "bilateral", "U": "unpaired"}
"""Values of (0020,0060) and (0020,0062)."""
_UIDS = (
    ("study_uid", "(0020,000D)"),
    ("series_uid", "(0020,000E)"),
    ("instance_uid", "(0008,0018)"),
    ("sop_class", "(0008,0016)"),
)
Member = tuple[str, Header]
"""A file's path and its header."""


class Found(Fact, frozen=True, kw_only=True):
    """A study as its files show it.

    Attributes:
        study: the study; its series name no slides yet.
        files: SOP Instance UID -> path.
        identity: whose it is, as the first file says.
        containers: series UID -> identifiers of the containers (glass slides) and specimens it shows.
    """

    study: ImagingStudy
    files: dict[str, str]
    identity: Identity
    containers: dict[str, tuple[str, ...]]


class _Notes:
    """Problems as they are found; what concerns a whole study or series is said once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, code: IssueType, where: str, message: str, rule: str, severity: Severity = "warning") -> None:
        self.problems.append(problem(code, where, message, rule=rule, severity=severity))


def study_name(uid: str) -> str:
    """The local name of the study with this UID."""
    return f"study-{uid}"


def studies(
    headers: Iterable[Member], *, zones: Mapping[str, str] | None = None
) -> tuple[tuple[Found, ...], tuple[Problem, ...]]:
    """Group headers into studies, sorted by UID; files are taken in the order of their paths.

    Args:
        headers: path and header of each file.
        zones: folder or file -> IANA time zone of times without an offset; the longest that holds a path counts.

    Returns:
        The studies, and Problems whose `where` is the path, a space, and the tag. A file that is in no study has one
        that says why: a UID is missing or none, the modality is missing, its SOP Instance UID has been seen before, or
        two studies have it.
    """
    notes = _Notes()
    groups: dict[str, list[Member]] = {}
    seen: dict[str, str] = {}
    usable = [member for member in sorted(headers, key=lambda member: member[0]) if _usable(*member, notes)]
    torn = _in_two_studies(usable)
    for path, header in usable:
        if header.instance_uid in torn:
            message = (
                "has a SOP Instance UID that another study has too; neither is taken: ask the sender for valid ones"
            )
            notes.add("conflict", f"{path} (0008,0018)", message, "dicom.instance", "error")
            continue
        first = seen.setdefault(header.instance_uid, path)
        if first != path:
            message = f"has the SOP Instance UID of {first}, which is kept; compare the two by their digests"
            notes.add("duplicate", f"{path} (0008,0018)", message, "dicom.duplicate")
            continue
        groups.setdefault(header.study_uid, []).append((path, header))
    found = (_study(uid, members, zones or {}, notes) for uid, members in sorted(groups.items()))
    return tuple(one for one in found if one), tuple(notes.problems)


def _in_two_studies(members: Iterable[Member]) -> set[str]:
    """SOP Instance UIDs that two studies claim: what is kept of one must not decide what goes of the other."""
    first: dict[str, str] = {}
    return {h.instance_uid for _, h in members if first.setdefault(h.instance_uid, h.study_uid) != h.study_uid}


def _usable(path: str, header: Header, notes: _Notes) -> bool:
    before = len(notes.problems)
    for field, tag in _UIDS:
        try:
            check_uid(getattr(header, field), "it")
        except ValueError:
            message = "is missing or no DICOM UID; the instance is refused: ask the sender for a valid one"
            notes.add("value", f"{path} {tag}", message, "PS3.5 9", "error")
    if not header.modality:
        message = "names no modality; the instance is refused: ask the sender for a valid one"
        notes.add("required", f"{path} (0008,0060)", message, "PS3.3 C.7.3.1.1.1", "error")
    return len(notes.problems) == before


def _study(uid: str, members: list[Member], zones: Mapping[str, str], notes: _Notes) -> Found | None:
    path, head = members[0]
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(member[1].series_uid, []).append(member)
    _remark(members, notes)
    try:
        study = ImagingStudy(
            id=study_name(uid),
            uid=uid,
            series=tuple(_series(one, group, zones, notes) for one, group in sorted(groups.items())),
            identifiers=_accessions(members, notes),
            started=_moment(path, head.study_date, head.study_time, head, zones, ("(0008,0020)", "(0008,0030)"), notes),
            description=_first(members, "study_description"),
            procedure=next((c for _, h in members if (c := triplet_concept(h.procedure))), None),
            referrer=_name(members, "referrer"),
        )
    except ValueError:
        message = "a series and an instance have the same UID; the study is refused: ask the sender for valid ones"
        for each, _ in members:
            notes.add("invariant", f"{each} (0020,000E)", message, "PS3.5 9", "error")
        return None
    containers = {one: labels for one, group in sorted(groups.items()) if (labels := _containers(group))}
    files = {h.instance_uid: each for each, h in members}
    return Found(study=study, files=files, identity=head.identity, containers=containers)


def _remark(members: list[Member], notes: _Notes) -> None:
    """Say once per study what a person should know of its headers."""
    path, head = members[0]
    if any(h.identity != head.identity for _, h in members):
        other = next(each for each, h in members if h.identity != head.identity)
        notes.add("conflict", f"{other} (0010,0020)", f"names its patient otherwise than {path}", "dicom.identity")
    if head.birth_date and dicom_date(head.birth_date) is None:
        notes.add("value", f"{path} (0010,0030)", "is no date and is left out", "PS3.5 6.2")
    if any(h.irregular for _, h in members):
        other = next(each for each, h in members if h.irregular)
        message = "the header breaks the rules for values somewhere; what can be read is read"
        notes.add("value", f"{other} header", message, "PS3.5 6.2", "information")
    shown = [each for each, h in members if "YES" in (h.burned_in, h.label_in_image) or "LABEL" in h.image_type]
    if shown:
        message = "says that the picture itself shows a label or burned-in text, which may name the patient"
        notes.add("informational", f"{shown[0]} (0028,0301)", message, "dicom.burned-in", "information")


def _series(uid: str, members: list[Member], zones: Mapping[str, str], notes: _Notes) -> Series:
    path, head = members[0]
    other = next((each for each, h in members if h.modality != head.modality), None)
    if other:
        message = f"has another modality than {path} of the same series; that of {path} is taken"
        notes.add("conflict", f"{other} (0008,0060)", message, "PS3.3 C.7.3.1.1.1")
    instances = (_instance(each, h, notes) for each, h in members)
    return Series(
        uid=uid,
        modality=head.modality,
        instances=tuple(sorted(instances, key=lambda i: (i.number is None, i.number or 0, i.uid))),
        number=_number(path, head.series_number, "(0020,0011)", notes),
        description=_first(members, "series_description"),
        body_site=_site(members),
        laterality=_laterality(members, notes),
        started=_moment(path, head.series_date, head.series_time, head, zones, ("(0008,0021)", "(0008,0031)"), notes),
        performer=_name(members, "performer"),
    )


def _instance(path: str, header: Header, notes: _Notes) -> Instance:
    title = header.image_type[2] if header.modality == "SM" and len(header.image_type) > 2 else None
    number = _number(path, header.instance_number, "(0020,0013)", notes)
    return Instance(uid=header.instance_uid, sop_class=header.sop_class, number=number, title=title or None)


def _first(members: list[Member], field: str) -> str | None:
    return next((value for _, header in members if (value := getattr(header, field))), None)


def _name(members: list[Member], field: str) -> str | None:
    """A person's name as people write it (PS3.5 section 6.2.1 has it as family^given)."""
    written = _first(members, field)
    name = person_name(written) if written else None
    return name.label if name else None


def _number(path: str, text: str, tag: str, notes: _Notes) -> int | None:
    """An IS as FHIR and the domain have it: no sign, 31 bits."""
    if not text:
        return None
    digits = text.removeprefix("+")
    if digits.isascii() and digits.isdigit() and len(digits) <= 12 and int(digits) < 2**31:
        return int(digits)
    notes.add("value", f"{path} {tag}", "is no number from 0 to 2147483647 and is left out", "PS3.5 6.2")
    return None


def _site(members: list[Member]) -> Concept | None:
    coded = next((c for _, h in members if (c := triplet_concept(h.anatomic_region))), None)
    words = _first(members, "body_part")
    return coded or (Concept(text=words) if words else None)


def _laterality(members: list[Member], notes: _Notes) -> Side | None:
    """The side that series and images agree on; where they differ, none."""
    path = members[0][0]
    said = {value for _, h in members for value in (h.laterality, h.image_laterality) if value}
    known = {LATERALITY[value] for value in said if value in LATERALITY}
    if len(known) != len(said):
        notes.add("code-invalid", f"{path} (0020,0060)", "is none of L, R, B, U and is left out", "PS3.3 C.7.3.1")
    if len(known) > 1:
        message = "and (0020,0062) name different sides within the series; none is taken: see the images"
        notes.add("conflict", f"{path} (0020,0060)", message, "PS3.3 C.7.3.1")
    return known.pop() if len(known) == 1 else None


def _accessions(members: list[Member], notes: _Notes) -> tuple[Identifier, ...]:
    found = [(path, h.accession) for path, h in members if h.accession and h.accession.value]
    bare = next((path for path, accession in found if not accession.system), None)
    if bare:
        message = "is an accession number without its issuer (0008,0051); it is kept as one whose issuer is not stated"
        notes.add("incomplete", f"{bare} (0008,0050)", message, "dicom.accession", "information")
    numbers = {(accession.system or ISSUER_NOT_STATED, accession.value) for _, accession in found}
    return tuple(Identifier(system=system, value=value, kind="ACSN") for system, value in sorted(numbers))


def _containers(members: list[Member]) -> tuple[str, ...]:
    labels = [issued.value for _, h in members for issued in (h.container, *h.specimens) if issued and issued.value]
    return tuple(sorted(set(labels)))


# --- times


def _moment(
    path: str, date: str, time: str, header: Header, zones: Mapping[str, str], tags: tuple[str, str], notes: _Notes
) -> Moment | None:
    """Date and time as precise and as zoned as the file and its source say."""
    day = dicom_date(date)
    if day is None:
        if date:
            notes.add("value", f"{path} {tags[0]}", "is no date and is left out", "PS3.5 6.2")
        return None
    clock = dicom_time(time)
    if clock is None:
        if time:
            message = "is no time to the second; the date stands alone"
            notes.add("value", f"{path} {tags[1]}", message, "PS3.5 6.2", "information")
        return Moment(day)
    offset = dicom_offset(header.timezone_offset)
    if header.timezone_offset and offset is None:
        notes.add("value", f"{path} (0008,0201)", "is no offset from UTC and is left out", "PS3.3 C.12.1.1")
    if offset is None:
        offset = _by_zone(path, f"{day}T{clock}", zones, tags[1], notes)
    return Moment(f"{day}T{clock}{offset or ''}")


def _by_zone(path: str, local: str, zones: Mapping[str, str], tag: str, notes: _Notes) -> str | None:
    """The offset of the configured zone at that local time; None where there is no zone or it gives no one answer."""
    fitting = [p for p in zones if p == "." or path == p or path.startswith(f"{p}/")]
    if not fitting:
        return None
    try:
        zone = ZoneInfo(zones[max(fitting, key=len)])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = "the zone configured for this source is no IANA time zone; the time stays without offset"
        notes.add("value", f"{path} {tag}", message, "dicom.zone")
        return None
    moment = datetime.fromisoformat(local[:19].replace(":60", ":59"))
    offsets = {moment.replace(tzinfo=zone, fold=fold).isoformat()[19:] for fold in (0, 1)}
    offset = offsets.pop()
    if offsets or len(offset) != 6:
        message = "the configured zone gives no single offset at that time (clocks changed); it stays without offset"
        notes.add("value", f"{path} {tag}", message, "dicom.zone")
        return None
    message = "has no offset from UTC; that of the zone configured for this source was added"
    notes.add("informational", f"{path} {tag}", message, "dicom.zone", "information")
    return offset


__all__ = ["Found", "Header", "Member", "studies", "study_name"]
