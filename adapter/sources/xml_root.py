"""The root element of an XML file, from its first bytes alone: no parser, and time that grows with the length only."""

import re
from typing import NamedTuple

_BLANKS = b" \t\r\n"
_NAME = re.compile(rb"<(?:([^\s<>/:!?=\"']+):)?([^\s<>/:!?=\"']+)")
_ATTRIBUTE = re.compile(rb"[ \t\r\n]+([^\s<>/=\"']+)[ \t\r\n]*=[ \t\r\n]*(?:\"([^\"<]*)\"|'([^'<]*)')")
_SUBSET_END = re.compile(rb"\][ \t\r\n]*>")


class Root(NamedTuple):
    """The root's local name, and its own namespace: empty for none, None where its start tag does not end here."""

    name: bytes
    namespace: bytes | None


def root_of(head: bytes) -> Root | None:
    """The root element of XML; None where the head ends before it, or is no XML.

    Args:
        head: the first bytes, without a byte order mark, in any encoding that has ASCII as it is.
    """
    at = _prolog_end(head)
    found = None if at is None else _NAME.match(head, at)
    if found is None:
        return None
    prefix, name = found.groups()
    wanted = b"xmlns:" + prefix if prefix else b"xmlns"
    end = found.end()
    while attribute := _ATTRIBUTE.match(head, end):
        if attribute[1] == wanted:
            return Root(name, attribute[2] if attribute[2] is not None else attribute[3])
        end = attribute.end()
    return Root(name, b"" if head[end:].lstrip(_BLANKS)[:1] in (b">", b"/") else None)


def _prolog_end(head: bytes) -> int | None:
    """Where the root begins: behind blanks, comments, processing instructions and the document type."""
    at = 0
    while at < len(head):
        if head[at : at + 1] in (b" ", b"\t", b"\r", b"\n"):
            at += 1
        elif head.startswith(b"<?", at):
            at = _behind(head, b"?>", at + 2)
        elif head.startswith(b"<!--", at):
            at = _behind(head, b"-->", at + 4)
        elif head[at : at + 9].upper() == b"<!DOCTYPE":
            at = _behind_type(head, at)
        else:
            return at
    return None


def _behind(head: bytes, end: bytes, at: int) -> int:
    found = head.find(end, at)
    return len(head) if found < 0 else found + len(end)


def _behind_type(head: bytes, at: int) -> int:
    """Behind a document type, with what it declares in brackets."""
    close, subset = head.find(b">", at), head.find(b"[", at)
    if subset < 0 or close < subset:
        return len(head) if close < 0 else close + 1
    end = _SUBSET_END.search(head, subset)
    return end.end() if end else len(head)
