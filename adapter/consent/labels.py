"""Security labels wherever FHIR R4 has a place for them: what one part of a resource is, the whole is taken for.

`meta.security` of the resource and of everything inside it, `DocumentReference.securityLabel` (and its namesakes),
`Composition.confidentiality`, and the inline labels of HL7 DS4P (extension-inline-sec-label, on any element).
"""

from collections.abc import Iterable, Iterator

INLINE = "inline-sec-label"


def labels_of(resource: object, more: Iterable[object] = ()) -> frozenset[str]:
    """The codes of all labels, case folded, in whatever system; `more` are those of the Bundle it came in.

    Never raises: what has another shape than R4 (a list for one, one for a list) is looked into all the same.
    """
    found: set[str] = set()
    for label in more:
        found.update(_codes(label))
    stack: list[object] = [resource]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, dict):
            found.update(_labels(value))
            stack.extend(inner for inner in value.values() if isinstance(inner, (dict, list)))
    return frozenset(found)


def _labels(value: dict[str, object]) -> Iterator[str]:
    for meta in _objects(value.get("meta")):
        yield from _codes(meta.get("security"))
    if "resourceType" in value:
        yield from _codes(value.get("securityLabel"))
        yield from (text.strip().casefold() for text in _texts(value.get("confidentiality")))
    if any(text.rstrip("/").endswith(INLINE) for text in _texts(value.get("url"))):
        for name, held in value.items():
            if name.startswith("value"):
                plain = held if isinstance(held, list) else [held]
                yield from _codes([{"code": one} for one in plain if isinstance(one, str)])
                yield from _codes(held)


def _objects(value: object) -> Iterator[dict[str, object]]:
    """The objects in a value: itself, or those of a list, at any depth of lists."""
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _objects(one)


def _texts(value: object) -> Iterator[str]:
    """The texts in a value: itself, or those of a list, or those in an object, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _codes(value: object) -> Iterator[str]:
    """Every code of a Coding or CodeableConcept, or of a list of them, whatever shape its code has."""
    for one in _objects(value):
        yield from (text.strip().casefold() for text in _texts(one.get("code")))
        yield from _codes(one.get("coding"))
