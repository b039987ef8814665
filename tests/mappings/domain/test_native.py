"""case.json is read as editors save it, written with its format first, and what is wrong is said in plain words."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mappings.domain.case import Case
from mappings.domain.native import encode_case, read_case, type_in_words
from mappings.problems import ProblemError

CASES = Path(__file__).resolve().parents[3] / "fixtures" / "cases"
DATA = (CASES / "svc-syndrome" / "case.json").read_bytes()
SECRET = "Zebulon"
TWICE = "a field stands here that its object has already; one value would be lost: keep one of them"
CUT = "is still open; it was cut off, or its end is missing: restore it"


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read_case(b"\xef\xbb\xbf" + DATA) == read_case(DATA)


def test_another_mark_or_a_second_one_is_refused() -> None:
    for mark in (b"\xef\xbb\xbf\xef\xbb\xbf", b"\xff\xfe"):
        with pytest.raises(ProblemError, match=r"is not JSON|is not UTF-8"):
            read_case(mark + DATA)


def test_a_field_named_twice_is_found_behind_a_mark() -> None:
    with pytest.raises(
        ProblemError, match=r"^error: case\.json line 4 column 3: a field stands here that its object has already"
    ):
        read_case(b"\xef\xbb\xbf" + DATA.replace(b"{", b'{"id": "x",', 1))


def test_the_format_is_always_written_after_the_schema() -> None:
    case = read_case(DATA)
    written = json.loads(encode_case(msgspec.structs.replace(case, schema_="https://x.example/case-1.json")))
    assert list(written)[:3] == ["$schema", "format", "id"]
    assert (written["$schema"], written["format"]) == ("https://x.example/case-1.json", "second-opinion-case/1")
    bare = encode_case(msgspec.structs.replace(case, schema_=None))
    assert bare.startswith(b'{\n  "format": "second-opinion-case/1",\n  "id": ')
    assert read_case(bare) == msgspec.structs.replace(case, schema_=None)


def test_decimals_stay_as_written() -> None:
    data = re.sub(rb'("value": )90\b', rb"\g<1>72.50", DATA)
    assert data != DATA
    assert b'"value": 72.50,' in encode_case(read_case(data))


def _wrong(data: bytes) -> list[str]:
    with pytest.raises(ProblemError) as caught:
        read_case(data)
    assert {found.rule for found in caught.value.problems} == {"case.format"}
    assert SECRET not in str(caught.value)
    return [f"{found.where}: {found.message}" for found in caught.value.problems]


def _with(**fields: Any) -> bytes:
    return json.dumps(json.loads(DATA) | fields).encode()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"test_data": SECRET}, "case.json $.test_data: must be true or false"),
        ({"holder": 3}, "case.json $.holder: must be a text"),
        ({"holder": None}, "case.json $.holder: must be a text"),
        ({"materials": SECRET}, "case.json $.materials: must be a list"),
        ({"materials": [SECRET]}, "case.json $.materials[0]: must be an object"),
        ({"patient": [SECRET]}, "case.json $.patient: must be an object"),
        ({"access": [SECRET]}, "case.json $.access: must be an object"),
    ],
)
def test_a_wrong_type_is_said_in_plain_words(fields: dict[str, Any], said: str) -> None:
    assert _wrong(_with(**fields)) == [said]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"patient": {"birth_date": 3}}, "case.json $.patient.birth_date: must be a text"),
        ({"documents": [{"size": SECRET}]}, "case.json $.documents[0].size: must be a whole number"),
        ({"documents": [{"size": 1.5}]}, "case.json $.documents[0].size: must be a whole number"),
    ],
)
def test_a_wrong_type_is_said_beside_what_is_missing(fields: dict[str, Any], said: str) -> None:
    found = _wrong(_with(**fields))
    assert found[0] == said
    assert all("missing required field" in each for each in found[1:])


def test_all_faults_of_the_format_are_told_at_once() -> None:
    request = {**json.loads(DATA)["request"], "urgency": SECRET, "reson": SECRET, SECRET: 1}
    del request["question"]
    lines = [{"path": "a.pdf", "kind": "x", "item": SECRET}, {"path": "../" + SECRET, "kind": "x"}, {"path": 3}]
    found = _wrong(_with(patient=3, request=request, materials=lines, custody=SECRET))
    places = [each.partition(": ")[0].removeprefix("case.json $.") for each in found]
    assert places == [
        "patient",
        "request.urgency",
        "request",
        "request",
        "request",
        "custody",
        "materials[0]",
        "materials[1]",
        "materials[2].path",
    ]
    assert found[1].endswith(": is none of the words allowed here: routine, urgent, emergency")
    assert ". The nearest is `reasons`. There are: id, scope, reasons," in found[2]
    assert "it out. There are: id, scope, reasons," in found[3], "a name that is like no other is like no other"
    assert found[4] == "case.json $.request: object missing required field `question`; add it"
    assert found[6].endswith(": needs exactly one of `path` and `item`")
    assert found[7].endswith(": a path must be relative, with `/`, and stay below the case folder")


def test_an_unknown_field_is_told_with_its_line() -> None:
    data = DATA.replace(b'"question"', b'"qestion"')
    line = DATA[: DATA.index(b'"question"')].count(b"\n") + 1
    told = f"holds a field that the format has not (line {line} column 5); mend its name or take it out. The nearest is"
    assert f"case.json $.request: {told} `question`. " in _wrong(data)[0]


def test_links_that_lead_nowhere_are_told_at_once() -> None:
    held = json.loads(DATA)
    held["request"]["performer"] = held["request"]["requester"] = held["holder"] = SECRET
    assert _wrong(json.dumps(held).encode()) == [
        "case.json $: field `holder` must name an entry of `organizations`",
        "case.json $: `request.requester` names nothing of the case that could stand there",
        "case.json $: `request.performer` names nothing of the case that could stand there",
    ]


def test_more_faults_than_can_be_read_are_counted() -> None:
    found = _wrong(_with(materials=[{"path": 3, "kind": SECRET}] * 103))
    assert len(found) == 101
    assert found[100] == "case.json: has 3 faults more than these; mend these first"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "case.json line 1 column 1: is empty: put the JSON text there"),
        (b" \n", "case.json line 1 column 1: is empty: put the JSON text there"),
        (
            b'{"Zebulon": 1,\n "patient": {"Zebulon',
            f"case.json line 2 column 22: is not JSON: it ends here while what begins at line 2 column 13 {CUT}",
        ),
        (
            b'{"Zebulon": 1,\n "test_data": tru',
            f"case.json line 2 column 18: is not JSON: it ends here while what begins at line 1 column 1 {CUT}",
        ),
        (
            b'{"Zebulon": [1, 2\n\n',
            f"case.json line 1 column 18: is not JSON: it ends here while what begins at line 1 column 13 {CUT}",
        ),
        (
            b'{"Zebulon": 1}}',
            "case.json line 1 column 15: is not JSON: something follows the end of the first value",
        ),
        (
            b'{"id": NaN}',
            "case.json: is not JSON that can be read: it holds NaN or Infinity, or is nested too deep; mend the file",
        ),
        (
            b'{"id": ' + b"[" * 90_000 + b"]" * 90_000 + b"}",
            "case.json: is not JSON that can be read: it holds NaN or Infinity, or is nested too deep; mend the file",
        ),
        (b'{"id": "\n\xff"}', "case.json line 2 byte 1: is not UTF-8; save the file as UTF-8"),
        (b"[]", "case.json $: must be an object"),
        (b"\x89PNG\r\n", "case.json line 1 byte 1: is not UTF-8; save the file as UTF-8"),
    ],
)
def test_what_is_no_json_is_told_by_its_line_and_before_anything_else(data: bytes, said: str) -> None:
    assert _wrong(data) == [said]


def test_a_field_that_stands_twice_is_told_beside_other_faults() -> None:
    assert _wrong(_with(test_data=SECRET).replace(b'{"', b'{"$schema": "x", "', 1)) == [
        f"case.json line 1 column 18: {TWICE}",
        "case.json $.test_data: must be true or false",
    ]


@pytest.mark.parametrize("value", [b'"Zebulon"', b"true", b"[]"])
def test_a_quantity_must_be_a_number(value: bytes) -> None:
    from mappings.domain.native import decode
    from mappings.domain.values import Quantity

    with pytest.raises(ProblemError, match=r"^error: case\.json \$\.value: must be a number \[case\.format\]$"):
        decode(b'{"value": ' + value + b', "unit": "mm"}', Quantity)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("Expected `bool | null`, got `str`", "must be true or false"),
        ("Expected `str | null`, got `int`", "must be a text"),
        ("Expected `array | null`, got `object`", "must be a list"),
        ("Expected `object`, got `array`", "must be an object"),
        ("Expected `decimal`, got `bool`", "must be a number"),
        ("Expected `int | str`, got `bool`", "must be a whole number or a text"),
        ("Expected `date | null`, got `int`", "must be a date (YYYY-MM-DD)"),
        ("Expected `something`, got `int`", None),
        ("Expected `array` of length 2", None),
        ("Invalid enum value 'Zebulon'", None),
    ],
)
def test_the_words_for_types(what: str, said: str | None) -> None:
    assert type_in_words(what) == said


def test_every_fixture_holds_its_format() -> None:
    for place in sorted(CASES.glob("*/expected/case.json")):
        assert json.loads(place.read_bytes())["format"] == "second-opinion-case/1", place.parent.parent.name
    assert Case.__struct_fields__[:2] == ("schema_", "format")
