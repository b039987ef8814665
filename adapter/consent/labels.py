"""Security labels wherever FHIR R4 has a place for them: what one part of a resource is, the whole is taken for.

`meta.security` of the resource and of everything inside it, `DocumentReference.securityLabel` (and its namesakes),
`Composition.confidentiality`, and the inline labels of HL7 DS4P (extension-inline-sec-label, on any element).
"""

from collections.abc import Iterable, Iterator

INLINE = "inline-sec-label"


def labels_of(resource: object, more: Iterable[object] = ()) -> frozenset[str]:
    """The codes of all labels, case folded, in whatever system; `more` are those of the Bundle it came in.

    Never raises: what has another shape is passed over.
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
    meta, url = value.get("meta"), value.get("url")
    if isinstance(meta, dict):
        yield from _codes(meta.get("security"))
    if "resourceType" in value:
        yield from _codes(value.get("securityLabel"))
        confidentiality = value.get("confidentiality")
        yield from _codes({"code": confidentiality})
    if isinstance(url, str) and url.rstrip("/").endswith(INLINE):
        for name, held in value.items():
            if name.startswith("value"):
                yield from _codes({"code": held} if isinstance(held, str) else held)


def _codes(value: object) -> Iterator[str]:
    """Every code of a Coding or CodeableConcept, or of a list of them."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            code = one.get("code")
            if isinstance(code, str):
                yield code.strip().casefold()
            yield from _codes(one.get("coding"))
