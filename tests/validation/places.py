"""Where two validators say that something is wrong, in one notation, and when they mean the same element.

A place is FHIRPath with indices; `value.ofType(Quantity)`, `valueQuantity` and `value[x]` are one element, `value`.
"""

import re

_COMMENT = re.compile(r"/\*.*?\*/")
_OF_TYPE = re.compile(r"\.ofType\(\w+\)")
_URL = re.compile(r"\[url='[^']*'\]")
_LAST = re.compile(r"\[[\d*]+\]$")
_INDEX = re.compile(r"\[(\d+)\]")


_FILE = re.compile(r"null|\(xml\)|XML|line .*|\$|")
"""Where a text cannot be read at all, each says it in its own way: the place is the file."""


def normal(place: str) -> str:
    """One notation for a place; empty is the file as such."""
    if _FILE.fullmatch(place):
        return ""
    plain = _URL.sub("", _COMMENT.sub("", place)).replace("[x]", "")
    return _OF_TYPE.sub("", plain).removesuffix(".resourceType")  # no element


def from_one(place: str) -> str:
    """A place whose indices were counted from one."""
    return _INDEX.sub(lambda found: f"[{int(found[1]) - 1}]", place)


def is_same(one: str, other: str) -> bool:
    """Whether two places are one element; `[0]` may be left out at the end, and `[*]` is any index."""
    if "[*]" in one or "[*]" in other:
        return _any(one) == _any(other)
    return one == other or f"{one}[0]" == other or one == f"{other}[0]"


def _any(place: str) -> str:
    return _LAST.sub("", _INDEX.sub("[*]", place))
