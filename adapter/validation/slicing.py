"""Slicing: which slice each value of an element belongs to, how often, in which order, and that each is as it must be.

As HL7's engine does: a value in no slice is wrong only where the slicing is closed, one in two slices always.
"""

from collections.abc import Mapping

from adapter.validation.discriminators import Matches, matcher
from adapter.validation.members import Item, Slots
from adapter.validation.model import ProfileNode, Slicing
from adapter.validation.places import Finding, Place
from adapter.validation.world import Compiles, Judge, Run

Named = Mapping[str, ProfileNode] | None
_BY_URL = (("value", "url"),)


class Slice:
    """One slice made ready."""

    def __init__(self, name: str, node: ProfileNode, matches: Matches, judge: Judge, inner: "Slices | None") -> None:
        self.name, self.node, self.matches, self.judge, self.inner = name, node, matches, judge, inner


class Slices:
    """The slices of one element, or the re-slices of one slice (`within`)."""

    def __init__(
        self, compiler: Compiles, node: ProfileNode, slots: Slots, label: str, within: str = "", beside: Named = None
    ) -> None:
        self._slicing = node.slicing or Slicing()
        self._label = label
        self._nested = node.path.startswith("Extension.")
        every = node.slices if beside is None else beside
        own = {name: each for name, each in every.items() if _parent(name, every) == within}
        self._slices = [self._slice(name, each, compiler, slots, every) for name, each in own.items()]
        self._by_url = self._urls()

    def _slice(
        self, name: str, node: ProfileNode, compiler: Compiles, slots: Slots, every: Mapping[str, ProfileNode]
    ) -> Slice:
        inner = None
        if any(_parent(other, every) == name for other in every):
            inner = Slices(compiler, node, slots, self._label, name, every)
        judge = compiler.each(node, slots, self._label)
        return Slice(name, node, self._matches(node, compiler, judge), judge, inner)

    def _matches(self, node: ProfileNode, compiler: Compiles, judge: Judge) -> Matches:
        found = [matcher(kind, path, node, compiler, self._label) for kind, path in self._slicing.discriminators]
        tests = [test for test in found if test is not None]
        if not tests:
            return _passes(judge)
        if len(tests) == 1:
            return tests[0]
        return lambda item, run: all(test(item, run) for test in tests)

    def _urls(self) -> dict[str, Slice] | None:
        """The slices of extensions by their url: most slicing is of that kind."""
        if self._slicing.discriminators != _BY_URL:
            return None
        fixed = [(each.node.children["url"].fixed if "url" in each.node.children else None) for each in self._slices]
        if any(each is None for each in fixed):
            return None
        return {each["value"]: sliced for each, sliced in zip(fixed, self._slices, strict=True) if each}

    def check(self, items: list[Item], place: Place, run: Run, otherwise: Judge) -> None:
        """Judge the values of the element: each by its slice, those in no slice by the element itself."""
        if not items and not any(each.node.min for each in self._slices):
            return
        members: dict[str, list[Item]] = {}
        reached, open_end = -1, False
        for item in items:
            hits = self._hits(item, run)
            if not hits:
                open_end = True
                self._unmatched(item, run)
                otherwise(item, run)
                continue
            position = hits[0]
            if len(hits) > 1:
                names = " and ".join(self._slices[hit].name for hit in hits)
                message = f"fits more than one slice of {self._label}: {names}"
                run.out.append(Finding("structure", item.place, message, "fhir.slicing"))
            if (self._slicing.ordered and position < reached) or (open_end and self._slicing.rules == "openAtEnd"):
                message = f"stands out of order: {self._label} has its slices in the order it defines them"
                run.out.append(Finding("structure", item.place, message, "fhir.slicing"))
            reached = max(reached, position)
            members.setdefault(self._slices[position].name, []).append(item)
        for each in self._slices:
            self._sliced(each, members.get(each.name, []), place, run)

    def _hits(self, item: Item, run: Run) -> list[int]:
        if self._by_url is not None:
            url = item.value.get("url") if isinstance(item.value, dict) else None
            found = self._by_url.get(url) if isinstance(url, str) else None
            return [self._slices.index(found)] if found else []
        return [position for position, each in enumerate(self._slices) if each.matches(item, run)]

    def _unmatched(self, item: Item, run: Run) -> None:
        # A sub-extension that an extension has not is said by the ring of extensions.
        if self._slicing.rules == "closed" and not (item.kind == "Extension" and self._nested):
            message = f"is in no slice that {self._label} allows here: {' | '.join(each.name for each in self._slices)}"
            run.out.append(Finding("structure", item.place, message, "fhir.slicing"))

    def _sliced(self, each: Slice, items: list[Item], place: Place, run: Run) -> None:
        low, high, count = each.node.min or 0, each.node.max, len(items)
        if count < low:
            message = f"lacks the slice {each.name}: {self._label} asks for {'it' if low == 1 else f'{low} of it'}"
            run.out.append(Finding("required", place, message, "fhir.slice", mark=each.name))
        elif high is not None and count > high:
            message = f"has the slice {each.name} more often than {self._label} allows ({high})"
            run.out.append(Finding("structure", place, message, "fhir.slice", mark=each.name))
        if each.inner is not None:
            each.inner.check(items, place, run, each.judge)
        else:
            for item in items:
                each.judge(item, run)


def _passes(judge: Judge) -> Matches:
    """Without a discriminator that says anything, a value belongs to the slice it satisfies."""

    def test(item: Item, run: Run) -> bool:
        key = id(item.value), id(judge), id(run.scope)
        known = run.world.verdicts.get(key) if isinstance(item.value, dict) else None
        if known is None:
            inner = run.fresh()
            judge(item, inner)
            known = not any(finding.severity == "error" for finding in inner.out)
            if isinstance(item.value, dict):
                run.world.verdicts[key] = known
        return known

    return test


def _parent(name: str, every: Mapping[str, ProfileNode]) -> str:
    """The slice that a re-slice (`a/b`) belongs to; a name may hold a slash without being one."""
    above = name.rpartition("/")[0]
    return above if above in every else ""
