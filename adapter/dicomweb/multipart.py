"""multipart/related (RFC 2387) as a stream: parts are handed on as they come and never held whole.

A part counts only when its closing boundary has come: a body that breaks off is told from one that ends.
"""

import re
from collections.abc import Iterable, Iterator

MAX_HEADERS = 16 << 10
"""Longest headers of a part, in bytes."""
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.I)


class CutOff(Exception):
    """A multipart body ended before its last boundary, or is none."""


class Parts:
    """The parts of a body. Each is consumed (or passed over) before the next one comes.

    Raises:
        CutOff: while iterating, where the body is no multipart body or ends too early.
    """

    def __init__(self, chunks: Iterable[bytes], boundary: str) -> None:
        self._chunks = iter(chunks)
        self._mark = b"--" + boundary.encode("latin-1")
        self._data = bytearray(b"\r\n")  # the first boundary need not stand on a new line
        self._open = False

    def __iter__(self) -> Iterator["Part"]:
        before = 0
        for piece in self._until_boundary():
            before += len(piece)
            if before > MAX_HEADERS:  # it is another body than its media type says
                raise CutOff
        while not self._closed():
            part = Part(self._headers(), self._until_boundary())
            yield part
            for _ in part.chunks:
                pass

    def _more(self) -> None:
        chunk = next(self._chunks, b"")
        if not chunk:
            raise CutOff
        self._data += chunk

    def _until_boundary(self) -> Iterator[bytes]:
        """What comes before the next boundary, in pieces; the boundary itself is consumed."""
        mark = b"\r\n" + self._mark
        while (found := self._data.find(mark)) < 0:
            if (sure := len(self._data) - len(mark) + 1) > 0:
                piece = bytes(self._data[:sure])
                del self._data[:sure]
                yield piece
            self._more()
        piece = bytes(self._data[:found])
        del self._data[: found + len(mark)]
        if piece:
            yield piece

    def _closed(self) -> bool:
        """Whether the boundary was the last one; else go to the end of its line."""
        while len(self._data) < 2:
            self._more()
        if self._data[:2] == b"--":
            return True
        while (end := self._data.find(b"\r\n")) < 0:
            self._check_length()
            self._more()
        del self._data[:end]  # what stays begins with the end of the line, so that empty headers are found too
        return False

    def _headers(self) -> dict[str, str]:
        while (end := self._data.find(b"\r\n\r\n")) < 0:
            self._check_length()
            self._more()
        lines = bytes(self._data[:end]).decode("latin-1").split("\r\n")
        del self._data[: end + 4]
        pairs = (line.partition(":") for line in lines if ":" in line)
        return {name.strip().lower(): value.strip() for name, _, value in pairs}

    def _check_length(self) -> None:
        if len(self._data) > MAX_HEADERS:
            raise CutOff


class Part:
    """One part: its headers (lower case), and its content in pieces."""

    def __init__(self, headers: dict[str, str], chunks: Iterator[bytes]) -> None:
        self.headers, self.chunks = headers, chunks

    @property
    def length(self) -> int | None:
        """Its length in bytes, where its headers say it."""
        told = self.headers.get("content-length", "")
        return int(told) if told.isascii() and told.isdigit() and len(told) < 16 else None


def boundary_of(content_type: str) -> str | None:
    """The boundary that a Content-Type names, if it is multipart."""
    if not content_type.lower().startswith("multipart/related"):
        return None
    found = _BOUNDARY.search(content_type)
    return found and (found[1] or found[2])


__all__ = ["CutOff", "Part", "Parts", "boundary_of"]
