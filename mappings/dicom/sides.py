"""Modifiers of an anatomic site (PS3.16 CID 2) -> the side, where they name one."""

from typing import Literal, cast

from mappings.dicom.header import Triplet, triplet_concept
from mappings.terminology.tables import table

Side = Literal["left", "right", "bilateral"]
_RT_SIDES: dict[str, Side] = {"G-A100": "right", "G-A101": "left", "G-A102": "bilateral"}
"""Sides in SNOMED-RT, as older headers have them."""


def side(modifier: Triplet) -> Side | None:
    """The side that a modifier names (PS3.16 CID 244), if it is one that a specimen can have."""
    if modifier.scheme == "SRT":
        return _RT_SIDES.get(modifier.value)
    found = table("laterality").value_of(triplet_concept(modifier))
    return cast("Side", found) if found in _RT_SIDES.values() else None


def side_of(modifiers: tuple[Triplet, ...]) -> Side | None:
    """The one side that the modifiers of a site name; None where they name none or several."""
    sides = {found for one in modifiers if (found := side(one))}
    return sides.pop() if len(sides) == 1 else None
