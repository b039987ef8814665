"""What a person should know of images before they go: what the pictures show, what is cut off, what was selected."""

import hashlib

from mappings.dicom.header import Header
from mappings.dicom.notes import Notes
from mappings.dicom.series import KEY_OBJECTS, Member

KEY_OBJECT_TITLES = {
    "128203": "for a tumor board",
    "128221": "as what a tumor board has seen",
    "113008": "for peer review",
    "113005": "for a conference",
    "113002": "for the referring provider",
    "113007": "for the patient",
    "128201": "for review by a physician",
    "113030": "as the list of what was exported",
    "113031": "as the signed list of what was exported",
}
"""Title of a key object selection (DCM, PS3.16 CID 7010) -> what the images were chosen for."""
_NAMED = 10
"""So many missing instances are named; their number is always said."""


def remark_of_series(members: list[Member], notes: Notes) -> None:
    """Say what the pictures of a study show of its patient, which are cut off, and what was selected for whom."""
    burned = next((m.path for m in members if m.header.burned_in == "YES"), None)
    if burned:
        message = "says that text is burned into the picture, which may name the patient"
        notes.tell("informational", f"{burned} (0028,0301)", message, "dicom.burned-in")
    for member in members:
        header = member.header
        if member.cut_off:
            message = "the file ends before its pixel data do: it is cut off; ask the sender for it again"
            notes.add("incomplete", f"{member.path} (7FE0,0010)", message, "PS3.5 7.1")
        if header.label_in_image == "YES" or "LABEL" in header.image_type:
            tag = "(0008,0008)" if "LABEL" in header.image_type else "(0048,0010)"
            message = "is a picture of the slide's label, which may name the patient: look at it before it goes"
            notes.add("informational", f"{member.path} {tag}", message, "dicom.label-image")
        elif "OVERVIEW" in header.image_type:
            message = "is an overview of the whole slide, not a level of the pyramid; it may show the label"
            notes.tell("informational", f"{member.path} (0008,0008)", message, "dicom.overview-image")
        if header.sop_class == KEY_OBJECTS:
            notes.tell("informational", f"{member.path} (0040,A043)", _selected(header), "dicom.key-objects")


def _selected(header: Header) -> str:
    """What a key object selection was made for, in the words of its title (PS3.16 CID 7010)."""
    title = header.title
    purpose = KEY_OBJECT_TITLES.get(title.value) if title and title.scheme == "DCM" else None
    return f"is a key object selection: images chosen {purpose or 'for a purpose that its title names'}"


def missing_evidence(members: list[Member], notes: Notes) -> None:
    """Say which of the instances that key object selections list (PS3.3 section C.17.6.2) are not among these.

    They are named by the SHA-256 of their UID, as whoever has them can compute it.
    """
    if not any(member.header.referenced for member in members):
        return
    present = {member.uid for member in members}
    for member in members:
        asked = member.header.referenced
        digests = sorted(hashlib.sha256(uid.encode()).hexdigest()[:16] for uid in asked if uid not in present)
        if digests:
            more = f" and {len(digests) - _NAMED} more" if len(digests) > _NAMED else ""
            message = (
                f"lists {len(asked)} instances, of which {len(digests)} are missing here; the SHA-256 of their UIDs "
                f"begins with {', '.join(digests[:_NAMED])}{more}: ask the sender for them"
            )
            notes.add("not-found", f"{member.path} (0040,A375)", message, "dicom.key-objects")
