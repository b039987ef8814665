"""What lies in a case folder and is no part of the case: pages of the case format, and case bundles."""

from pathlib import Path

from adapter.holding import BUNDLE_FORMAT, INSIDE_BUNDLE, Draft, File
from adapter.sources.files import printable
from mappings.problems import problem

_PAGES = {"case.help.html": b"<title>case.json, field by field</title>", "case.schema.json": b"/schema/case-"}
"""Files that `init` writes beside case.json, and what their first bytes hold."""


def other_pages(root: Path, skip: frozenset[str]) -> frozenset[str]:
    """Names that are skipped as pages of the case format, where something else lies under them."""
    return frozenset(
        name for name in skip & _PAGES.keys() if (root / name).is_file() and _PAGES[name] not in _head(root / name)
    )


def case_bundles(root: Path) -> tuple[str, ...]:
    """The folders below `root` that are case bundles themselves, as path prefixes: they hold a manifest of ours."""
    found = sorted(root.glob("*/**/manifest.json")) if root.is_dir() else []
    mark = f'"{BUNDLE_FORMAT}"'.encode()
    return tuple(
        f"{printable(p.parent.relative_to(root).as_posix())}/" for p in found if p.is_file() and mark in _head(p)
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(400)


def exported(manifest: File) -> Draft:
    """A case bundle inside the folder is one unit, named by its folder and known by its manifest."""
    folder = manifest.path.rpartition("/")[0] + "/"
    message = "is a case bundle; what was exported is no part of the case: `import` reads it"
    note = problem("business-rule", folder, message, rule=INSIDE_BUNDLE, severity="warning")
    return Draft(source=folder, sha256=manifest.sha256, problems=(note,))
