"""A JSON text that cannot be carried is refused at its line, in words that quote nothing."""

import pytest

from mappings.fhir.wire import loads
from mappings.json_faults import said
from mappings.problems import ProblemError

AT = {
    "repeated-key": (b'{"a": {"Zebulon": 1},\n "b": [{"Zebulon": 2,\n  "c": 1, "Zebulon": 3}]}', "line 3 column 11"),
    "repeated-key-as-escape": (b'{"Zebulon": 1,\n "\\u005aebulon": 2}', "line 2 column 2"),
    "repeated-key-behind-strings": (b'{"a": ["Zebulon", "Zebulon"],\n"a": 1}', "line 2 column 1"),
    "nan": (b'{"a": "NaN",\n"b": [NaN]}', "line 2 column 7"),
    "minus-infinity": (b'{"a":\n-Infinity}', "line 2 column 1"),
    "surrogate": (b'{"a": "\\ud83d\\ude00",\n "b": "\\ude00\\ud83d"}', "line 2 column 7"),
    "surrogate-in-key": (b'{\n"\\ud800": 1}', "line 2 column 1"),
    "exponent": (b'{"a": 1e400,\n"b": 1e-99999999999999999999}', "line 2 column 6"),
    "deep": (b'{"a":\n' + b"[" * 300 + b"]" * 300 + b"}", "line 2 column 200"),
    "not-utf-8": (b'{"a": "Zebulon",\n "b": "\xff"}', "line 2 byte 8"),
    "cut-off": (b'{"a": "Zebulon",\n', "line 1 column 17"),
    "cut-off-in-a-text": (b'{"a":\n["Zebulon', "line 2 column 10"),
    "cut-off-in-a-word": (b'{"Zebulon": fal', "line 1 column 16"),
    "empty": (b"", "line 1 column 1"),
    "trailing": (b'{"a": "Zebulon"}\n{}', "line 2 column 1"),
}


@pytest.mark.parametrize("form", AT)
def test_the_place_is_told(form: str) -> None:
    data, where = AT[form]
    with pytest.raises(ProblemError) as refused:
        loads(data)
    (found,) = refused.value.problems
    assert (found.where, found.rule) == (where, "fhir.json")
    assert "Zebulon" not in found.message


def test_words_of_the_parser_that_are_not_known_are_not_shown() -> None:
    assert said("Zebulon: ") == "it breaks a rule of JSON"
    assert said("Extra data") == "something follows the end of the first value"
