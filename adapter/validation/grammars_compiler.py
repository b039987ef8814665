"""From published lists to grammars.json: subtags of languages, symbols of units, currencies, countries. No names.

    python -m adapter.validation.grammars_compiler FOLDER

FOLDER holds `ucum-essence.xml` (UCUM, https://unitsofmeasure.org), `registry.json` (the IANA language subtag registry
as the PyPI package language-tags ships it), `iso4217.json` and `iso3166-1.json` (as pycountry ships them). Never used
at run time.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as ET
from typing import Any

FILE = "grammars.json"
UCUM_NOTICE = (
    "Symbols of the Unified Code for Units of Measure (UCUM), copyright 1999-2024 Regenstrief Institute, Inc., under "
    'the UCUM License 1.0 (https://unitsofmeasure.org/license), provided "as is", without warranties of any kind.'
)
# Withdrawn from ISO 4217 in recent years; amounts of their time still name them.
_WITHDRAWN = "BGN BYR CUC EEK HRK LTL LVL MRO SLL STD VEF ZMK ZWL USS".split()  # noqa: SIM905
_UCUM = "{http://unitsofmeasure.org/ucum-essence}"


def compile_grammars(folder: pathlib.Path) -> dict[str, Any]:
    """Read the four lists below `folder` and return the content of grammars.json."""
    currencies = _read(folder, "iso4217.json")["4217"]
    countries = _read(folder, "iso3166-1.json")["3166-1"]
    codes = [country[kind] for kind in ("alpha_2", "alpha_3", "numeric") for country in countries]
    return {
        "ucum": _units(ET.parse(folder / "ucum-essence.xml").getroot()),  # noqa: S314 - a file of the maintainer's own
        "bcp47": _subtags(_read(folder, "registry.json")),
        "iso4217": " ".join(sorted({*(currency["alpha_3"] for currency in currencies), *_WITHDRAWN})),
        "iso3166": " ".join(sorted(codes)),
    }


def _read(folder: pathlib.Path, name: str) -> Any:
    return json.loads((folder / name).read_bytes())


def _units(root: ET.Element) -> dict[str, str]:
    found: dict[str, list[str]] = {"prefixes": [], "metric": [], "other": []}
    for item in root:
        tag = item.tag.removeprefix(_UCUM)
        if tag == "prefix":
            found["prefixes"].append(item.attrib["Code"])
        elif tag in ("base-unit", "unit"):
            metric = tag == "base-unit" or item.attrib.get("isMetric") == "yes"
            found["metric" if metric else "other"].append(item.attrib["Code"])
    source = {"notice": UCUM_NOTICE, "version": root.attrib["version"]}
    return {**source, **{name: " ".join(sorted(symbols)) for name, symbols in found.items()}}


def _subtags(registry: list[dict[str, Any]]) -> dict[str, str]:
    """Say subtags in lower case; a range (qaa..qtz) as it is."""
    found: dict[str, set[str]] = {}
    for record in registry:
        code = record.get("Subtag") or record.get("Tag") or ""
        found.setdefault(record["Type"], set()).add(code.lower())
    found.pop("redundant", None)  # made of registered subtags
    return {kind: " ".join(sorted(codes)) for kind, codes in sorted(found.items())}


def main(arguments: list[str]) -> int:
    """Write grammars.json anew from the folder given; 0 done, 2 usage."""
    if len(arguments) != 1 or not pathlib.Path(arguments[0]).is_dir():
        sys.stderr.write("usage: python -m adapter.validation.grammars_compiler FOLDER\n")
        return 2
    text = json.dumps(compile_grammars(pathlib.Path(arguments[0])), indent=1, ensure_ascii=False) + "\n"
    pathlib.Path(__file__).with_name(FILE).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
