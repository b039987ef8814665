"""Narrative.div (https://hl7.org/fhir/R4/narrative.html): txt-1, only formatting; txt-2, some content."""

import re

from lxml import etree

XHTML = "http://www.w3.org/1999/xhtml"
# The elements that narrative.html names: HTML 4.0 chapters 7 to 11 (but section 4 of chapter 9) and 15, a and img.
ELEMENTS = frozenset(
    """
    a abbr acronym address b bdo big blockquote br caption cite code col colgroup dd del dfn div dl dt em h1 h2 h3
    h4 h5 h6 hr i img ins kbd li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul
    var
    """.split()  # noqa: SIM905
)
ATTRIBUTES = frozenset(
    """
    abbr accesskey align alt axis border cellhalign cellpadding cellspacing cellvalign char charoff charset cite
    class colspan compact coords datetime dir frame headers height href hreflang hspace id ismap lang longdesc name
    nowrap rel rev rowspan rules scope shape span src start style summary tabindex title type usemap valign value
    vspace width
    """.split()  # noqa: SIM905
)
_TAGS = frozenset(f"{{{XHTML}}}{name}" for name in ELEMENTS)
# What no URI may hold unescaped (RFC 3986); blanks at either end are left out by readers.
_NO_URL = re.compile(r"\S\s+\S|[<>{}|\\^`]")
_ACTIVE = re.compile(r"\s*(javascript|vbscript):", re.IGNORECASE)


def check(div: str) -> tuple[str, str] | None:
    """Judge one div as (rule, message); nothing where it is as it should be."""
    if "<!DOCTYPE" in div or "<!ENTITY" in div:
        return ("txt-1", "declares a document type or an entity; a narrative has neither")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(div.encode("utf-8", "surrogatepass"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return ("txt-1", "is not well-formed XML")
    if root.tag != f"{{{XHTML}}}div":
        return ("txt-1", f"must be one div element in the namespace {XHTML}")
    for element in root.iter(etree.Element):
        if element.tag not in _TAGS:
            return (
                "txt-1",
                "holds an element that a narrative must not have (only formatting, tables, lists, links, images)",
            )
        if not element.attrib:
            continue
        if any(not _allowed(str(attribute)) for attribute in element.attrib):
            return ("txt-1", "holds an attribute that a narrative must not have (no events, only formatting)")
        if any(_NO_URL.search(str(element.get(name, ""))) for name in ("href", "src")):
            return ("fhir.narrative-url", "links to what is no URL: write href and src with escapes (%7B for a brace)")
        if _ACTIVE.match(str(element.get("href", ""))):
            return ("fhir.narrative-url", "has a link that runs a script: take it out")
    if not "".join(map(str, root.itertext())).strip() and root.find(f".//{{{XHTML}}}img") is None:
        return ("txt-2", "has no content: leave the narrative out or say something in it")
    return None


def _allowed(attribute: str) -> bool:
    return attribute in ATTRIBUTES or attribute.startswith("{http://www.w3.org/XML/1998/namespace}")
