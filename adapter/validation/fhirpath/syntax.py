"""The grammar of FHIRPath (N1, http://hl7.org/fhirpath/N1, grammar in its appendix A): text to syntax tree."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple, NoReturn

from adapter.validation.fhirpath.tree import Binary, Call, Index, Literal, Name, Node, Special, TypeTest, Unary


class UnsupportedExpression(Exception):
    """An expression that cannot be compiled; the message names what is not supported, and where in the expression."""


_TOKEN = re.compile(
    r"""\s+|//[^\n]*|/\*.*?\*/
    |(?P<string>'(?:[^'\\]|\\.)*')
    |(?P<quoted>`(?:[^`\\]|\\.)*`)
    |(?P<variable>%(?:[A-Za-z_][\w-]*|`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'))
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<moment>@(?:T[\d:.]+|\d{4}(?:-\d\d(?:-\d\d)?)?(?:T[\d:.]*(?:Z|[+-]\d\d:\d\d)?)?))
    |(?P<special>\$(?:this|index|total)\b)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign><=|>=|!=|!~|[-+*/&|=~<>.,()[\]{}])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"} | {mark: mark for mark in "'\"`\\/"}
# The binding powers, weakest first; all operators group to the left.
_POWER = {
    operator: power
    for power, operators in enumerate(
        (
            ("implies",),
            ("or", "xor"),
            ("and",),
            ("in", "contains"),
            ("=", "~", "!=", "!~"),
            ("<", ">", "<=", ">="),
            ("|",),
            ("is", "as"),
            ("+", "-", "&"),
            ("*", "/", "div", "mod"),
        ),
        start=1,
    )
    for operator in operators
}
_SIGN = 11
_MAX_DEPTH = 60  # nested parentheses and arguments; the deepest expression of R4 has 10
_MAX_DIGITS = 100
_UNITS = re.compile(r"(?:year|month|week|day|hour|minute|second|millisecond)s?")
_CALENDAR = {"year": "a", "month": "mo", "week": "wk", "day": "d", "hour": "h"}
_UCUM_UNITS = _CALENDAR | {"minute": "min", "second": "s", "millisecond": "ms"}


class _Token(NamedTuple):
    sort: str
    text: str
    at: int


def parse(expression: str) -> Node:
    """Parse one expression.

    Raises:
        UnsupportedExpression: it is not FHIRPath.
    """
    return _Parser(expression).whole()


