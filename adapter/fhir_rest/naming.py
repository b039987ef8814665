"""What stands for a resource in a URL: types and ids that are none are refused before anything is sent."""

import re
from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from adapter.fhir_rest.errors import RULE
from mappings.problems import refuse

_KIND = re.compile(r"[A-Z][A-Za-z]{1,60}")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TAIL = re.compile(r"(?:^|/)([A-Z][A-Za-z]{1,60})/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?$")

Params = Sequence[tuple[str, str]]
"""Parameters of a search, as they are: they are encoded here."""


def place(kind: str, ident: str = "") -> str:
    """`Type` or `Type/id`.

    Raises:
        ProblemError: it is none, so that nothing that is no id goes into a URL.
    """
    if not _KIND.fullmatch(kind) or (ident and not _ID.fullmatch(ident)) or ident in (".", ".."):
        raise refuse("value", "reference", "is no resource type with an id; it is not asked for", rule=RULE)
    return f"{kind}/{ident}" if ident else kind


def placed(url: str, base: str) -> tuple[str, str] | None:
    """(type, id) that a reference names, if it is one to this server: relative, or below its base; a version falls off.

    >>> placed("Patient/1/_history/2", "https://a/fhir"), placed("https://b/fhir/Patient/1", "https://a/fhir")
    (('Patient', '1'), None)
    """
    short = url.removeprefix(base + "/")
    found = _TAIL.match(short)
    return (found[1], found[2]) if found else None


def located(url: str) -> tuple[str, str, str] | None:
    """(type, id, version) at the end of a Location: servers behind a gateway name other hosts in it."""
    try:
        found = _TAIL.search(urlsplit(url).path)
    except ValueError:
        return None
    return (found[1], found[2], found[3] or "") if found else None


def encoded(params: Params) -> str:
    """Parameters as a form has them, and as If-None-Exist does."""
    return urlencode(list(params))
