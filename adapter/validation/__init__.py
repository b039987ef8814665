"""What stands before every delivery: is it FHIR R4 (4.0.1), and what it claims to be, in rings.

1 structure, 2 codes, 3 reference targets, 4 references inside a Bundle and the Bundle itself, 5 extensions,
6 profiles, 7 invariants. The definitions are facts beside this module (`facts`), a package's may come on top
(`Definitions.with_package`); nothing here reads the network, and no message holds a value of the input.
"""

from collections.abc import Iterable

from adapter.validation.facts import Definitions, resource_types
from adapter.validation.judge import Judge
from mappings.fhir.wire import Json
from mappings.problems import Problem, problem

__all__ = ["Judge", "satisfies", "validate_bundle", "validate_resource"]


def validate_resource(
    resource: Json, where: str | None = None, *, profiles: Iterable[str] = (), definitions: Definitions | None = None
) -> list[Problem]:
    """Judge one resource by itself, a Bundle with its entries, by base R4 and the profiles each claims.

    Args:
        resource: parsed JSON as `mappings.fhir.wire` reads it; never changed, and nothing in it makes this fail.
        where: FHIRPath at which it stands (`Bundle.entry[3].resource`); its type where not given.
        profiles: canonicals that it, and each resource in it of their type, must satisfy beside those it claims.
        definitions: the profiles, extensions and codes to go by; the built-in ones where not given.

    Returns:
        Problems in the order of the rings, the same fault once; none where all is well.
    """
    return Judge(resource, definitions, where).problems(profiles)


def validate_bundle(bundle: Json, *, definitions: Definitions | None = None) -> list[Problem]:
    """Judge a Bundle: the resource of every entry, the Bundle's own rules, and every reference inside it."""
    kind = bundle.get("resourceType") if isinstance(bundle, dict) else None
    found = validate_resource(bundle, definitions=definitions)
    if isinstance(kind, str) and kind != "Bundle" and kind in resource_types():
        found.insert(0, problem("structure", f"{kind}.resourceType", "must be Bundle", rule="fhir.resourceType"))
    return found


def satisfies(resource: Json, profile_url: str, *, definitions: Definitions | None = None) -> bool:
    """Whether a resource that stands alone satisfies a profile; in a Bundle ask `Judge(bundle).errors(...)`."""
    return not Judge(resource, definitions).errors(resource, profile_url)
