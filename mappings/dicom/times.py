"""Dates and times of DICOM as precise and as zoned as the file and its source say (PS3.5 section 6.2, PS3.3 C.12.1.1).

A time gets the offset of the file (0008,0201), else that of the zone configured for the source, else none.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mappings.dicom.header import dicom_date, dicom_offset, dicom_time
from mappings.dicom.notes import Notes
from mappings.domain.values import Moment

_DATETIME = re.compile(r"(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{6}(?:\.\d{1,6})?)|\d{2}|\d{4})?)?)?([+-]\d{4})?", re.ASCII)


def moment(
    path: str, stated: tuple[str, str, str], zones: Mapping[str, str], tags: tuple[str, str], notes: Notes
) -> Moment | None:
    """The moment that a date, a time and an offset as stated are; `tags` are those of date and time."""
    date, time, stated_offset = stated
    day = dicom_date(date)
    if day is None:
        if date:
            notes.add("value", f"{path} {tags[0]}", "is no date and is left out", "PS3.5 6.2")
        return None
    clock = dicom_time(time)
    if clock is None:
        if time:
            notes.tell("value", f"{path} {tags[1]}", "is no time to the second; the date stands alone", "PS3.5 6.2")
        return Moment(day)
    offset = dicom_offset(stated_offset)
    if stated_offset and offset is None:
        notes.add("value", f"{path} (0008,0201)", "is no offset from UTC and is left out", "PS3.3 C.12.1.1")
    if offset is None:
        offset = _by_zone(path, f"{day}T{clock}", zones, tags[1], notes)
    return Moment(f"{day}T{clock}{offset or ''}")


def datetime_moment(text: str) -> Moment | None:
    """A DT as a moment, as precise as it is; None where it is none. A time that is not to the second is left out."""
    found = _DATETIME.fullmatch(text)
    if not found:
        return None
    year, month, day, time, offset = found.groups()
    date = "-".join(part for part in (year, month, day) if part)
    clock = dicom_time(time or "") if day else None
    try:
        return Moment(f"{date}T{clock}{dicom_offset(offset or '') or ''}" if clock else date)
    except ValueError:
        return None


def _by_zone(path: str, local: str, zones: Mapping[str, str], tag: str, notes: Notes) -> str | None:
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
    notes.tell("informational", f"{path} {tag}", message, "dicom.zone")
    return offset
