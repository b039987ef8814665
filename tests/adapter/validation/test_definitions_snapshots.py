"""The merged trees against the snapshots that FHIR's own tools made of the same packages, element by element."""

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from adapter.validation import facts
from adapter.validation.definitions import PACKAGES
from adapter.validation.differentials import constrains
from adapter.validation.facts import Element
from adapter.validation.model import PRIMITIVES, ProfileNode
from adapter.validation.packages import read

Node = dict[str, Any]
EMPTY = ProfileNode(path="")


class Line:
    """An element of a snapshot, the node of our tree for it, and what the base type says of the same element."""

    def __init__(self, structure: Node, element: Node, node: ProfileNode | None, base: Element | None) -> None:
        self.name = f"{structure['id']} {element['id']}"
        self.element = element
        self.node = node or EMPTY
        self.base = base

    def cardinality(self) -> bool:
        low, high = self.node.min or 0, self.node.max
        if self.base and ":" not in self.element["id"].rpartition(".")[2]:
            low = max(low, self.base.min)
            high = self.base.max if high is None else high
        said = None if self.element["max"] == "*" else int(self.element["max"])
        once = self.base is not None and self.base.max == 1 and {high, said} == {1, None}
        return low == self.element["min"] and (high == said or once)

    def value(self) -> bool:
        said = [value for name, value in self.element.items() if name.startswith(("fixed", "pattern"))]
        given = self.node.fixed or self.node.pattern
        return ([given["value"]] if given else []) == said

    def binding(self) -> bool:
        ours = self.node.binding or (self.base.bound if self.base else None)
        said = self.element.get("binding", {})
        if said.get("strength") != "required":
            return ours is None or ours.strength != "required"
        return ours is not None and (ours.value_set, ours.strength) == (said["valueSet"].partition("|")[0], "required")

    def constraints(self) -> bool:
        kinds = [each["code"] for each in self.element.get("type", [])]
        known = {"ele-1", "ext-1"} | {each.key for each in (self.base.constraints if self.base else ())}
        for kind in [*kinds, self.base.kind if self.base else self.element["path"]]:
            if kind not in PRIMITIVES and not kind.startswith("http"):
                known |= {each.key for each in facts.type_facts(kind).constraints}
        said = {each["key"] for each in self.element.get("constraint", [])} - known
        return said == {each.key for each in self.node.constraints} - known


def at(root: ProfileNode, element_id: str) -> ProfileNode | None:
    """The node of an element; a slice `value[x]:valueQuantity` is `value[x]` itself where no other type is left."""
    node = root
    for step in element_id.split(".")[1:]:
        name, _, sliced = step.partition(":")
        child = node.children.get(name)
        if child is None or (sliced and sliced not in child.slices and not (name.endswith("[x]") and not child.slices)):
            return None
        node = child.slices.get(sliced, child) if sliced else child
    return node


def lines(structure: Node) -> Iterator[Line]:
    profile = facts.definitions().profile(structure["url"])
    assert profile is not None
    kinds: dict[str, str] = {}
    for element in structure["snapshot"]["element"]:
        owner, _, name = element["id"].rpartition(".")
        kind = kinds.get(owner)
        plain = name.partition(":")[0]
        members = [e for e in facts.type_facts(kind).elements.values() if e.group == plain] if kind else []
        types = [each["code"] for each in element.get("type", [])]
        one = members[0].kind if len(members) == 1 else None
        found = one if one and one != "Resource" else types[0] if len(types) == 1 else None
        kind = found if owner else structure["type"]
        if kind and kind not in PRIMITIVES and not kind.startswith("http"):
            kinds[element["id"]] = kind
        in_value = owner.rpartition(".")[2].endswith("]") or ":" in owner
        if owner and (members or in_value) and (kinds.get(owner) or members):
            yield Line(structure, element, at(profile.root, element["id"]), members[0] if members else None)


@pytest.fixture(scope="module")
def said(shared: pathlib.Path) -> list[Line]:
    """Every element of every profile with a snapshot, of all packages but R4 and terminology."""
    packages = (read(shared / "fhir-packages" / f"{name}.tgz") for name in PACKAGES)
    structures = (each for package in packages for each in package.artefacts if "snapshot" in each)
    return [line for structure in structures if constrains(structure) for line in lines(structure)]


# What the profile of an element's type says, a snapshot repeats; the tree leaves it to that profile.
ELSEWHERE = (
    "mcode-radiotherapy-course-summary Procedure.extension:modalityAndTechnique",
    "mcode-radiotherapy-modality-and-technique Extension.extension:modality.",
    "mcode-radiotherapy-modality-and-technique Extension.extension:technique.",
    "mcode-secondary-cancer-condition Condition.extension:relatedPrimaryCancerCondition.",
    "mcode-tumor BodyStructure.extension:relatedCondition.",
    "mcode-human-specimen Specimen.identifier:bodyStructureIdentifier.",
    "IHE.BasicAudit.SAMLaccessTokenUse.Comprehensive AuditEvent.agent:user.extension:otherId/",
)


def differing(said: list[Line], what: str) -> list[str]:
    found = [line.name for line in said if not getattr(line, what)()]
    return [name for name in found if not name.startswith(ELSEWHERE)]


def test_cardinalities(said: list[Line]) -> None:
    assert len(said) > 10_000
    assert differing(said, "cardinality") == []


def test_fixed_values_and_patterns(said: list[Line]) -> None:
    assert sum(bool(line.node.pattern or line.node.fixed) for line in said) > 500
    assert differing(said, "value") == []


def test_required_bindings(said: list[Line]) -> None:
    assert differing(said, "binding") == []


def test_constraints_of_a_sliced_element_hold_for_its_slices_too(said: list[Line]) -> None:
    assert differing(said, "constraints") == [
        "us-core-provenance Provenance.agent:ProvenanceAuthor",
        "us-core-provenance Provenance.agent:ProvenanceTransmitter",
    ]
