"""Text of a DICOM element in its character sets (PS3.5 section 6.1, PS3.3 section C.12.1.1.2).

Code extensions (ISO 2022) say of themselves which set follows, so that they are read also where (0008,0005) does not
name them. Nothing is replaced: what is in none of the sets raises, or is said to be a guess.
"""

import re
from collections.abc import Iterator

STANDALONE = {"ISO_IR 192": "utf-8", "GB18030": "gb18030", "GBK": "gbk"}
"""Defined terms without code extensions, and their codec."""
_SINGLE = {
    "6": "ascii",
    "13": "shift_jis",
    "100": "iso8859_1",
    "101": "iso8859_2",
    "109": "iso8859_3",
    "110": "iso8859_4",
    "126": "iso8859_7",
    "127": "iso8859_6",
    "138": "iso8859_8",
    "144": "iso8859_5",
    "148": "iso8859_9",
    "166": "tis_620",
    "203": "iso8859_15",
    "149": "ascii",
    "58": "ascii",
    "87": "ascii",
    "159": "ascii",
}
"""Number of a defined term (ISO_IR n, ISO 2022 IR n) -> codec of what stands before any escape sequence."""
_TERM = re.compile(r"(?:ISO[_ ]IR|ISO[_ ]2022[_ -]IR)[_ ]?(\d+)", re.IGNORECASE)
_ESCAPE = re.compile(rb"\x1b(?:\$[()]?|[()\-])[@-~]")
_DELIMITER = re.compile(rb"([\\^=\r\n\t\f])")
_C1 = re.compile(rb"[\x80-\x9f]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_UPPER: dict[bytes, str] = {
    b"\x1b)I": "shift_jis",
    b"\x1b-A": "iso8859_1",
    b"\x1b-B": "iso8859_2",
    b"\x1b-C": "iso8859_3",
    b"\x1b-D": "iso8859_4",
    b"\x1b-F": "iso8859_7",
    b"\x1b-G": "iso8859_6",
    b"\x1b-H": "iso8859_8",
    b"\x1b-L": "iso8859_5",
    b"\x1b-M": "iso8859_9",
    b"\x1b-T": "tis_620",
    b"\x1b-b": "iso8859_15",
    b"\x1b$)A": "gb2312",
    b"\x1b$)C": "euc_kr",
}
"""Escape sequence -> codec of the bytes from 0x80 on (PS3.3 tables C.12-3 and C.12-4)."""
_LOWER: dict[bytes, str] = {
    b"\x1b(B": "",
    b"\x1b(J": "",
    b"\x1b$@": "iso2022_jp",
    b"\x1b$B": "iso2022_jp",
    b"\x1b$(D": "iso2022_jp_2",
}
"""Escape sequence -> codec of the bytes below 0x80, which needs the sequence before them; empty for one byte a sign."""


class Charset:
    """How the text of a data set is written: the values of its (0008,0005).

    `known` says that every value is a defined term, `extended` that escape sequences are announced.
    """

    def __init__(self, terms: tuple[str, ...] = ()) -> None:
        first = next(iter(terms), "") or "ISO_IR 6"
        found = [_codec(term) for term in terms if term]
        self.known = all(found)
        self.extended = any("2022" in term for term in terms)
        self.codec = _codec(first) or "ascii"

    def text(self, data: bytes) -> tuple[str, bool]:
        """The text, and whether it was read by its declared sets (else it is a guess at text that names none).

        Raises:
            UnicodeError: it is in none of its sets.
        """
        if data.isascii() and b"\x1b" not in data:
            return data.decode("ascii"), True
        if b"\x1b" in data and self.codec not in STANDALONE.values():
            return "".join(_runs(data, self.codec)), self.known and self.extended
        if self.codec == "ascii" or not self.known:
            return _guess(data), False
        if self.codec == "iso8859_1" and _C1.search(data):
            return data.decode("cp1252"), False
        return data.decode(self.codec), True


def _codec(term: str) -> str:
    if term in STANDALONE:
        return STANDALONE[term]
    found = _TERM.fullmatch(term)
    return _SINGLE.get(found[1], "") if found else ""


def _guess(data: bytes) -> str:
    """Text that names no set for its bytes from 0x80 on: UTF-8 where it is that throughout, else Latin-1.

    Where Latin-1 has control characters and no text, Windows has letters and quotes.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252" if _C1.search(data) else "iso8859_1")


def printable(text: str) -> bool:
    """Whether a text holds no control characters but those that a text has (PS3.5 section 6.1.3).

    No FHIR string holds any other, and a terminal obeys them.
    """
    return not _CONTROL.search(text)


def _runs(data: bytes, first: str) -> Iterator[str]:
    """The stretches between escape sequences, each in the sets that hold there."""
    lower, upper, place = b"", first, 0
    for found in _ESCAPE.finditer(data):
        yield from _stretch(data[place : found.start()], lower, upper, first)
        place, escape = found.end(), found[0]
        if escape in _UPPER:
            upper = _UPPER[escape]
        elif escape in _LOWER:
            lower = escape if _LOWER[escape] else b""
        else:
            raise UnicodeError("an escape sequence of no set that DICOM has")
    rest = data[place:]
    if b"\x1b" in rest:
        raise UnicodeError("an escape sequence of no set that DICOM has")
    yield from _stretch(rest, lower, upper, first)


def _stretch(data: bytes, lower: bytes, upper: str, first: str) -> Iterator[str]:
    """A stretch in two sets; a delimiter brings back the first set, where that can be (PS3.5 section 6.1.2.5.3)."""
    if lower or upper == first or first == "ascii":
        yield _run(data, lower, upper)
        return
    head, delimiter, tail = _DELIMITER.split(data, maxsplit=1) if _DELIMITER.search(data) else (data, b"", b"")
    yield _run(head, lower, upper)
    yield delimiter.decode("ascii") + _run(tail, lower, first)


def _run(data: bytes, lower: bytes, upper: str) -> str:
    if lower:
        low = re.split(rb"([\r\n\t\f ]+)", data)
        return "".join(part.decode("ascii") if part.isspace() else _pairs(part, lower) for part in low if part)
    return _guess(data) if upper == "ascii" and not data.isascii() else data.decode(upper)


def _pairs(data: bytes, escape: bytes) -> str:
    return (escape + data + b"\x1b(B").decode(_LOWER[escape])
