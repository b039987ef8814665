"""JSON that cannot be carried whole is refused with a Problem, never with anything else."""

import pytest

from mappings.fhir.wire import dumps, loads
from mappings.problems import ProblemError


@pytest.mark.parametrize("number", ["72.50", "1E-8", "1e400", "-0", "0.10", "123456789012345678901234567890"])
def test_a_number_leaves_as_it_came(number: str) -> None:
    text = f'{{"value":{number}}}'.encode()
    assert dumps(loads(text)) == text


REFUSED = {
    "exponent": b'{"value":1e99999999999999999999}',
    "negative-exponent": b'{"value":-1.5E-99999999999999999999}',
    "nan": b'{"value":NaN}',
    "infinity": b'{"value":-Infinity}',
    "surrogate": b'{"value":"\\ud800"}',
    "repeated-key": b'{"value":1,"value":2}',
    "deep": b"[" * 100_000,
    "not-utf-8": b'{"value":"\xff"}',
    "cut-off": b'{"value":',
}


@pytest.mark.parametrize("form", REFUSED)
def test_what_cannot_be_written_again_is_refused(form: str) -> None:
    with pytest.raises(ProblemError) as refused:
        loads(REFUSED[form])
    assert [(p.code, p.rule, p.stops) for p in refused.value.problems] == [("structure", "fhir.json", True)]
