"""One set of definitions, in layers: the built-in ones, and what a package brings at run time over them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from adapter.validation import overlay
from adapter.validation.model import PRIMITIVES, Profile, ProfileNode
from adapter.validation.terminology import CodeSystem, Terminology, ValueSet
from mappings.fhir import wire
from mappings.problems import Problem

_SD = "http://hl7.org/fhir/StructureDefinition/"
_NO_CODES = b"{}"


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What a file of facts holds: profiles by canonical without version, and terminology; not parsed further yet."""

    profiles: dict[str, msgspec.Raw] = {}
    terminology: msgspec.Raw = msgspec.Raw()


class Layer:
    """Content that is read when first asked for; profiles and terminology may come from two files.

    Args:
        profiles: gives the JSON of a `Content` with profiles.
        terminology: gives that with terminology; none where the layer has no terminology.
    """

    def __init__(self, *, profiles: Callable[[], bytes], terminology: Callable[[], bytes] | None) -> None:
        self._sources = profiles, terminology
        self._read: dict[Callable[[], bytes], Content] = {}

    def _content(self, source: Callable[[], bytes]) -> Content:
        if source not in self._read:
            self._read[source] = msgspec.json.decode(source(), type=Content)
        return self._read[source]

    @property
    def profiles(self) -> Mapping[str, msgspec.Raw]:
        """Facts of profiles by canonical, each JSON."""
        return self._content(self._sources[0]).profiles

    def terminology(self, base: Terminology | None) -> Terminology | None:
        """What the layer says of codes, on top of what the layers below it say."""
        facts = self._content(self._sources[1]).terminology if self._sources[1] else b""
        return Terminology(facts, base) if bytes(facts) else base


class Definitions:
    """Profiles, value sets and code systems by canonical; immutable but for what it remembers.

    Args:
        layers: the first that holds a canonical answers.
        types: the base types.
        texts: what packages say of their invariants, by (id, expression).
        problems: what of the packages does not count.
        unheld: canonicals of value sets, with a version that a package asks for and does not hold.
    """

    def __init__(
        self,
        *,
        layers: tuple[Layer, ...],
        types: Callable[[str], Any],
        texts: Mapping[tuple[str, str], str] | None = None,
        problems: tuple[Problem, ...] = (),
        unheld: frozenset[str] = frozenset(),
    ) -> None:
        self._layers = layers
        self._types = types
        self.texts = texts or {}
        self.problems = problems
        self._unheld = unheld
        self._profiles: dict[str, Profile] = {}
        self._raw: dict[str, tuple[ProfileNode, tuple[str, ...]] | None] = {}
        self._terminology: Terminology | None = None

    def is_base(self, url: str) -> bool:
        """Whether a canonical is that of a type of R4, or of one of its primitives."""
        kind = url.partition("|")[0].removeprefix(_SD)
        if kind == url or "." in kind or kind == "SimpleQuantity":
            return False
        try:
            return bool(kind in PRIMITIVES or self._types(kind))
        except KeyError:
            return False

    def profile(self, url: str) -> Profile | None:
        """The profile or extension of a canonical, its chain of bases merged in.

        None for a canonical that is not held (or a base in its chain), and for a version that is not the one held.
        """
        found = self._profiles.get(url)
        if found is None:
            found = self._profile(url)
            if found is not None:  # what is not held is not remembered: it may be anything
                self._profiles[url] = found
        return found

    @property
    def terminology(self) -> Terminology:
        """Code systems and value sets of all layers."""
        made = self._terminology
        if made is None:
            for layer in reversed(self._layers):
                made = layer.terminology(made)
            self._terminology = made = made or Terminology(_NO_CODES)
        return made

    def value_set(self, url: str) -> ValueSet | None:
        """The value set of a canonical, whatever its version; none for a version that a package asks for in vain."""
        return None if url in self._unheld else self.terminology.value_set(url)

    def code_system(self, url: str) -> CodeSystem | None:
        """The code system of a canonical; its version is not looked at."""
        return self.terminology.code_system(url)

    def profiles(self) -> frozenset[str]:
        """The canonicals of every profile and extension held."""
        return frozenset(url for layer in self._layers for url in layer.profiles)

    def with_package(self, path: Path) -> "Definitions":
        """This set with a package over it: a FHIR package (.tgz), or a folder of JSON artefacts.

        Raises:
            ProblemError: it cannot be read as one.
        """
        from adapter.validation.packages import content

        made = content(path, self.terminology, self.is_base)
        layer = Layer(profiles=lambda: made.content, terminology=lambda: made.content)
        return Definitions(
            layers=(layer, *self._layers),
            types=self._types,
            texts={**self.texts, **made.texts},
            problems=(*self.problems, *made.problems),
            unheld=self._unheld | made.unheld,
        )

    def over(self, source: Callable[[], bytes]) -> "Definitions":
        """This set with another layer over it: the JSON of a `Content`, read when first asked for."""
        layer = Layer(profiles=source, terminology=source)
        return Definitions(
            layers=(layer, *self._layers),
            types=self._types,
            texts=self.texts,
            problems=self.problems,
            unheld=self._unheld,
        )

    def why_not(self, url: str) -> str | None:
        """Why `profile` has nothing for a canonical that is held all the same; None where no package holds it."""
        plain, _, version = url.partition("|")
        facts, above = self._find(plain), [plain]
        if facts is None:
            return None
        held = facts.get("version", "")
        if version and version != held:
            return f"is held in version {held}, not in the one named" if held else "is held without a version"
        while facts is not None:
            base = facts["base"]
            if base in above:
                return "rests on itself: mend its baseDefinition"
            if self.is_base(base):
                break
            above.append(base)
            facts = self._find(base)
        return f"rests on {above[-1]}, which no package at hand holds: give its package too"

    def _find(self, url: str) -> Any:
        for layer in self._layers:
            if url in layer.profiles:
                return wire.loads(bytes(layer.profiles[url]))
        return None

    def _profile(self, url: str) -> Profile | None:
        plain, _, version = url.partition("|")
        facts = self._find(plain)
        if facts is None or (version and version != facts.get("version")):
            return None
        merged = self._merged(plain)
        if merged is None:
            return None
        root, chain = merged
        return Profile(
            url=plain,
            version=facts.get("version", ""),
            type=facts["type"],
            chain=chain[1:],
            root=overlay.finished(root),
            contexts=tuple((kind, expression) for kind, expression in facts.get("contexts", ())),
            context_invariants=tuple(facts.get("contextInvariants", ())),
            modifier=facts.get("modifier", False),
            imposes=tuple(facts.get("imposes", ())),
        )

    def _merged(self, url: str) -> tuple[ProfileNode, tuple[str, ...]] | None:
        """The tree of a profile laid over that of its base, and its chain, itself first."""
        waiting: dict[str, Any] = {}
        at = url
        while at not in self._raw and not self.is_base(at) and at not in waiting:
            facts = self._find(at)
            if facts is None:
                break
            waiting[at] = facts
            at = facts["base"]
        made = self._raw.get(at)
        if at not in self._raw and waiting and self.is_base(at):
            made = ProfileNode(path=""), (at,)
        for own, facts in reversed(waiting.items()):
            if made is not None:
                tree = overlay.tree(facts["type"], facts.get("elements", ()))
                made = overlay.merged(made[0], tree) if made[0].path else tree, (own, *made[1])
            self._raw[own] = made
        return made
