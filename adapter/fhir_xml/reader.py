"""FHIR XML to JSON: `read` gives what the JSON reader would give for the same resource.

Numbers keep their text, a narrative its characters. What XML can say and JSON cannot is a Problem with its line, and
marks the place where something is lost; comments alone are no loss (https://hl7.org/fhir/R4/xml.html).
"""

import difflib
from collections.abc import Iterable
from typing import Any

import msgspec
from lxml import etree

from adapter.fhir_xml import faults
from adapter.fhir_xml.divs import Node, divs, parser
from adapter.fhir_xml.forms import FHIR, MAX_DEPTH, RULE, XSI, Form, form, is_primitive, value_of
from adapter.fhir_xml.lines import lines_of
from adapter.validation.facts import Element, element_names, resource_types
from mappings.fhir.wire import Json
from mappings.problems import IssueType, Problem, Severity, problem

Place = tuple[Any, str, int | None]
"""(place around, FHIRPath step, index): written out only where something is wrong."""
_STOP = 200
"""Problems of the reader, past which nobody reads on."""


class XmlReading(msgspec.Struct, frozen=True, kw_only=True):
    """What an XML file says.

    Attributes:
        resource: as JSON; None where the file is no FHIR XML at all.
        problems: what is wrong with the XML as XML; what it says is judged by `validate_resource`.
        lost: FHIRPaths at which the file says what JSON cannot; where there are any, `resource` is not the whole.
    """

    resource: Json | None = None
    problems: tuple[Problem, ...] = ()
    lost: tuple[str, ...] = ()
    root: Any = None

    def lines(self, places: Iterable[str]) -> dict[str, int]:
        """The line of the element at each FHIRPath (or the nearest around it that is there)."""
        return {} if self.root is None else lines_of(self.root, places)


def read(data: bytes) -> XmlReading:
    """Read one resource; never fails, whatever the bytes."""
    try:
        root = _parsed(data)
    except etree.XMLSyntaxError as error:
        return XmlReading(problems=(faults.not_well_formed(error),))
    except (ValueError, LookupError):
        return XmlReading(problems=(faults.unreadable(),))
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.doctype:
        return XmlReading(problems=(faults.document_type(data),))
    if found := faults.root(root):
        return XmlReading(problems=(found,), root=root)
    return _Reader(divs(root, data)).whole(root)


def _parsed(data: bytes) -> Node:
    try:
        return etree.fromstring(data, parser())
    except etree.XMLSyntaxError as error:
        # A document in base64 may be larger than what libxml2 takes for harmless; without DOCTYPE nothing can swell.
        if not faults.is_limit(error) or b"<!DOCTYPE" in data or b"\0" in data:
            raise
    return etree.fromstring(data, parser(huge=True))


