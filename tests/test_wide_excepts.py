"""What catches everything says why it has to, or raises it again; nothing is caught bare, and nothing passed over."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WIDE = {"Exception", "BaseException"}
REASON = re.compile(r"\bexcept\b[^#]*:\s*#\s*\S.{14,}")


def wide(path: Path) -> Iterator[tuple[ast.ExceptHandler, str]]:
    """The handlers that catch everything, with the line they begin on."""
    text = path.read_text("utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ExceptHandler):
            names = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else WIDE
            if names & WIDE:
                yield node, text.splitlines()[node.lineno - 1]


FOUND = [
    pytest.param(handler, line, id=f"{path.relative_to(ROOT)}:{handler.lineno}")
    for folder in ("adapter", "mappings")
    for path in sorted((ROOT / folder).rglob("*.py"))
    for handler, line in wide(path)
]


@pytest.mark.parametrize(("handler", "line"), FOUND)
def test_what_catches_everything_says_why(handler: ast.ExceptHandler, line: str) -> None:
    assert handler.type is not None
    last = handler.body[-1]
    raised_again = isinstance(last, ast.Raise) and last.exc is None
    assert raised_again or REASON.search(line), "a reason on its line"
    assert not all(isinstance(statement, ast.Pass | ast.Continue) for statement in handler.body)


def test_the_core_catches_nothing_it_does_not_name() -> None:
    assert [one.id for one in FOUND if str(one.id).startswith("mappings/")] == []
