"""Items that repeat one another: which one goes (45 CFR 164.524(c)(1)), and what binds every copy."""

import msgspec

from adapter.consent.groups import Material
from adapter.consent.reasons import grounds
from adapter.consent.rules import Finding

Found = dict[str, list[Finding]]
"""Item id -> what was found of it."""


def roots_of(materials: tuple[Material, ...]) -> dict[str, str]:
    """Return for each item the one it repeats in the end, or itself; of a circle of copies the first is the one."""
    target = {item.id: item.duplicate_of for item in materials}
    order = {item.id: number for number, item in enumerate(materials)}
    roots: dict[str, str] = {}
    for key in target:
        path: dict[str, None] = {}
        at: str | None = key
        while at is not None and at in target and at not in roots and at not in path:
            path[at] = None
            at = target[at]
        if at in roots:
            root = roots[at]
        else:
            walked = list(path)
            root = min(walked[walked.index(at) :], key=order.__getitem__) if at in path else walked[-1]
        roots.update(dict.fromkeys(path, root))
    return roots


def bind_copies(found: Found, roots: dict[str, str]) -> None:
    """Restate an exclusion that lies in the content for every copy of it, whichever copy showed it."""
    binding: dict[str, dict[str, Finding]] = {}
    for key, root in roots.items():
        for finding in found[key]:
            if finding.effect == "exclude" and grounds()[finding.code].binds_copies:
                binding.setdefault(root, {}).setdefault(finding.code, finding)
    for key, root in roots.items():
        said = {finding.code for finding in found[key] if finding.effect == "exclude"}
        shared = (finding for code, finding in binding.get(root, {}).items() if code not in said)
        found[key].extend([msgspec.structs.replace(finding, item=key) for finding in shared])
