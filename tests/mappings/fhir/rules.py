"""Whether the RULES of a mapper are true: they name what it writes, and it writes what they name.

The FHIR side of a Rule is a path, or several with `, ` between them, or `-` for what FHIR does not get. A step is an
element's name; `extension:NAME` is the extension whose url ends in `/NAME`. A step starts at any example, lists are
looked through.
"""

from types import ModuleType
from typing import Any

from mappings.fhir.datatypes import Rule

OF_EVERY_RESOURCE = {"resourceType", "id", "meta"}


def check_rules(module: ModuleType, *examples: dict[str, Any]) -> None:
    """Assert that the RULES name every top-level element of the full examples, and that every path of theirs occurs.

    Several examples where one cannot be full (choices such as deceasedBoolean and deceasedDateTime, or two resources).
    """
    paths = [path for rule in module.RULES for path in paths_of(rule)]
    assert paths, "there are no rules"
    named = {tuple(path.replace(":", ".").split(".")[:2]) for path in paths}
    written = {
        (str(example["resourceType"]), element.removeprefix("_"))
        for example in examples
        for element in example
        if element not in OF_EVERY_RESOURCE
    }
    assert written - named == set(), "written, but in no rule"
    assert [path for path in paths if not any(occurs(path, example) for example in examples)] == [], "never written"


def check_fields(module: ModuleType, struct: type, word: str) -> None:
    """Assert that every field of the struct but `id` stands on the domain side of a Rule, as `word.field`."""
    named = {part.strip() for rule in module.RULES for part in rule.domain.split(",")}
    fields: tuple[str, ...] = struct.__struct_fields__  # type: ignore[attr-defined]
    missing = [f for f in fields if f != "id" and not any(n.split(".")[:2] == [word, f] for n in named)]
    assert missing == [], "fields in no rule"


def paths_of(rule: Rule) -> list[str]:
    """The FHIR paths of a rule."""
    return [path.strip() for path in rule.fhir.split(",") if path.strip() != "-"]


def occurs(path: str, example: dict[str, Any]) -> bool:
    """Whether the path leads somewhere in the example."""
    kind, *steps = path.split(".")
    return example.get("resourceType") == kind and bool(steps) and _walk(example, steps)


def _walk(value: Any, steps: list[str]) -> bool:
    if isinstance(value, list):
        return any(_walk(item, steps) for item in value)
    if not steps:
        return True
    if not isinstance(value, dict):
        return False
    name, _, which = steps[0].partition(":")
    if which:
        found = [item for item in value.get(name, []) if str(item.get("url")).endswith(f"/{which}")]
        return any(_walk(item, steps[1:]) for item in found)
    return any(_walk(value[key], steps[1:]) for key in (name, f"_{name}") if key in value)
