"""Whether what a header tells of a specimen agrees with what the case declares of it, where both say something."""

import re
from collections.abc import Iterator

from mappings.domain.material import Block, Part, Slide
from mappings.domain.values import Concept

Thing = Part | Block | Slide
_WORD = re.compile(r"[a-z0-9]+")
_EMPTY = frozenset(("stain", "staining", "stained", "method", "solution", "water", "soluble", "and", "with", "special"))
"""Words of stains that tell none from another."""
_SHORT = {"h&e": "hematoxylin eosin", "h & e": "hematoxylin eosin", "haematoxylin": "hematoxylin"}
"""What many write -> the words of the substances."""


def differences(told: Thing, own: Thing) -> Iterator[str]:
    """In what the two differ, as words; what one of them leaves open differs in nothing."""
    if isinstance(told, Slide) and isinstance(own, Slide):
        theirs, ours = _stains(told), _stains(own)
        if theirs and ours and not _alike(theirs, ours):
            yield "another stain"
    if isinstance(told, Part) and isinstance(own, Part) and _differ(told.laterality, own.laterality):
        yield "another side"


def left_open(told: Thing, own: Thing) -> Iterator[str]:
    """What the header tells and the case leaves open, as words."""
    if isinstance(told, Slide) and isinstance(own, Slide) and _stains(told) and not _stains(own):
        yield "its stain"


def _differ(told: str | None, own: str | None) -> bool:
    return bool(told and own and told != own)


def _stains(slide: Slide) -> tuple[Concept, ...]:
    return (*((slide.stain,) if slide.stain else ()), *slide.stained_with)


def _alike(theirs: tuple[Concept, ...], ours: tuple[Concept, ...]) -> bool:
    """Whether a code or a telling word stands on both sides; where neither can be compared, nothing speaks against."""
    told, own = _codes(theirs), _codes(ours)
    if told & own:
        return True
    words, mine = _words(theirs), _words(ours)
    comparable = (words and mine) or {system for system, _ in told} & {system for system, _ in own}
    return bool(words & mine) or not comparable


def _codes(stains: tuple[Concept, ...]) -> set[tuple[str, str]]:
    return {(code.system, code.code) for one in stains for code in one.codes}


def _words(stains: tuple[Concept, ...]) -> set[str]:
    said = " ; ".join(text for one in stains for text in (one.text, *(code.display for code in one.codes)) if text)
    said = said.casefold()
    for short, long in _SHORT.items():
        said = said.replace(short, long)
    return {word for word in _WORD.findall(said) if word not in _EMPTY}
