"""What can be wrong with an XML file as a whole; libxml2's own messages, which name what is in it, are not shown."""

from lxml import etree

from adapter.fhir_xml.divs import Node, parser
from adapter.fhir_xml.forms import FHIR, RULE
from adapter.validation.facts import resource_types
from mappings.problems import Problem, problem

_SAID = {
    "ERR_DOCUMENT_EMPTY": "is empty or does not begin with an element",
    "ERR_DOCUMENT_END": "has something behind the end of its root element, or ends too early",
    "ERR_TAG_NAME_MISMATCH": "has an end tag that does not fit the element that is open",
    "ERR_TAG_NOT_FINISHED": "ends inside an element",
    "ERR_GT_REQUIRED": "has a tag that is not closed",
    "ERR_UNDECLARED_ENTITY": "uses an entity that XML does not have; write the character itself, or its number",
    "ERR_LT_IN_ATTRIBUTE": "has `<` inside an attribute; write &lt;",
    "ERR_ATTRIBUTE_REDEFINED": "has an element with the same attribute twice",
    "ERR_ATTRIBUTE_WITHOUT_VALUE": "has an attribute without a value",
    "ERR_ATTRIBUTE_NOT_STARTED": "has an attribute whose value is not in quotes",
    "ERR_INVALID_CHAR": "holds a character that XML does not allow",
    "ERR_INVALID_CHARREF": "refers to a character that XML does not allow",
    "ERR_INVALID_ENCODING": "has bytes that are not of its encoding; save the file as UTF-8",
    "ERR_UNKNOWN_ENCODING": "declares an encoding that is not known; save the file as UTF-8",
    "ERR_UNSUPPORTED_ENCODING": "declares an encoding that is not known; save the file as UTF-8",
    "ERR_SPACE_REQUIRED": "declares its encoding wrongly, or lacks a blank between attributes",
    "ERR_NAME_REQUIRED": "has `<` or `&` where neither can be; write &lt; or &amp;",
    "ERR_ENTITYREF_SEMICOL_MISSING": "has `&` that begins no reference; write &amp;",
    "ERR_RESOURCE_LIMIT": "is nested too deep or too large",
    "ERR_ENTITY_LOOP": "declares entities that hold each other",
    "NS_ERR_UNDEFINED_NAMESPACE": "uses a namespace prefix that is not declared",
}

_NAMES = {code: name for name in _SAID if (code := getattr(etree.ErrorTypes, name, None)) is not None}


def not_well_formed(error: etree.XMLSyntaxError) -> Problem:
    """The first fault that the parser met."""
    first = _NAMES.get(getattr(error, "code", 0), "")
    line, column = error.position
    message = f"is not well-formed XML: it {_SAID.get(first, 'breaks a rule of XML')}"
    return problem("structure", f"line {line} column {column}", message, rule=RULE)


def is_limit(error: etree.XMLSyntaxError) -> bool:
    """Whether the parser stopped at the size or depth of what it met."""
    return _NAMES.get(getattr(error, "code", 0)) == "ERR_RESOURCE_LIMIT"


def unreadable() -> Problem:
    """Bytes that the parser takes for no XML text at all."""
    return problem("structure", "$", "cannot be read as XML; save the file as UTF-8", rule=RULE)


def document_type(data: bytes) -> Problem:
    """A DOCTYPE: FHIR has none, and it could name files and addresses, or swell without end."""
    offset = data.find(b"<!DOCTYPE")
    where = "$" if offset < 0 else f"line {data.count(10, 0, offset) + 1}"
    message = "declares a document type (DOCTYPE), which FHIR XML must not; take it out"
    return problem("security", where, message, rule="fhir.xml.doctype")


def root(node: Node) -> Problem | None:
    """Whether the root is a resource of R4."""
    name = etree.QName(node)
    where = f"line {node.sourceline}"
    if name.namespace != FHIR:
        message = f"the root element is not in the namespace {FHIR}; FHIR XML must be"
        return problem("structure", where, message, rule="fhir.xml.namespace")
    if name.localname not in resource_types():
        message = "names no resource type of FHIR R4 (4.0.1); the file is kept whole if the case declares it"
        return problem("not-supported", where, message, rule="fhir.type")
    return None


def comments(count: int) -> Problem:
    """Comments; those inside a narrative travel with it."""
    many = "a comment" if count == 1 else f"{count} comments"
    message = f"holds {many} outside its narratives, which JSON has not; not carried"
    return problem("informational", "$", message, rule="fhir.xml.comment", severity="information")


def instructions(line: int | None) -> Problem:
    """Processing instructions (`<?xml-stylesheet ...?>`), which HL7's engine refuses too."""
    message = "has a processing instruction, which FHIR XML must not have and JSON has not; take it out"
    return problem("structure", f"line {line}", message, rule="fhir.xml.instruction")


def encoding(name: str) -> Problem | None:
    """FHIR is UTF-8 (https://hl7.org/fhir/R4/http.html#mime-type); in ASCII the two are the same."""
    if name.lower() in ("utf-8", "utf8", "ascii", "us-ascii"):
        return None
    return problem("structure", "line 1", "is not in UTF-8, which FHIR is; save it as UTF-8", rule="fhir.xml.encoding")


def root_name(data: bytes) -> str:
    """The local name of the root element of an XML text; empty where it cannot be read."""
    try:
        return str(etree.QName(etree.fromstring(data, parser())).localname)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        return ""