def _unescape(text: str, at: int) -> str:
    def character(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        if match[2] not in _ESCAPES:
            raise UnsupportedExpression(f"an escape at character {at + 1} that FHIRPath has not: \\{match[2]}")
        return _ESCAPES[match[2]]

    return _ESCAPE.sub(character, text) if "\\" in text else text


def _tokens(text: str) -> list[_Token]:
    tokens = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise UnsupportedExpression(f"character {at + 1} of the expression")
        if match.lastgroup is not None:
            tokens.append(_Token(match.lastgroup, match[0], at))
        at = match.end()
    tokens.append(_Token("end", "", at))
    return tokens


class _Parser:
    """A Pratt parser: one token of lookahead."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        made = self._expression(0)
        if self._tokens[self._at].sort != "end":
            self._refuse()
        return made

    def _refuse(self) -> NoReturn:
        token = self._tokens[self._at]
        what = f"'{token.text}' at character {token.at + 1}" if token.text else "an expression that breaks off"
        raise UnsupportedExpression(what)

    def _take(self, text: str) -> None:
        if self._tokens[self._at].text != text:
            self._refuse()
        self._at += 1

    def _expression(self, floor: int) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise UnsupportedExpression(f"nesting deeper than {_MAX_DEPTH} levels")
        left = self._operand()
        while True:
            operator = self._tokens[self._at].text
            power = _POWER.get(operator, 0) if self._tokens[self._at].sort in ("sign", "name") else 0
            if power <= floor:
                break
            self._at += 1
            if operator in ("is", "as"):
                left = TypeTest(operator, left, self._type())
            else:
                left = Binary(operator, left, self._expression(power))
        self._depth -= 1
        return left

    def _operand(self) -> Node:
        token = self._tokens[self._at]
        if token.text in ("-", "+") and token.sort == "sign":
            self._at += 1
            return Unary(token.text, self._expression(_SIGN))
        made = self._term(token)
        while True:
            text = self._tokens[self._at].text
            if text == ".":
                self._at += 1
                made = self._invocation(made)
            elif text == "[":
                self._at += 1
                made = Index(made, self._expression(0))
                self._take("]")
            else:
                return made

    def _term(self, token: _Token) -> Node:
        if token.sort in ("name", "quoted"):
            if token.text in ("true", "false"):
                self._at += 1
                return Literal(token.text == "true", "System.Boolean")
            return self._invocation(None)
        make = _TERMS.get(token.sort)
        if make is not None:
            self._at += 1
            return self._measured(make(token), token)
        if token.text == "(":
            self._at += 1
            inner = self._expression(0)
            self._take(")")
            return inner
        if token.text == "{":
            self._at += 1
            self._take("}")
            return Literal(None, "")
        self._refuse()

    def _measured(self, made: Node, token: _Token) -> Node:
        """A number with a unit behind it is a quantity."""
        unit = self._tokens[self._at]
        if token.sort != "number" or not isinstance(made, Literal):
            return made
        if unit.sort == "string":
            code = _unescape(unit.text[1:-1], unit.at)
        elif unit.sort == "name" and _UNITS.fullmatch(unit.text):
            code = _UCUM_UNITS[unit.text.removesuffix("s")]
        else:
            return made
        self._at += 1
        return Literal({"value": made.value, "system": "http://unitsofmeasure.org", "code": code}, "System.Quantity")

    def _invocation(self, source: Node | None) -> Node:
        token = self._tokens[self._at]
        if token.sort == "special":
            self._refuse()
        if token.sort not in ("name", "quoted"):
            self._refuse()
        self._at += 1
        name = token.text if token.sort == "name" else _unescape(token.text[1:-1], token.at)
        if token.sort == "quoted" or self._tokens[self._at].text != "(":
            return Name(source, name)
        self._at += 1
        arguments: list[Node] = []
        while self._tokens[self._at].text != ")":
            if arguments:
                self._take(",")
            arguments.append(self._expression(0))
        self._at += 1
        return Call(source, name, tuple(arguments))

    def _type(self) -> str:
        named = self._invocation(None)
        if self._tokens[self._at].text == ".":
            self._at += 1
            named = self._invocation(named)
        return type_name(named)


def type_name(node: Node) -> str:
    """The type specifier that a node spells, `FHIR.Patient` or `Patient`.

    Raises:
        UnsupportedExpression: it spells none.
    """
    if isinstance(node, Name) and node.source is None:
        return node.name
    if isinstance(node, Name) and isinstance(node.source, Name) and node.source.source is None:
        return f"{node.source.name}.{node.name}"
    raise UnsupportedExpression("a type that is not a name")


def _number(token: _Token) -> Node:
    if len(token.text) > _MAX_DIGITS:
        raise UnsupportedExpression(f"a number of more than {_MAX_DIGITS} digits")
    if "." in token.text:
        return Literal(Decimal(token.text), "System.Decimal")
    return Literal(int(token.text), "System.Integer")


def _moment(token: _Token) -> Node:
    text = token.text[1:]
    if text.startswith("T"):
        return Literal(text[1:], "System.Time")
    return Literal(text.removesuffix("T"), "System.DateTime" if "T" in text else "System.Date")


def _variable(token: _Token) -> Node:
    text = token.text
    return Special("%" + _unescape(text[2:-1], token.at) if text[1] in "`'" else text)


_TERMS: dict[str, Callable[[_Token], Node]] = {
    "string": lambda token: Literal(_unescape(token.text[1:-1], token.at), "System.String"),
    "number": _number,
    "moment": _moment,
    "special": lambda token: Special(token.text),
    "variable": _variable,
}
