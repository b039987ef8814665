"""QIDO-RS (PS3.18 10.6): what a server lists. Every row is checked: servers leave out parameters they do not know.

Names are never taken from it: servers answer in other character sets than the images have.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from adapter.dicomweb.client import MAX_LIST, RULE, Client
from mappings.domain.material import check_uid
from mappings.problems import ProblemError, refuse

PAGE = 500
"""Rows that are asked for at a time."""
MAX_ROWS = 200_000

STUDY, SERIES, INSTANCE = "0020000D", "0020000E", "00080018"
PATIENT_ID, ISSUER, ACCESSION = "00100020", "00100021", "00080050"


class Row(msgspec.Struct, frozen=True):
    """One row of an answer: a data set of the DICOM JSON model (PS3.18 annex F)."""

    data: dict[str, Any]

    def texts(self, tag: str) -> tuple[str, ...]:
        """The values of an element as texts, without padding; those that are null or empty left out."""
        element = self.data.get(tag)
        values = element.get("Value") if isinstance(element, dict) else None
        rows = values if isinstance(values, list) else []
        return tuple(
            text for value in rows if isinstance(value, str | int) and (text := str(value).strip(" \0").strip())
        )

    def text(self, tag: str) -> str:
        """The first value of an element; an empty text where there is none."""
        return next(iter(self.texts(tag)), "")

    def name(self, tag: str) -> str:
        """The alphabetic group of a person's name (PS3.18 F.2.2); an empty text where there is none."""
        element = self.data.get(tag)
        values = element.get("Value") if isinstance(element, dict) else None
        first = values[0] if isinstance(values, list) and values else None
        said = first.get("Alphabetic") if isinstance(first, dict) else None
        return said.strip() if isinstance(said, str) else ""

    def items(self, tag: str) -> list["Row"]:
        """The items of a sequence."""
        element = self.data.get(tag)
        values = element.get("Value") if isinstance(element, dict) else None
        return [Row(value) for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def rows(client: Client, path: Iterable[str], query: Iterable[tuple[str, str]], what: str, key: str) -> Iterator[Row]:
    """All rows of a search, page by page, each once by its `key`; those without a valid UID there are refused.

    A server that leaves out `limit` sends all at once, one that leaves out `offset` the same again: both come to an
    end.

    Raises:
        ProblemError: no answer, an error, something other than a list of data sets, or no end.
    """
    seen: set[str] = set()
    place, filters = list(path), list(query)
    while True:
        page = [("limit", str(PAGE)), ("offset", str(len(seen)))]
        found = client.get_json(place, [*filters, *page], what, MAX_LIST)
        if found is None:
            return
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise refuse("structure", f"pacs.{client.name} {what}", "answers with no list of data sets", rule=RULE)
        new = [row for row in map(Row, found) if _fresh(row.text(key), seen, client, what)]
        yield from new
        if not new:  # a short page is not the last one: servers have limits of their own
            return
        if len(seen) > MAX_ROWS:
            raise refuse("too-costly", f"pacs.{client.name} {what}", "lists more than can be taken", rule=RULE)


def _fresh(uid: str, seen: set[str], client: Client, what: str) -> bool:
    try:
        check_uid(uid, "it")
    except ValueError:
        message = "lists something without a valid UID; ask its operator"
        raise refuse("value", f"pacs.{client.name} {what}", message, rule="PS3.5 9") from None
    if uid in seen:
        return False
    seen.add(uid)
    return True


def instances_of(client: Client, study: str) -> dict[str, str]:
    """SOP Instance UID -> Series Instance UID of what the server lists of a study; empty where it has no such study.

    Raises:
        ProblemError: as `rows`; or it lists instances of another study.
    """
    query = [("includefield", STUDY), ("includefield", SERIES)]
    found: dict[str, str] = {}
    try:
        listed = list(rows(client, ("studies", study, "instances"), query, "list of instances", INSTANCE))
    except ProblemError as error:
        if all(one.code == "not-found" for one in error.problems):
            return found
        raise
    for row in listed:
        series = row.text(SERIES)
        if row.text(STUDY) not in ("", study) or not series:
            message = "lists instances of another study than the one asked for; ask its operator"
            raise refuse("conflict", f"pacs.{client.name} list of instances", message, rule=RULE)
        found[row.text(INSTANCE)] = series
    return found
