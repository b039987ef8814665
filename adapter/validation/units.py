"""UCUM, case sensitive (https://ucum.org/ucum): is a code a unit at all.

Sections 2.1 (terms, brackets, annotations, exponents) and 3 (prefixes stand before metric atoms alone). As HL7's engine
does, it takes a solidus before any component, a sign before a number, and more than one annotation.
"""

import functools
import importlib.resources
import re
from typing import NamedTuple

import msgspec

_NOTE = r"\{[ -z|~]*\}"
_SYMBOL = r"(?:\[[!-Z\\^-z|~]+\]|[!-'*+,\-0-Z\\^-z|~])+"
_PIECE = re.compile(rf"(?P<note>{_NOTE})|(?P<symbol>{_SYMBOL})|(?P<sign>[./()])")
_NUMBER = re.compile(r"[+-]?[0-9]+")
_REMEMBERED = 64  # characters; what is longer is no unit that comes twice
_DIGITS = "0123456789"


class _Atoms(NamedTuple):
    prefixes: tuple[str, ...]
    metric: frozenset[str]
    all: frozenset[str]


@functools.cache
def _atoms() -> _Atoms:
    data = importlib.resources.files("adapter.validation").joinpath("grammars.json").read_bytes()
    facts = msgspec.json.decode(data)["ucum"]
    metric = frozenset(facts["metric"].split())
    return _Atoms(tuple(facts["prefixes"].split()), metric, metric | frozenset(facts["other"].split()))


def is_unit(code: str) -> bool:
    """Tell whether a code is a unit of UCUM."""
    return _remembered(code) if len(code) <= _REMEMBERED else _is_term(code)


def _is_term(code: str) -> bool:
    depth, filled = 0, False  # filled: a component stands before
    position = 0
    while position < len(code):
        piece = _PIECE.match(code, position)
        if not piece:
            return False
        position, text = piece.end(), piece[0]
        if piece["symbol"]:
            if filled or not _is_component(text):
                return False
            filled = True
        elif piece["note"]:
            filled = True
        elif text == "(":
            if filled:
                return False
            depth += 1
        elif text == ")":
            if not filled or not depth:
                return False
            depth -= 1
        else:
            if text == "." and not filled:
                return False
            filled = False
    return filled and not depth


_remembered = functools.lru_cache(maxsize=4096)(_is_term)


def _is_component(symbol: str) -> bool:
    """Tell whether it is a number, or an atom with its prefix and exponent."""
    if _NUMBER.fullmatch(symbol):
        return True
    atoms = _atoms()
    base = symbol if symbol in atoms.all else _without_exponent(symbol)
    if base in atoms.all:
        return True
    return any(base.startswith(prefix) and base[len(prefix) :] in atoms.metric for prefix in atoms.prefixes)


def _without_exponent(symbol: str) -> str:
    """Take off the digits at the end, and one sign before them."""
    base = symbol.rstrip(_DIGITS)
    return base[:-1] if base != symbol and base[-1:] in ("+", "-") else base
