"""Ring 5: extensions: known, in their place, of the kind that may stand there, and as their definition says.

An extension that nobody defined is an error, as it is for HL7's validator: a receiver cannot know what it changes.
"""

from collections.abc import Iterable, Iterator

from adapter.validation.contexts import Contexts
from adapter.validation.facts import Definitions
from adapter.validation.model import Profile, ProfileNode
from adapter.validation.places import Finding
from adapter.validation.resolving import ABSOLUTE
from adapter.validation.structure import Node
from adapter.validation.texts import cut
from adapter.validation.world import Run, World
from mappings.problems import Severity

RULE = "fhir.extension"
# HL7's validator knows these of the tools that publish guides, though no R4 package has them.
_BUILT_IN = frozenset(
    f"http://hl7.org/fhir/StructureDefinition/{name}"
    for name in ("instance-name", "instance-description", "elementdefinition-type-must-support")
)


def check(nodes: Iterable[Node], world: World, definitions: Definitions) -> list[Finding]:
    """What is wrong with the extensions of a resource."""
    found: list[Finding] = []
    ring = Ring(world, definitions)
    for node in nodes:
        if node.kind == "Extension" and node.element is not None and node.owner is not None:
            url = node.value.get("url")
            if isinstance(url, str) and node.element.name in ("extension", "modifierExtension"):
                found += _extension(node, node.owner, url, ring)
    return found


class Ring:
    """What the judging of extensions shares.

    Attributes:
        trees: what the definition of an extension met lets it hold, by the identity of its node.
        contexts: where extensions may stand.
    """

    def __init__(self, world: World, definitions: Definitions) -> None:
        self.world, self.definitions, self.contexts = world, definitions, Contexts(world)
        self.trees: dict[int, ProfileNode | None] = {}


def _extension(node: Node, owner: Node, url: str, ring: Ring) -> Iterator[Finding]:
    nested = owner.kind == "Extension"
    if nested:
        parent = ring.trees.get(id(owner))
        part = _part(parent, url)
        if part is not None or parent is None:
            ring.trees[id(node)] = part
            if not ABSOLUTE.match(url) or parent is not None:
                return
        elif not ABSOLUTE.match(url):
            message = f"is no part of the extension it stands in: use one of {' | '.join(_parts(parent))}"
            yield Finding("extension", node.place, message, f"{RULE}-unknown")
            return
    if not ABSOLUTE.match(url):
        message = "has a url that is not absolute: name the extension by its canonical"
        yield Finding("extension", node.place, message, f"{RULE}-url")
        return
    profile = ring.definitions.profile(url)
    if profile is None or profile.type != "Extension":
        yield _unknown(node, url)
        return
    ring.trees[id(node)] = profile.root
    yield from _known(node, owner, profile, ring)


def _unknown(node: Node, url: str) -> Finding:
    severity: Severity = "warning" if _of_nobody(url) else "error"
    if node.element is not None and node.element.name == "modifierExtension":
        message = "is a modifier that no definition at hand explains: the resource must not be used without knowing it"
        severity = "error"
    else:
        message = "is defined in no package at hand: give its package, or take it out"
    return Finding("extension", node.place, message, f"{RULE}-unknown", severity)


def _of_nobody(url: str) -> bool:
    """Examples, DICOM's, and the tools' own: HL7's validator lets these pass undefined, and so they are warnings."""
    if "example.org" in url or "acme.com" in url or "nema.org" in url or url in _BUILT_IN:
        return True
    return url.startswith("http://hl7.org/fhir/tools/StructureDefinition/")


def _known(node: Node, owner: Node, profile: Profile, ring: Ring) -> Iterator[Finding]:
    modifying = node.element is not None and node.element.name == "modifierExtension"
    if profile.modifier != modifying:
        message = "is a modifier: put it in modifierExtension" if profile.modifier else "is no modifier: use extension"
        yield Finding("extension", node.place, message, f"{RULE}-modifier")
    if not ring.contexts.allow(owner, profile):
        allowed = " | ".join(expression for _, expression in profile.contexts)
        message = f"may not stand here: it belongs to {allowed}"
        yield Finding("extension", node.place, message, f"{RULE}-context")
    for expression in profile.context_invariants:
        if not ring.contexts.holds(expression, node, owner):
            message = f"may stand here only where {cut(expression)}"
            yield Finding("extension", node.place, message, f"{RULE}-context", mark=expression)
    made = ring.world.compiler.profile(profile.url)
    if made is not None:
        run = Run(ring.world, node.scope, [])
        for judge in made.checks:
            judge(node.value, None, node.place, run)
        yield from run.out


def _part(tree: ProfileNode | None, url: str) -> ProfileNode | None:
    """What an extension's definition says of a nested one."""
    return _parts(tree).get(url)


def _parts(tree: ProfileNode | None) -> dict[str, ProfileNode]:
    found: dict[str, ProfileNode] = {}
    holder = tree.children.get("extension") if tree else None
    for name, part in (holder.slices if holder else {}).items():
        fixed = part.children["url"].fixed if "url" in part.children else None
        found[str(fixed["value"]) if fixed else name] = part
    return found
