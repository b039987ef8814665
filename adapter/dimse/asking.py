"""C-FIND by study, series and image, level by level: relational queries are not every archive's (PS3.4 C.4.1.2.2)."""

from typing import Any

import msgspec

from adapter.dimse.peer import RULE, Peer
from mappings.domain.material import check_uid
from mappings.problems import refuse


class Image(msgspec.Struct, frozen=True):
    """An instance as it is listed; `sop_class` is empty where the archive does not tell it."""

    study: str
    series: str
    uid: str
    sop_class: str


def images_of(peer: Peer, study: str) -> dict[str, Image]:
    """SOP Instance UID -> what is listed of a study; empty where the archive has no such study.

    Raises:
        ProblemError: it is away, refuses, or lists something without a valid UID or of another study.
    """
    found: dict[str, Image] = {}
    for row in peer.find("SERIES", {"StudyInstanceUID": study, "SeriesInstanceUID": ""}):
        series = uid_of(peer, row, "SeriesInstanceUID")
        keys = {"StudyInstanceUID": study, "SeriesInstanceUID": series, "SOPInstanceUID": "", "SOPClassUID": ""}
        for one in peer.find("IMAGE", keys):
            told = {text(one, "StudyInstanceUID") or study, text(one, "SeriesInstanceUID") or series}
            if told != {study, series}:
                message = "lists instances of another study than the one asked for; ask its operator"
                raise refuse("conflict", f"pacs.{peer.name} C-FIND", message, rule=RULE)
            uid = uid_of(peer, one, "SOPInstanceUID")
            found[uid] = Image(study, series, uid, text(one, "SOPClassUID"))
    return found


def text(row: Any, keyword: str) -> str:
    """An element of an answer as text, without padding."""
    return next(iter(texts(row, keyword)), "")


def texts(row: Any, keyword: str) -> tuple[str, ...]:
    """The values of an element of an answer as texts."""
    try:
        value = row.get(keyword)
    except Exception:  # pydicom raises almost anything on broken values, and says them: such a one fits no search
        return ()
    several = value if isinstance(value, list | tuple) or hasattr(value, "append") else (value,)
    return tuple(said for one in several if one is not None and (said := str(one).strip(" \0").strip()))


def uid_of(peer: Peer, row: Any, keyword: str) -> str:
    """A UID of an answer."""
    found = text(row, keyword)
    try:
        check_uid(found, "it")
    except ValueError:
        message = "lists something without a valid UID; ask its operator"
        raise refuse("value", f"pacs.{peer.name} C-FIND", message, rule="PS3.5 9") from None
    return found


__all__ = ["Image", "images_of", "text", "texts", "uid_of"]
