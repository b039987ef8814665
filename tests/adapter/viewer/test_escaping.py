"""No value of a case becomes markup."""

from typing import Any

import msgspec
import pytest
from lxml import etree

from adapter.viewer.markup import el, escape, relative
from adapter.viewer.page import render
from mappings.domain.case import Case
from mappings.domain.values import Moment, PartialDate
from mappings.fhir.carried import Carried
from tests.adapter.viewer.rich import rich
from tests.releases import ACCESS_RIGHT, made_release

# The colon lets it stand where a URI must.
HOSTILE = ":</style></title><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


def poisoned(value: Any) -> tuple[Any, int]:
    """The value with every text that may be any text replaced, and how many that were."""
    if isinstance(value, tuple):
        made = [poisoned(item) for item in value]
        return tuple(item for item, _ in made), sum(count for _, count in made)
    if not isinstance(value, msgspec.Struct):
        return value, 0
    links, total = {"id", *getattr(type(value), "LINKS", ())}, 0
    for field in value.__struct_fields__:
        old = getattr(value, field)
        free = type(old) is str and field not in links and not isinstance(old, Moment | PartialDate)
        new, count = (HOSTILE, 1) if free else poisoned(old)
        try:
            value = msgspec.structs.replace(value, **{field: new})
        except ValueError:
            continue
        total += count
    return value, total


def poisoned_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: poisoned_json(item) for key, item in value.items()}
    return [poisoned_json(item) for item in value] if isinstance(value, list) else HOSTILE


def carried() -> Carried:
    members: dict[str, Any] = {
        "code": {"coding": [{"system": "s", "code": "c", "display": "d"}], "text": "t"},
        "effectiveDateTime": "2026",
        "valueQuantity": {"value": 1, "unit": "mg"},
        "component": [{"code": {"text": "c"}, "valueString": "v"}],
        "interpretation": [{"text": "i"}],
        "status": "final",
    }
    resource = {**poisoned_json(members), "resourceType": "Observation", "id": "o"}
    return Carried(unit="u", base="https://x.example", full_url="https://x.example/Observation/o", resource=resource)


def hostile_page() -> tuple[bytes, int]:
    case, count = poisoned(rich())
    assert isinstance(case, Case)
    basis = (msgspec.structs.replace(ACCESS_RIGHT, code=HOSTILE, citation=HOSTILE, uri=HOSTILE, sentence=HOSTILE),)
    return render(made_release(case, carried=[carried()], basis=basis)), count


def test_every_text_of_a_case_is_escaped() -> None:
    data, count = hostile_page()
    root: Any = etree.fromstring(data)
    assert count > 100
    assert b"<script" not in data
    assert b"<img" not in data
    assert data.count(b"</style>") == data.count(b"</title>") == 1
    assert not [name for node in root.iter() for name in node.attrib if name.startswith("on")]
    assert "".join(root.itertext()).count("<script>alert(1)</script>") > 100


def test_every_link_of_a_hostile_case_stays_in_the_bundle() -> None:
    root: Any = etree.fromstring(hostile_page()[0])
    links = [a.get("href") for a in root.iter("a")]
    outside = [link for link in links if not link.startswith(("#", "documents/")) and ":" in link]
    assert not outside


def test_attributes_cannot_be_left() -> None:
    assert el("a", "x", href='"><script>') == '<a href="&quot;&gt;&lt;script&gt;">x</a>'


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\x85b", "a\ud800b", "a\uffffb"])
def test_characters_that_no_page_may_hold_are_shown_as_such(text: str) -> None:
    assert escape(text) == "a\ufffdb"


def test_lines_and_tabs_stay() -> None:
    assert escape("a\r\nb\rc\td") == "a\nb\nc\td"


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("documents/../../etc/passwd", "documents/etc/passwd"),
        ("//evil.example/x", "evil.example/x"),
        ("documents/a?b#c.pdf", "documents/a%3Fb%23c.pdf"),
        ("documents/é.pdf", "documents/%C3%A9.pdf"),
    ],
)
def test_a_link_is_relative_whatever_the_path(path: str, link: str) -> None:
    assert relative(path) == link
