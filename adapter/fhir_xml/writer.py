"""JSON to FHIR XML: `read` of what `write` wrote gives the same resource, token for token.

XML has the elements in the order of the definition, so the order of JSON properties does not survive; nothing else is
changed. What XML cannot say (https://hl7.org/fhir/R4/xml.html) is a Problem, and is not written.
"""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from adapter.fhir_xml.divs import parser
from adapter.fhir_xml.forms import FHIR, MAX_DEPTH, Form, form, is_primitive, text_of
from adapter.validation.facts import Element, element_names, resource_types
from mappings.fhir.wire import Json
from mappings.problems import Problem, problem

RULE = "fhir.xml.write"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_ESCAPE = re.compile('[&<>"\t\n\r]')
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write(resource: Json) -> tuple[bytes, tuple[Problem, ...]]:
    """Write one resource as UTF-8; with what could not be said in XML, which is then not in it."""
    writer = _Writer()
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or kind not in resource_types():
        message = "names no resource type of FHIR R4, and XML cannot be written of another"
        return b"", (problem("not-supported", "resourceType", message, rule=RULE),)
    writer.resource(resource, kind, 0, f' xmlns="{FHIR}"')
    text = _HEAD + "".join(writer.parts)
    return text.encode(), tuple(writer.problems)


class _Writer:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.problems: list[Problem] = []
        self._open = 0

    def _refuse(self, where: str, message: str) -> None:
        self.problems.append(problem("not-supported", where, message, rule=RULE))

    def resource(self, value: Json, where: str, depth: int, declared: str = "") -> None:
        """Write a resource of a known type as an element of its own."""
        self._element(value["resourceType"], declared, value, value["resourceType"], where, depth)

    def _element(self, tag: str, attributes: str, value: Json, kind: str, where: str, depth: int) -> None:
        """Write `<tag attributes>` with the elements of `value` inside."""
        start = len(self.parts)
        self.parts.append("")
        self._members(value, kind, where, depth + 1)
        indent = "  " * depth
        if len(self.parts) == start + 1:
            self.parts[start] = f"{indent}<{tag}{attributes}/>\n"
        else:
            self.parts[start] = f"{indent}<{tag}{attributes}>\n"
            self.parts.append(f"{indent}</{tag}>\n")

    def _members(self, value: Json, kind: str, where: str, depth: int) -> None:
        if self._open >= MAX_DEPTH:
            self._refuse(where, f"is nested deeper than {MAX_DEPTH} objects")
            return
        self._open += 1
        known = form(kind)
        for name in self._ordered(value, known, kind, where):
            element = known.elements[name]
            place = f"{where}.{element.step}"
            for index, (one, extra) in enumerate(self._items(value, name, element, place)):
                at = place if element.max == 1 else f"{place}[{index}]"
                self._value(name, one, extra, element, at, depth)
        self._open -= 1

    def _ordered(self, value: Json, known: Form, kind: str, where: str) -> list[str]:
        """The elements of an object in the order of the definition, each once."""
        names: dict[str, None] = {}
        for name in value:
            plain = name[1:] if name[:1] == "_" else name
            element = known.elements.get(plain)
            if element is not None and (plain == name or is_primitive(element)):
                names[plain] = None
            elif name not in known.attributes and not (name == "resourceType" and kind in resource_types()):
                shown = f"{where}.{plain}" if plain in element_names() else where
                self._refuse(shown, "has a property that the type does not have; XML has no place for it")
        return sorted(names, key=known.order.__getitem__)

    def _items(self, value: Json, name: str, element: Element, where: str) -> Iterator[tuple[Any, Any]]:
        """(value, what stands on it) of each repetition."""
        values, extras = value.get(name), value.get(f"_{name}")
        if (name in value and values is None) or (f"_{name}" in value and extras is None):
            self._refuse(where, "is null, which XML does not have")
            return
        lists = [isinstance(each, list) for each in (values, extras) if each is not None]
        if not any(lists) and element.max == 1:
            yield values, extras
            return
        count = max(len(each) for each in (values, extras) if isinstance(each, list)) if any(lists) else 0
        # XML tells a list from one value by the definition, or by there being several.
        if not all(lists) or not count or (element.max == 1 and count == 1):
            self._refuse(where, "is a list where the definition has one value, one value where it has a list, or empty")
            return
        for index in range(count):
            yield _at(values, index), _at(extras, index)

    def _value(self, name: str, value: Any, extra: Any, element: Element, where: str, depth: int) -> None:
        indent = "  " * depth
        if is_primitive(element):
            self._primitive(name, value, extra, element, where, depth)
        elif element.kind == "xhtml":
            if div := self._div(value, extra, where):
                self.parts.append(f"{indent}{div}\n")
        elif not isinstance(value, dict):
            self._refuse(where, "must be an object; XML has no place for anything else here")
        elif element.kind == "Resource":
            kind = value.get("resourceType")
            if not isinstance(kind, str) or kind not in resource_types():
                self._refuse(where, "names no resource type of FHIR R4, and XML cannot be written of another")
                return
            self.parts.append(f"{indent}<{name}>\n")
            self.resource(value, where, depth + 1)
            self.parts.append(f"{indent}</{name}>\n")
        else:
            attributes = self._attributes(value, form(element.kind), where)
            self._element(name, attributes, value, element.kind, where, depth)

    def _primitive(self, name: str, value: Any, extra: Any, element: Element, where: str, depth: int) -> None:
        said = ""
        if value is not None:
            text = text_of(element.kind, value)
            if text is None or _NOT_XML.search(text):
                message = "is not written as its type is, or holds a character that XML does not have"
                self._refuse(where, message)
            else:
                said = f' value="{_escaped(text)}"'
        if extra is None and value is None:
            self._refuse(where, "is null, which XML does not have")
        elif extra is None:
            if said:
                self.parts.append(f"{'  ' * depth}<{name}{said}/>\n")
        elif not isinstance(extra, dict) or (not extra and value is not None):
            self._refuse(where, "has nothing, or no object, to stand on its value")
        else:
            said = self._attributes(extra, form("Element"), where) + said
            self._element(name, said, extra, "Element", where, depth)

    def _attributes(self, value: Json, known: Form, where: str) -> str:
        said = ""
        for name in ("id", "url"):
            if name not in value or name not in known.attributes:
                continue
            text = value[name]
            if isinstance(text, str) and not _NOT_XML.search(text):
                said += f' {name}="{_escaped(text)}"'
            else:
                self._refuse(f"{where}.{name}", "is no text that XML can have as an attribute")
        return said

    def _div(self, value: Any, extra: Any, where: str) -> str:
        """A narrative stands in XML as the XML it is."""
        if extra is None and isinstance(value, str) and value[:1] == "<" and value[-1:] == ">":
            try:
                root = etree.fromstring(value.encode(), parser())
            except (etree.XMLSyntaxError, ValueError):
                root = None
            if root is not None and _is_div(root, value):
                return value
        self._refuse(where, "is not one well-formed div element, and only that can be said in XML")
        return ""


def _is_div(root: Any, text: str) -> bool:
    """Whether the text is one div with nothing around it."""
    named = str(root.tag).rpartition("}")
    alone = root.getprevious() is None and root.getnext() is None and text[1:2] not in "?!"
    return named[2] == "div" and bool(named[0]) and alone and root.getroottree().docinfo.internalDTD is None


def _at(values: Any, index: int) -> Any:
    return values[index] if isinstance(values, list) and index < len(values) else None


def _escaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED[found[0]], text)
