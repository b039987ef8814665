"""There and back over real resources, ours and others': JSON token for token, XML as its canonical form."""

import pathlib
from typing import Any

import pytest
from lxml import etree

from adapter.fhir_xml import read, write
from adapter.fhir_xml.divs import parser
from mappings.fhir.wire import dumps, loads

ROOT = pathlib.Path(__file__).resolve().parents[3]
GOLDEN = sorted((ROOT / "fixtures").glob("cases/*/expected/**/bundle.json"))
FOLDERS = ("fhir-r4-core", "fhir-uscore", "fhir-mcode", "fhir-cdex", "synthea-r4")
# XML of the set of bad files that does not come back as it was, because it cannot be said in JSON, or is no XML.
NOT_BACK = {
    "japanese-utf8": "fhir.xml",
    "list-bad-syntax": "fhir.xml",
    "list-wrong-ns": "fhir.xml.namespace",
    "list-wrong-ns2": "fhir.xml.namespace",
    "list-wrong-order": "fhir.xml.order",
    "list-xhtml-xxe2": "fhir.xml",
    "pat-security-bad-string2": "fhir.element",
    "xml_UTF8_headerbad_nobom": "fhir.xml",
}


def sorted_keys(value: Any) -> Any:
    """The same JSON with its keys in one order: XML has an order of its own."""
    if isinstance(value, dict):
        return {name: sorted_keys(value[name]) for name in sorted(value)}
    return [sorted_keys(item) for item in value] if isinstance(value, list) else value


def canonical(data: bytes) -> bytes:
    """Canonical XML, without comments and the blanks between FHIR elements."""
    root: Any = etree.fromstring(data, parser())
    for node in root.iter("{http://hl7.org/fhir}*"):
        for child in [child for child in node if not isinstance(child.tag, str)]:
            node.remove(child)
        for child in (node, *node):
            child.tail = None
        if len(node):
            node.text = None
    return bytes(etree.tostring(root, method="c14n", exclusive=True))


def same_again(path: pathlib.Path) -> bool:
    resource = loads(path.read_bytes())
    data, problems = write(resource)
    again = read(data)
    return (problems, again.problems, again.lost) == ((), (), ()) and dumps(sorted_keys(again.resource)) == dumps(
        sorted_keys(resource)
    )


def test_golden_bundles() -> None:
    assert len(GOLDEN) >= 9
    assert [path.parts[-3] for path in GOLDEN if not same_again(path)] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_real_json(folder: str, shared: pathlib.Path) -> None:
    files = sorted((shared / "data" / folder).glob("*.json"))
    assert files
    assert [path.name for path in files if not same_again(path)] == []


def test_real_xml(shared: pathlib.Path) -> None:
    files = [*(shared / "data/bad-fhir").glob("*.xml"), *(shared / "data/fhir-bser").glob("*.xml")]
    assert len(files) == 45
    refused: dict[str, str] = {}
    for path in files:
        found = read(path.read_bytes())
        wrong = [p.rule for p in found.problems if p.stops]
        data = write(found.resource)[0] if found.resource else b""
        if wrong or canonical(data) != canonical(path.read_bytes()):
            refused[path.stem.removeprefix("validator__")] = ", ".join(wrong)
    assert refused == NOT_BACK