class _Reader:
    def __init__(self, narratives: dict[Node, str]) -> None:
        self.narratives = narratives
        self.problems: list[Problem] = []
        self.lost: list[str] = []
        self.comments = 0
        self.instructions: list[int | None] = []
        self._depth = 0

    def whole(self, root: Node) -> XmlReading:
        resource = self._resource(root, (None, etree.QName(root).localname, None))
        for before in (True, False):
            for node in root.itersiblings(preceding=before):
                self._aside(node)
        notes = [*self.problems]
        notes += [found for found in (faults.encoding(root.getroottree().docinfo.encoding or "utf-8"),) if found]
        notes += [faults.instructions(line) for line in self.instructions[:1]]
        notes += [faults.comments(self.comments)] if self.comments else []
        return XmlReading(resource=resource, problems=tuple(notes), lost=tuple(self.lost), root=root)

    def _aside(self, node: Node) -> None:
        """Note what is neither element nor text."""
        if node.tag is etree.Comment:
            self.comments += 1
        else:
            self.instructions.append(node.sourceline)

    # --- what is wrong

    def _report(
        self,
        node: Node,
        where: str,
        message: str,
        rule: str,
        *,
        code: IssueType = "structure",
        lost: bool = True,
        severity: Severity = "error",
    ) -> None:
        if len(self.problems) < _STOP:
            place = f"{where} (line {node.sourceline})"
            self.problems.append(problem(code, place, message, rule=rule, severity=severity))
        if lost:
            self.lost.append(where)

    def _text(self, node: Node, text: str | None, place: Place) -> None:
        if text and text.strip(" \t\r\n"):
            message = "has text between its elements, where FHIR XML has none: a value stands in the attribute `value`"
            self._report(node, _path(place), message, "fhir.xml.text")

    # --- resources and objects

    def _resource(self, node: Node, place: Place) -> Json | None:
        name = etree.QName(node)
        if name.namespace != FHIR or name.localname not in resource_types():
            message = "must be an element that is named like a resource type of FHIR R4, in the namespace of FHIR"
            self._report(node, _path(place), message, "fhir.resourceType")
            return None
        self._attributes(node, frozenset(), place)
        return {"resourceType": name.localname, **self._members(node, name.localname, place)}

    def _resources(self, node: Node, place: Place) -> list[Json]:
        """The resource inside `contained` or `resource`: one, and nothing else."""
        self._attributes(node, frozenset(), place)
        self._text(node, node.text, place)
        found = []
        for child in node:
            self._text(child, child.tail, place)
            if isinstance(child.tag, str):
                found.append(self._resource(child, place))
            else:
                self._aside(child)
        if not found:
            return [{}]
        if len(found) > 1:
            message = "holds more than one resource; give each an element of its own"
            self._report(node, _path(place), message, "fhir.xml.resource", lost=False)
        return [each for each in found if each is not None]

    def _object(self, node: Node, kind: str, place: Place) -> Json:
        said = self._attributes(node, form(kind).attributes, place)
        return {**said, **self._members(node, kind, place)}

    def _attributes(self, node: Node, known: frozenset[str], place: Place) -> Json:
        said: Json = {}
        for name, text in node.items():
            if name in known:
                said[name] = text
            elif name.startswith(f"{{{XSI}}}"):
                message = "has an attribute for XML Schema, which FHIR does not use; it is not carried: take it out"
                where = _path(place)
                self._report(node, where, message, "fhir.xml.attribute", lost=False, severity="warning")
            else:
                shown = f" {name}" if name in element_names() else ""
                message = f"has an attribute{shown} that it must not have: take it out"
                self._report(node, _path(place), message, "fhir.xml.attribute")
        return said

    def _members(self, node: Node, kind: str, place: Place) -> Json:
        if self._depth >= MAX_DEPTH:
            message = f"is nested deeper than {MAX_DEPTH} objects"
            self._report(node, _path(place), message, RULE, code="too-long")
            return {}
        self._depth += 1
        found: dict[str, list[tuple[Any, Any]]] = {}
        known, last = form(kind), 0
        self._text(node, node.text, place)
        for child in node:
            if child.tail is not None:
                self._text(child, child.tail, place)
            name = self._named(child, known, kind, place)
            if name is None:
                continue
            element = known.elements[name]
            last = self._in_order(child, element, known.order[name], last, place)
            items = found.setdefault(name, [])
            here = (place, element.step, None if element.max == 1 else len(items))
            items.extend(self._values(child, element, here))
        self._depth -= 1
        said: Json = {}
        for name, items in found.items():
            _say(said, name, known.elements[name], items)
        return said

    def _named(self, child: Node, known: Form, kind: str, place: Place) -> str | None:
        """The JSON property a child stands for; None, and a Problem, where there is none."""
        tag = child.tag
        if not isinstance(tag, str):
            self._aside(child)
            return None
        space, _, name = tag.rpartition("}")
        element = known.elements.get(name)
        if element is not None and (space[1:] == FHIR or element.kind == "xhtml"):
            return name
        shown = f".{name}" if name in element_names() else ""
        if space[1:] != FHIR:
            message = f"is in another namespace than {FHIR}" if shown else f"holds an element that is not in {FHIR}"
            self._report(child, _path(place) + shown, message, "fhir.xml.namespace")
            return None
        near = difflib.get_close_matches(name[:64], known.elements, n=1, cutoff=0.75) if len(self.problems) < 50 else []
        hint = f"; is {near[0]} meant?" if near else ""
        if name in known.attributes:
            message = "must be an attribute, not an element"
        elif shown:
            message = f"is not an element here{hint}"
        else:
            message = f"holds an element that FHIR has not here{hint}"
        self._report(child, _path(place) + shown, message, "fhir.element")
        return None

    def _in_order(self, child: Node, element: Element, now: int, last: int, place: Place) -> int:
        """Report an element that stands behind a later one, which JSON would not know."""
        if now >= last:
            return now
        message = "stands too late: elements of FHIR XML have the order of the definition; move it forward"
        self._report(child, f"{_path(place)}.{element.step}", message, "fhir.xml.order", lost=False)
        return last

    # --- values

    def _values(self, child: Node, element: Element, place: Place) -> list[tuple[Any, Any]]:
        """(value, what stands on it) as JSON has them apart."""
        if element.kind == "xhtml":
            return [(self.narratives[child], None)]
        if element.kind == "Resource":
            return [(each, None) for each in self._resources(child, place)]
        if not is_primitive(element):
            return [(self._object(child, element.kind, place), None)]
        text = child.get("value")
        if len(child) == 0 and child.text is None and len(child.attrib) == 1 and text is not None:
            return [(value_of(element.kind, text), None)]
        extra = self._attributes(child, _OF_PRIMITIVES, place)
        extra.pop("value", None)
        extra |= self._members(child, "Element", place)
        return [(None if text is None else value_of(element.kind, text), extra if extra or text is None else None)]


_OF_PRIMITIVES = frozenset(("id", "value"))


def _say(said: Json, name: str, element: Element, items: list[tuple[Any, Any]]) -> None:
    """Write what was found of one element as JSON properties: `name`, and `_name` for what stands on a primitive."""
    values, extras = [value for value, _ in items], [extra for _, extra in items]
    if not items:
        return
    if element.max == 1 and len(items) == 1:
        if values[0] is not None:
            said[name] = values[0]
        if extras[0] is not None:
            said[f"_{name}"] = extras[0]
        return
    if any(value is not None for value in values):
        said[name] = values
    if any(extra is not None for extra in extras):
        said[f"_{name}"] = extras


def _path(place: Place | None) -> str:
    steps: list[str] = []
    while place is not None:
        around, step, index = place
        steps.append(step if index is None else f"{step}[{index}]")
        place = around
    return ".".join(reversed(steps))
