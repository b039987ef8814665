"""Codes that a grammar makes rather than a list: languages and media types; and lists that others publish.

No library: langcodes and language-tags bring a registry and a parser that repair and match tags, ten times what telling
good from bad takes, and neither says which subtag is unknown. The lists are facts in grammars.json.
"""

import functools
import importlib.resources
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from adapter.validation.units import is_unit

FILE = "grammars.json"

# RFC 2045 section 5.1 and RFC 6838 section 4.2: restricted names, and parameters of tokens or quoted strings.
_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = rf'[ \t]*;[ \t]*{_WORD}=(?:{_WORD}|"(?:[^"\\\x00-\x1f]|\\.)*")'
_MEDIA_TYPE = re.compile(rf"{_NAME}/{_NAME}(?:{_PARAMETER})*[ \t]*;?", re.ASCII)

# RFC 5646 section 2.1, in lower case.
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3}|[a-z]{4,8})"
    r"(?P<extlang>(?:-[a-z]{3}(?![a-z0-9])){0,3})"
    r"(?:-(?P<script>[a-z]{4}))?"
    r"(?:-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<variant>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)"
    r"(?P<extension>(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*)"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?"
)
_LONGEST = 100  # characters; RFC 5646 section 4.4.1 asks for room for 35
_PRIVATE = re.compile(r"x(?:-[a-z0-9]{1,8})+")


@functools.cache
def _facts() -> dict[str, Any]:
    data = importlib.resources.files("adapter.validation").joinpath(FILE).read_bytes()
    found: dict[str, Any] = msgspec.json.decode(data)
    return found


@functools.cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(_facts()[name].split())


@functools.cache
def _subtags(kind: str) -> frozenset[str]:
    """Registered subtags; a range (qaa..qtz, xa..xz) written out."""
    found: set[str] = set()
    for code in _facts()["bcp47"][kind].split():
        first, _, last = code.partition("..")
        found.update(_between(first, last) if last else [first])
    return frozenset(found)


def _between(first: str, last: str) -> list[str]:
    """Write out a range of subtags, of which the last two letters count."""
    start, letters = first[:-2], "abcdefghijklmnopqrstuvwxyz"
    return [code for one in letters for two in letters if first <= (code := start + one + two) <= last]


def is_language(tag: str) -> bool:
    """Tell whether a tag is valid: well-formed, and all its subtags registered (RFC 5646 section 2.2.9)."""
    return len(tag) <= _LONGEST and tag.isascii() and _is_tag(tag.lower())


@functools.lru_cache(maxsize=1024)
def _is_tag(lower: str) -> bool:
    if _PRIVATE.fullmatch(lower) or lower in _subtags("grandfathered"):
        return True
    found = _TAG.fullmatch(lower)
    if not found:
        return False
    variants = [variant for variant in found["variant"].split("-") if variant]
    singletons = re.findall(r"-([a-wyz0-9])(?=-)", found["extension"])
    kinds = (
        ("language", [found["language"]]),
        ("extlang", found["extlang"].split("-")[1:]),
        ("script", [found["script"]]),
    )
    named = (*kinds, ("region", [found["region"]]), ("variant", variants))
    return all(code is None or code in _subtags(kind) for kind, codes in named for code in codes) and all(
        len(set(codes)) == len(codes) for codes in (variants, singletons)
    )


def is_media_type(text: str) -> bool:
    """Tell whether it is a media type, with or without parameters (https://www.rfc-editor.org/rfc/rfc6838)."""
    return _MEDIA_TYPE.fullmatch(text) is not None


def is_currency(code: str) -> bool:
    """Tell whether it is a currency of ISO 4217, recently withdrawn ones included."""
    return code in _listed("iso4217")


def is_country(code: str) -> bool:
    """Tell whether it is a country of ISO 3166-1: two letters, three letters or three digits."""
    return code in _listed("iso3166")


# USPS Publication 28, appendix B: states, the District of Columbia, possessions, military "states"; UM is of ISO 3166.
_STATES = frozenset(
    """
    AA AE AK AL AP AR AS AZ CA CO CT DC DE FL FM GA GU HI IA ID IL IN KS KY LA MA MD ME MH MI MN MO MP MS MT NC ND NE NH
    NJ NM NV NY OH OK OR PA PR PW RI SC SD TN TX UM UT VA VI VT WA WI WV WY
    """.split()  # noqa: SIM905
)


def is_state(code: str) -> bool:
    """Tell whether it is a two-letter abbreviation of the United States Postal Service for a state or the like."""
    return code in _STATES


SYSTEMS: Mapping[str, Callable[[str], bool | None]] = {
    "http://unitsofmeasure.org": is_unit,
    "urn:ietf:bcp:13": is_media_type,
    "urn:ietf:bcp:47": is_language,
    "urn:iso:std:iso:3166": is_country,
    "urn:iso:std:iso:4217": is_currency,
    "https://www.usps.com/": is_state,
}
"""By code system: whether a code is one of it."""
