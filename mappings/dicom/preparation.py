"""Preparation steps of a specimen (PS3.16 TID 8001 to 8004) as what they did: taken from, fixed, embedded, stained.

Concepts are known by their code in SNOMED CT or DCM, or by the older SNOMED-RT code of the same concept.
"""

from mappings.dicom.header import Content, Issued, Triplet
from mappings.domain.values import Fact

_CONCEPTS: dict[tuple[str, str], str] = {
    ("DCM", "121041"): "specimen",
    ("DCM", "111724"): "issuer",
    ("DCM", "111701"): "kind",
    ("DCM", "111702"): "when",
    ("DCM", "111703"): "words",
    ("DCM", "111704"): "method",
    ("DCM", "111705"): "parent",
    ("DCM", "111706"): "parent-issuer",
    ("DCM", "111707"): "parent-kind",
    ("SCT", "424361007"): "substance",
    ("SRT", "G-C350"): "substance",
    ("SCT", "430864009"): "fixative",
    ("SRT", "F-6221B"): "fixative",
    ("SCT", "430863003"): "medium",
    ("SRT", "F-6221A"): "medium",
    ("SCT", "17636008"): "collection",
    ("SRT", "P3-02000"): "collection",
}
"""Scheme and code of a concept name -> what its content item tells."""
_KINDS: dict[tuple[str, str], str] = {
    ("SCT", "433465004"): "sampling",
    ("SRT", "P3-4000A"): "sampling",
    ("SCT", "127790008"): "staining",
    ("SRT", "P3-00003"): "staining",
    ("SCT", "17636008"): "collection",
    ("SRT", "P3-02000"): "collection",
    ("SCT", "428995007"): "receiving",
    ("SRT", "P3-05013"): "receiving",
}
"""Scheme and code of a processing type (PS3.16 CID 8111) -> what the step is."""


_PARAFFIN = ("311731000", "F-616D8")
_KEPT = ("method", "collection", "parent-kind", "substance", "fixative")
_SEVERAL = ("", "words", "substance")
"""What may be there several times: stains, and what is told as lost anyway."""


class Step(Fact, frozen=True, kw_only=True):
    """One preparation step.

    Attributes:
        specimen: what it was done to; None: not told.
        kind: sampling, staining, collection, receiving, or empty.
        when: a DT as written.
        parent: what the specimen was taken from, with its kind.
        method: how it was sampled or collected.
        substances: what was used (stains), each a code or words.
        fixative, medium: what it was fixed with and embedded in.
        lost: what is there and in no other field, or in one that nothing is made of, in words for people.
    """

    specimen: Issued | None = None
    kind: str = ""
    when: str = ""
    parent: Issued | None = None
    parent_kind: Triplet | None = None
    method: Triplet | None = None
    substances: tuple[Triplet, ...] = ()
    fixative: Triplet | None = None
    medium: Triplet | None = None
    lost: tuple[str, ...] = ()


def step_of(contents: tuple[Content, ...]) -> Step:
    """The step that these content items are."""
    found: dict[str, list[Content]] = {}
    for content in contents:
        found.setdefault(_CONCEPTS.get((content.name.scheme, content.name.value), ""), []).append(content)
    kind = _first(found, "kind")
    coded = kind.code if kind else None
    named = _KINDS.get((coded.scheme, coded.value), "") if coded else ""
    return Step(
        specimen=_issued(found, "specimen", "issuer"),
        kind=named,
        when=(found["when"][0].text if "when" in found else ""),
        parent=_issued(found, "parent", "parent-issuer"),
        parent_kind=_meant(_first(found, "parent-kind")),
        method=_meant(_first(found, "method") or _first(found, "collection")),
        substances=tuple(meant for each in found.get("substance", ()) if (meant := _meant(each))),
        fixative=_meant(_first(found, "fixative")),
        medium=_meant(_first(found, "medium")),
        lost=_lost(found, named),
    )


def _lost(found: dict[str, list[Content]], kind: str) -> tuple[str, ...]:
    """What the domain has no place for; that a section was cut and a block is of paraffin, its items say themselves."""
    method = _first(found, "method")
    several = [name for name, values in found.items() if len(values) > 1 and name not in _SEVERAL]
    media = [one.code.value if one.code else "" for one in found.get("medium", ())]
    told = {
        "descriptions": "words" in found,
        "kinds of steps": kind == "",
        "times of steps": "when" in found and kind not in ("collection", "receiving"),
        "methods": method is not None and kind != "collection" and not _sections(method),
        "substances that are no stain": "substance" in found and kind != "staining",
        "embedding media": any(value not in _PARAFFIN for value in media),
        "second values": bool(several),
        "codes of schemes without a known system": any(_unknown(found, name) for name in _KEPT),
        "other content (sites, numbers, people)": "" in found,
    }
    return tuple(words for words, here in told.items() if here)


def _unknown(found: dict[str, list[Content]], name: str) -> bool:
    """Whether a code is kept by its meaning alone."""
    return any(one.code and one.code.value and not one.code.code for one in found.get(name, ()))


def _sections(method: Content) -> bool:
    return bool(method.code and method.code.value == "434472006")


def _first(found: dict[str, list[Content]], name: str) -> Content | None:
    return next(iter(found.get(name, ())), None)


def _meant(content: Content | None) -> Triplet | None:
    """The value as a code; words where it is a text."""
    if content is None:
        return None
    return content.code or (Triplet(meaning=content.text) if content.text else None)


def _issued(found: dict[str, list[Content]], name: str, issuer: str) -> Issued | None:
    number, said = _first(found, name), _first(found, issuer)
    if number is None or not number.text:
        return None
    return issued(number.text, said.text if said else "")


def issued(value: str, issuer: str) -> Issued:
    """A number with its issuer as HD (HL7 v2 chapter 2A): local word ^ universal id ^ type; the word may be missing."""
    parts = [part.strip() for part in issuer.split("^")]
    if len(parts) == 2:  # as much software writes it: universal id and type
        parts = ["", *parts]
    local, universal, kind = [*parts, "", ""][:3]
    return Issued(value=value.strip(), issuer=local, universal=universal, universal_type=kind)
