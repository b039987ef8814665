"""The reference validator (HL7's engine): asked once for many resources; what it says becomes findings of ours to hold.

A finding keeps severity, place and message id, and no text. Where only its text names the element (a missing one, an
unknown property), the place is that element, and what the engine gave as place stands in `also`.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from mappings.fhir.wire import Json, dumps
from tests.conftest import shared_folder
from tests.validation.places import from_one, normal

COUNTED_FROM_ONE = re.compile(r"Bundle_BUNDLE_Entry_(?!NoFullUrl)\w+|BUNDLE_BUNDLE_ENTRY_(NOTFOUND|FOUND)_\w+")
ALWAYS_FIRST = re.compile(r"BUNDLE_ENTRY_URL_\w+")
"""The engine names the first entry, whichever it means."""
TWICE_SAID = ("Validation_VAL_Profile_Unknown", "Bundle_BUNDLE_Entry_Document")
"""The same is said at meta.profile, and as bdl-11."""
ENGINE_FAILED = "engine-failed"
"""The engine itself fell over a resource: whatever is found there is right."""
_CARDINALITY = re.compile(r"([\w.\[\]:/-]+): (?:minimum required|max allowed) =")
_SLICE = re.compile(r"Slice '([^']+)'")
_UNKNOWN = re.compile(r"(?:Unrecognized property|Unrecognised property|Undefined attribute|Undefined element) '@?(\w+)")
_NAMED = {
    "TYPE_SPECIFIC_CHECKS_DT_ATT_B64_DECODE_FAIL": "hash",
    "TYPE_SPECIFIC_CHECKS_DT_ATT_SIZE_INVALID": "size",
    "BUNDLE_ENTRY_URL_MATCHES_TYPE_ID": "fullUrl",
    "BUNDLE_ENTRY_URL_ABSOLUTE": "fullUrl",
    "BUNDLE_BUNDLE_ENTRY_FULLURL_REQUIRED": "fullUrl",
    "Extension_EXT_Type": "value",
    "Extension_EXT_Simple_ABSENT": "value",
    "Extension_EXT_Url_NotFound": "url",
    "Extension_EXT_URL_Absolute": "url",
    "Validation_VAL_Profile_NoType": "value",
    "Validation_VAL_Profile_WrongType": "meta.profile[*]",
    "VALIDATION_VAL_PROFILE_MINIMUM_MAGIC": "coding",
    "Resource_RES_ID_Missing": "id",
    "RESOURCE_DUPLICATE_CONTAINED_ID": "id",
}
"""Messages that always mean this element of the place."""
_CHOICE = re.compile(r"^([a-z]\w*?)[A-Z]\w*$")


class Finding(msgspec.Struct, frozen=True, order=True, array_like=True):
    """One thing that a validator says; `also` are other places that would be as right."""

    severity: str
    place: str
    rule: str
    also: tuple[str, ...] = ()


def available() -> bool:
    """Whether the reference validator is here (it needs Java and Maven, too)."""
    return (shared_folder() / "reference" / "validate").is_file()


def judge(resources: Iterable[Json], options: Sequence[str] = ()) -> list[list[Finding]]:
    """What the reference validator says of each resource: errors and warnings, sorted; one call for all."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "resources.ndjson"
        lines = [_line(resource) for resource in resources]
        path.write_text("".join(lines), "utf-8")
        found = judge_paths([path], options)
    return [sorted(set(found.get(f"{path}:{number}", []))) for number in range(1, len(lines) + 1)]


def _line(resource: Json) -> str:
    return dumps(resource).decode("utf-8").replace("\n", " ") + "\n"


def judge_paths(paths: Sequence[Path], options: Sequence[str] = ()) -> dict[str, list[Finding]]:
    """What it says of files and folders, by the name it gives to what it read; what is clean is absent.

    Raises:
        RuntimeError: it could not run.
    """
    program = shared_folder() / "reference" / "validate"
    done = subprocess.run([program, "--warnings", *options, *paths], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, 3) or " resources checked, " not in done.stderr:
        raise RuntimeError(f"the reference validator failed: {done.stderr[-2000:]}")
    found: dict[str, list[Finding]] = {}
    for line in done.stdout.splitlines():
        name, severity, place, rule, text = line.split("\t", 4)
        if severity != "information" and rule not in TWICE_SAID:
            found.setdefault(name, []).append(finding(severity, place, rule, text))
    return found


def finding(severity: str, place: str, rule: str, text: str) -> Finding:
    """One line of the reference validator as a finding."""
    at = normal(from_one(place) if COUNTED_FROM_ONE.fullmatch(rule) else place)
    if ALWAYS_FIRST.fullmatch(rule):
        at = at.replace("entry[0]", "entry[*]")
    severity = "error" if severity == "fatal" else severity
    if rule.startswith(("Extension_EXTP_Context", "Extension_EXTM_Context")):  # said of the holder, meant the extension
        name = "modifierExtension" if "EXTM" in rule else "extension"
        return Finding(severity, f"{at}.{name}[*]", rule, (at,))
    names = _names(rule, text)
    if not names:
        return Finding(severity, at, rule)
    return Finding(severity, f"{at}.{names[0]}", rule, (*(f"{at}.{name}" for name in names[1:]), at))


def _names(rule: str, text: str) -> list[str]:
    """The element below the place that the message means, and other names of it."""
    if rule in _NAMED:
        return [_NAMED[rule]]
    if rule in ("Validation_VAL_Profile_Minimum", "Validation_VAL_Profile_Maximum"):
        match = _CARDINALITY.match(text)
    elif rule in ("Validation_VAL_Profile_Minimum_SLICE", "Validation_VAL_Profile_Minimum_SLICE_EXT"):
        match = _SLICE.match(text)
    elif rule == "null" and (match := _UNKNOWN.match(text)):
        name = match[1].removeprefix("_")
        choice = _CHOICE.match(name)
        return [name, choice[1]] if choice else [name]
    else:
        return []
    return [normal(match[1]).rpartition(".")[2].partition(":")[0]] if match else []
