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


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read_case(b"\xef\xbb\xbf" + DATA) == read_case(DATA)


def test_another_mark_or_a_second_one_is_refused() -> None:
    for mark in (b"\xef\xbb\xbf\xef\xbb\xbf", b"\xff\xfe"):
        with pytest.raises(ProblemError, match=r"is not JSON|is not UTF-8"):
            read_case(mark + DATA)


def test_a_field_named_twice_is_found_behind_a_mark() -> None:
    with pytest.raises(ProblemError, match="the same field twice"):
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


def _wrong(**fields: Any) -> str:
    with pytest.raises(ProblemError) as caught:
        read_case(json.dumps(json.loads(DATA) | fields).encode())
    [problem] = caught.value.problems
    assert (problem.code, problem.rule) == ("structure", "case.format")
    return f"{problem.where}: {problem.message}"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"test_data": SECRET}, "case.json $.test_data: must be true or false"),
        ({"holder": 3}, "case.json $.holder: must be a text"),
        ({"holder": None}, "case.json $.holder: must be a text"),
        ({"materials": SECRET}, "case.json $.materials: must be a list"),
        ({"materials": [SECRET]}, "case.json $.materials[0]: must be an object"),
        ({"patient": [SECRET]}, "case.json $.patient: must be an object"),
        ({"patient": {"birth_date": 3}}, "case.json $.patient.birth_date: must be a text"),
        ({"documents": [{"size": SECRET}]}, "case.json $.documents[0].size: must be a whole number"),
        ({"documents": [{"size": 1.5}]}, "case.json $.documents[0].size: must be a whole number"),
    ],
)
def test_a_wrong_type_is_said_in_plain_words(fields: dict[str, Any], said: str) -> None:
    assert _wrong(**fields) == said


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
