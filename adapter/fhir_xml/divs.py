"""Narratives inside FHIR XML: each `div` as the very characters it has in the file."""

import re
from typing import Any

from lxml import etree

Node = Any
"""An lxml element (its stubs do not name the read-only kinds)."""
# In well-formed XML these four are told apart by how they begin; what lies between is text and other tags.
_TAG = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"
    r"|<(?P<end>/?)(?:[^\s<>/:!?]+:)?div(?=[\s/>])(?:[^>\"']|\"[^\"]*\"|'[^']*')*?(?P<empty>/?)>",
    re.DOTALL,
)


def parser(*, huge: bool = False) -> etree.XMLParser:
    """A parser that fetches nothing, expands nothing and stops at what is too deep or too large.

    `huge` lets values of more than 10 MB pass, and is for texts without a DOCTYPE only.
    """
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=huge)


def divs(root: Node, data: bytes) -> dict[Node, str]:
    """The text of every outermost `div` below `root`, which was parsed from `data`."""
    found: list[Node] = []
    for node in root.iter("{*}div"):
        if not found or found[-1] not in node.iterancestors():
            found.append(node)
    if not found:
        return {}
    texts = _slices(data, root.getroottree().docinfo.encoding or "utf-8")
    if len(texts) != len(found):
        texts = [""] * len(found)
    return {node: text if _means(text, node) else _written(node) for node, text in zip(found, texts, strict=True)}


def _slices(data: bytes, encoding: str) -> list[str]:
    """The outermost divs as they stand in the file; nothing where its encoding is not known here."""
    try:
        text = data.decode(encoding)
    except (LookupError, UnicodeError):
        return []
    found: list[str] = []
    depth = start = 0
    for tag in _TAG.finditer(text):
        if tag["end"] is None:
            continue
        start = start if depth else tag.start()
        depth += -1 if tag["end"] else 0 if tag["empty"] else 1
        if not depth:
            found.append(text[start : tag.end()])
    return found


def _means(text: str, node: Node) -> bool:
    """Whether the text stands for the node without the declarations around it."""
    try:
        alone = etree.fromstring(text.encode(), parser(huge=True))
        return _canonical(alone) == _canonical(node)
    except (etree.XMLSyntaxError, ValueError):
        return False


def _canonical(node: Node) -> bytes:
    return bytes(etree.tostring(node, method="c14n", exclusive=True, with_comments=True, with_tail=False))


def _written(node: Node) -> str:
    """The div with what it needs of the namespaces declared around it, and no more."""
    text = str(etree.tostring(node, encoding="unicode", with_tail=False))
    alone = etree.fromstring(text.encode(), parser(huge=True))
    etree.cleanup_namespaces(alone)
    return str(etree.tostring(alone, encoding="unicode"))
