"""The copy of the project in which mutants are made.

mutmut mutates the bodies of functions and leaves every decorated one alone; in the gate that would be every rule
(`@item_rule(...)`). In the copy a decorated function of the judged package reads `def name(...)` and, after it,
`name = decorator(name)`: the same module, and mutmut sees all of it.
"""

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TREE = ROOT / ".mutation"
JUDGED = "adapter/consent"
COPIED = ("adapter", "mappings", "profiles", "tests", "fixtures", "pyproject.toml", "README.md", "CHANGELOG.md")
_LEFT_ALONE = frozenset({"staticmethod", "classmethod"})


def plain(source: str) -> str:
    """Return a module with each decorated function defined plainly and decorated in the statement after it."""
    lines = source.splitlines(keepends=True)
    for node in sorted(_decorated(ast.parse(source)), key=lambda node: node.lineno, reverse=True):
        made = node.name
        for decorator in reversed(node.decorator_list):
            made = f"{ast.get_source_segment(source, decorator)}({made})"
        assert node.end_lineno is not None
        lines.insert(node.end_lineno, f"\n{' ' * node.col_offset}{node.name} = {made}\n")
        del lines[node.decorator_list[0].lineno - 1 : node.lineno - 1]
    return "".join(lines)


def _decorated(module: ast.Module) -> Iterator[ast.FunctionDef]:
    bodies = [module.body, *(node.body for node in module.body if isinstance(node, ast.ClassDef))]
    for node in (node for body in bodies for node in body):
        names = {each.id for each in getattr(node, "decorator_list", ()) if isinstance(each, ast.Name)}
        if isinstance(node, ast.FunctionDef) and node.decorator_list and not names & _LEFT_ALONE:
            yield node


def build() -> None:
    """Bring the copy up to date; a file that did not change is not touched, so that its results stand."""
    wanted = {path.relative_to(ROOT) for name in COPIED for path in _files(ROOT / name)}
    for name in COPIED:
        for path in [path for path in _files(TREE / name) if path.relative_to(TREE) not in wanted]:
            path.unlink()
    for place in sorted(wanted):
        text = (ROOT / place).read_bytes()
        if place.parent.as_posix() == JUDGED and place.suffix == ".py":
            text = plain(text.decode()).encode()
        _write(TREE / place, text)
        if place.parts[0] in ("adapter", "mappings", "profiles") and place.suffix != ".py":
            _write(TREE / "mutants" / place, text)
    for gone in (name for name in ("tests", "fixtures") if (TREE / "mutants" / name).exists()):
        shutil.rmtree(TREE / "mutants" / gone)


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return [path for path in place.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def _write(path: Path, text: bytes) -> None:
    """Write what changed; then it is learnt anew which test asks which function."""
    if not path.is_file() or path.read_bytes() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
        (TREE / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
