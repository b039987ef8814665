"""What a receiver says of an instance it did not store, or stored otherwise: by number, in words of our own.

The numbers are those of the Storage Service Class (PS3.4 B.2.3, table B.2-1) and of PS3.7 annex C; STOW-RS says the
same ones as Failure Reason (0008,1197) and Warning Reason (0008,1196) (PS3.18 I.2.1.2).
"""

from mappings.problems import IssueType

UNRESOLVED = (
    "is not found: the host name in `{}` of the settings cannot be resolved; check how it is written there and the "
    "name service of this machine, and try again"
)
"""What is said of a host without an address; takes the name of its setting."""

_ONE: dict[int, tuple[IssueType, str]] = {
    0x0110: ("processing", "it failed while it took it in (0110)"),
    0x0111: ("duplicate", "it has an instance of this UID (0111)"),
    0x0117: ("value", "it calls the instance invalid (0117)"),
    0x0122: ("not-supported", "it does not take this SOP class (0122)"),
    0x0124: ("forbidden", "it does not allow us to store (0124)"),
    0x0210: ("duplicate", "it takes the request for a repeated one (0210)"),
    0x0211: ("not-supported", "it does not know the operation (0211)"),
    0x0212: ("value", "it does not understand an argument (0212)"),
    0xB000: ("conflict", "it changed elements while it stored it (B000)"),
    0xB006: ("conflict", "it left elements out while it stored it (B006)"),
    0xB007: ("conflict", "it stored it, and finds that it does not match its SOP class (B007)"),
    0xC122: ("not-supported", "it does not take this transfer syntax (C122)"),
}
_MANY: dict[int, tuple[IssueType, str]] = {
    0xA7: ("transient", "it is out of resources; try again"),
    0xA9: ("invalid", "it finds that the data set does not match its SOP class"),
    0xB0: ("conflict", "it stored it with a warning"),
}


def said_of(status: int) -> tuple[IssueType, str]:
    """What a status means: the kind of Problem, and words for it."""
    if status in _ONE:
        return _ONE[status]
    if status >> 8 in _MANY:
        code, words = _MANY[status >> 8]
        return code, f"{words} ({status:04X})"
    if status >> 12 == 0xC:
        return "structure", f"it cannot understand the data set ({status:04X})"
    return "processing", f"it refuses it ({status:04X})"


def is_warning(status: int) -> bool:
    """Whether the instance is stored all the same (PS3.7 C.3)."""
    return status in (0x0001, 0x0107, 0x0116) or status >> 12 == 0xB


__all__ = ["is_warning", "said_of"]
