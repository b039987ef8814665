"""What a definition says of an element beyond its type: the words that facts, profiles and rings share.

Terms are those of ElementDefinition (https://hl7.org/fhir/R4/elementdefinition.html). A profile is a tree that holds
only what is constrained; what it does not name is judged by the base type alone.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from mappings.problems import Severity

Strength = Literal["required", "extensible", "preferred", "example"]
Discriminating = Literal["value", "pattern", "exists", "type", "profile"]
Rules = Literal["open", "closed", "openAtEnd"]

PRIMITIVES = frozenset(
    """
    base64Binary boolean canonical code date dateTime decimal id instant integer markdown oid positiveInt string
    time unsignedInt uri url uuid xhtml
    """.split()  # noqa: SIM905
)


class Constraint(msgspec.Struct, frozen=True, kw_only=True):
    """An invariant: its id in its specification (`us-core-2`), and the FHIRPath that must be true of the element."""

    key: str
    expression: str
    severity: Severity = "error"


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """A value set (canonical without version) an element is bound to; `most` is its maxValueSet."""

    value_set: str
    strength: Strength = "required"
    most: str | None = None


class TypeRule(msgspec.Struct, frozen=True, kw_only=True):
    """One type an element may have: its code, profiles of that type, and for a Reference profiles of the target.

    Attributes:
        code: R4 type, `Quantity` or `Reference`.
        profiles: canonicals of which the value must satisfy one; empty is any.
        targets: canonicals (base types as `http://hl7.org/fhir/StructureDefinition/Patient`) of which the target must
            satisfy one; empty is any.
        aggregation: `contained`, `referenced`, `bundled`; empty is any.
    """

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    aggregation: tuple[str, ...] = ()


class Slicing(msgspec.Struct, frozen=True, kw_only=True):
    """How the slices of an element are told apart; a discriminator is (type, FHIRPath, `$this` for the element)."""

    discriminators: tuple[tuple[Discriminating, str], ...] = ()
    rules: Rules = "open"
    ordered: bool = False


class ProfileNode(msgspec.Struct, frozen=True, kw_only=True):
    """An element as a profile constrains it, its chain of bases merged in.

    Attributes:
        path: path in the definition, slices left out (`Observation.value[x]`).
        min, max: cardinality; None where the profile does not say (max "*" is None too: the base type judges).
        types: the types left; empty where not narrowed.
        fixed, pattern: `{"kind": "code", "value": ...}` for fixed[x] and pattern[x], None where there is none;
            the value is JSON with exact decimals.
        binding: of any strength.
        constraints: those the profile adds (not those of the type).
        min_value, max_value: like `fixed`; max_length in characters.
        slicing: None where the element is not sliced.
        slices: by slice name, in the order of the definition; re-slices (`a/b`) stand beside their parent.
        children: by element name in the definition (`value[x]`, `extension`, `coding`).
    """

    path: str
    min: int | None = None
    max: int | None = None
    types: tuple[TypeRule, ...] = ()
    fixed: Mapping[str, Any] | None = None
    pattern: Mapping[str, Any] | None = None
    binding: Binding | None = None
    constraints: tuple[Constraint, ...] = ()
    min_value: Mapping[str, Any] | None = None
    max_value: Mapping[str, Any] | None = None
    max_length: int | None = None
    slicing: Slicing | None = None
    slices: Mapping[str, "ProfileNode"] = {}
    children: Mapping[str, "ProfileNode"] = {}


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A StructureDefinition that constrains a type (resource profile, datatype profile or extension).

    Attributes:
        url: canonical, without version.
        version: of the package that holds it.
        type: the R4 type constrained; `Extension` for an extension.
        chain: canonicals of its bases, nearest first, down to the base type's.
        contexts: for an extension, where it may stand: (type of context, expression), e.g. ("element", "Patient").
        context_invariants: FHIRPath on the element that holds the extension.
        modifier: whether an extension is a modifierExtension.
        root: the tree.
        imposes: canonicals of profiles that what claims this one must satisfy too.
    """

    url: str
    version: str
    type: str
    chain: tuple[str, ...]
    root: ProfileNode
    contexts: tuple[tuple[str, str], ...] = ()
    context_invariants: tuple[str, ...] = ()
    modifier: bool = False
    imposes: tuple[str, ...] = ()
