"""DICOMDIR (PS3.3 annex F): what it lists against what lies beside it. What is missing is counted and named."""

from collections.abc import Mapping

import msgspec

from adapter.holding import File
from adapter.quiet import quiet_pydicom
from adapter.sources.files import printable
from mappings.problems import Problem, Severity, problem

_RULE = "dicom.dicomdir"


class Listed(msgspec.Struct, frozen=True):
    """A file that a directory lists: its path below the directory's folder, and the SOP Instance UID it gives it."""

    path: str
    uid: str


def listed_in(directory: File) -> tuple[Listed, ...] | None:
    """The files that a DICOMDIR lists, or None where its records cannot be read or there are none."""
    from pydicom import dcmread

    with quiet_pydicom():
        try:
            records = dcmread(directory.location).DirectoryRecordSequence
            return tuple(found for record in records if (found := _listed(record))) or None
        except Exception:  # pydicom raises almost anything on broken files, and says values in it
            return None


def _listed(record: object) -> Listed | None:
    parts = getattr(record, "ReferencedFileID", None)
    if not parts:
        return None
    several = [parts] if isinstance(parts, str) else [str(part) for part in parts]
    uid = str(getattr(record, "ReferencedSOPInstanceUIDInFile", "") or "")
    return Listed(printable("/".join(part.strip() for part in several)), uid)


def compared(directory: File, present: Mapping[str, str], others: frozenset[str]) -> tuple[Problem, ...]:
    """What the directory and the files beside it say of each other.

    Args:
        directory: the DICOMDIR.
        present: path -> SOP Instance UID of the images that are here (empty where it is not known).
        others: paths that another directory, deeper in the folder, lists or could list.
    """
    listed = listed_in(directory)
    if listed is None:
        message = "is a DICOMDIR without records of files that can be read; the images are taken as they lie here"
        return (_note(directory.path, message, "warning"),)
    folder = directory.path.rpartition("/")[0]
    below = f"{folder}/" if folder else ""
    here = {_plain(path.removeprefix(below)): path for path in present if path.startswith(below)}
    asked = {_plain(one.path): one for one in listed}
    missing = [one for name, one in sorted(asked.items()) if name not in here]
    more = [path for name, path in sorted(here.items()) if name not in asked and path not in others]
    message = (
        f"is a DICOMDIR, an index of other files: it lists {len(asked)}, of which {len(missing)} are missing; "
        f"{len(more)} images here are not in it. The bundle gets a new one for what is released"
    )
    notes = [_note(directory.path, message, "warning" if missing else "information")]
    for one in missing:
        message = "is listed in the DICOMDIR and is not here; ask the sender for it"
        notes.append(problem("not-found", f"{below}{one.path}", message, rule=_RULE, severity="warning"))
    notes += [_note(path, "is not listed in the DICOMDIR; it is taken all the same", "information") for path in more]
    for name, one in sorted(asked.items()):
        uid = present[here[name]] if name in here else ""
        if uid and one.uid and uid != one.uid:
            message = "is another instance than the DICOMDIR lists under this name; what the file says counts"
            notes.append(problem("conflict", here[name], message, rule=_RULE, severity="warning"))
    return tuple(notes)


def _note(where: str, message: str, severity: Severity) -> Problem:
    return problem("informational", where, message, rule=_RULE, severity=severity)


def _plain(name: str) -> str:
    """A name as media keep it, whatever the case and the version of ISO 9660 that a system shows."""
    return name.partition(";")[0].rstrip(".").upper()
