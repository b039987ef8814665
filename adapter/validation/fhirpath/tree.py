"""The syntax tree of an expression."""

from typing import Any, NamedTuple, TypeAlias


class Literal(NamedTuple):
    """A constant: `value` in the form that JSON would have, `kind` a System type; no value and no kind is `{}`."""

    value: Any
    kind: str


class Name(NamedTuple):
    """A step to children by name; no source is the head of a path, at `$this`."""

    source: "Node | None"
    name: str


class Call(NamedTuple):
    """A function on a source; no source is `$this`."""

    source: "Node | None"
    name: str
    arguments: "tuple[Node, ...]"


class Special(NamedTuple):
    """`$this`, `$index` or `$total`, or a variable `%name` (name with its mark)."""

    name: str


class Index(NamedTuple):
    """The indexer `source[position]`."""

    source: "Node"
    position: "Node"


class Unary(NamedTuple):
    """A sign."""

    operator: str
    operand: "Node"


class Binary(NamedTuple):
    """A binary operator, types aside."""

    operator: str
    left: "Node"
    right: "Node"


class TypeTest(NamedTuple):
    """`is` and `as` with a type specifier, which may be qualified."""

    operator: str
    operand: "Node"
    type: str


Node: TypeAlias = Literal | Name | Call | Special | Index | Unary | Binary | TypeTest
