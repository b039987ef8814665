"""The tables as FHIR R4 terminology: code systems of ours, value sets, concept maps.

https://hl7.org/fhir/R4/codesystem.html, valueset.html, conceptmap.html. A table is written as

- `CodeSystem/NAME` for every system of ours: the codes that no published system has,
- `ValueSet/TABLE`: the codes that are written or read under the table's binding,
- `ConceptMap/TABLE` from the words of the native case format to codes, and `CodeSystem/domain-TABLE` with those words,
  because `$translate` needs a source system. A table whose words are the codes of ours themselves has neither.

Displays are those of the tables, which hold a SNOMED CT display only where the Global Patient Set has the concept.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from mappings.identity import CANONICAL, code_system, value_set
from mappings.terminology.tables import Row, Table, records, table, table_names

Json = dict[str, Any]

PUBLISHER = "The second-opinion-adapter authors"
OURS = f"{CANONICAL}/CodeSystem/"
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
NOTICES = {
    LOINC: (
        "This material contains content from LOINC (http://loinc.org). LOINC is copyright © Regenstrief Institute, Inc."
        " and the Logical Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost under"
        " the license at http://loinc.org/license. LOINC® is a registered United States trademark of Regenstrief"
        " Institute, Inc."
    ),
    SNOMED: (
        "SNOMED CT is © and ® SNOMED International. The displays are those of the SNOMED CT Global Patient Set (GPS),"
        " produced by SNOMED International under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/); SNOMED"
        " International does not endorse this work. Codes without a display are not in the GPS: to use them may need a"
        " licence of SNOMED International. SNOMED CT was originally created by the College of American Pathologists."
    ),
    "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl": (
        "NCI Thesaurus (NCIt) is produced by the National Cancer Institute under CC BY 4.0"
        " (https://creativecommons.org/licenses/by/4.0/)."
    ),
}
"""What the owners of a system ask to be said wherever its content is."""

READ = "Read as this word, never written for it."
NEAREST = "Written as the nearest code there is."


class About(msgspec.Struct, frozen=True):
    """What a table is for, as `data/tables.csv` says: title, FHIR element, one sentence."""

    title: str
    element: str
    description: str


def about() -> dict[str, About]:
    """Every table by name."""
    return {line["table"]: About(line["title"], line["element"], line["description"]) for line in records("tables")}


def described(name: str) -> About:
    """What the table of this name is for.

    Raises:
        ValueError: `data/tables.csv` has no line for it.
    """
    found = about().get(name)
    if found is None:
        raise ValueError(f"data/tables.csv has no line for {name}: say there what it is for")
    return found


def header(kind: str, name: str, title: str, description: str, version: str, suffix: str = "") -> Json:
    """What all conformance resources begin with. No date: the same tables make the same bytes.

    Active, because servers skip what is draft when they install a package; experimental until the base is registered.
    """
    return {
        "resourceType": kind,
        "id": name,
        "url": f"{CANONICAL}/{kind}/{name}",
        "version": version,
        "name": "".join(part.capitalize() for part in name.split("-")) + suffix,
        "title": title,
        "status": "active",
        "experimental": True,
        "publisher": PUBLISHER,
        "description": description,
    }


def terminology(version: str) -> tuple[Json, ...]:
    """All code systems, value sets and concept maps of the package, each kind sorted by id.

    Raises:
        ValueError: two tables say different things of one code of ours, or a table is not described.
    """
    tables = tuple(table(name) for name in table_names())
    mapped = tuple(each for each in tables if not is_word_list(each))
    systems = [_codes(url, rows, version) for url, rows in own_codes(tables).items()]
    systems += [_words(each, version) for each in mapped]
    return (
        *sorted(systems, key=lambda made: str(made["id"])),
        *(_value_set(each, version) for each in tables),
        *(_concept_map(each, version) for each in mapped),
    )


def own_codes(tables: Iterable[Table]) -> dict[str, tuple[Row, ...]]:
    """Our systems by URL, each with one row per code, in the order of the tables.

    Raises:
        ValueError: two rows say different things of one code, or a code has no display or definition.
    """
    found: dict[str, dict[str, Row]] = {}
    for each in tables:
        for row in each.rows:
            if not row.system.startswith(OURS):
                continue
            known = found.setdefault(row.system, {}).setdefault(row.code, row)
            if (known.display, known.definition) != (row.display, row.definition) or not (
                row.display and row.definition
            ):
                raise ValueError(f"{each.name}: {row.code} needs one display and one definition in all tables")
    return {url: tuple(rows.values()) for url, rows in sorted(found.items())}


def is_word_list(each: Table) -> bool:
    """Whether the words of the table are the codes of one system of ours, so that there is nothing to map."""
    same = all(row.equivalence == "equivalent" and row.code == row.value for row in each.rows)
    return same and len({row.system for row in each.rows}) == 1 and each.rows[0].system.startswith(OURS)


def _codes(url: str, rows: tuple[Row, ...], version: str) -> Json:
    name = url.removeprefix(OURS)
    said = described(name)
    description = f"{said.description} Codes for what no published code system says."
    concepts = [{"code": row.code, "display": row.display, "definition": row.definition} for row in rows]
    return _code_system(header("CodeSystem", name, said.title, description, version), concepts)


def _words(each: Table, version: str) -> Json:
    title = f"{described(each.name).title}: words of the case format"
    description = f"The words of the native case format that ConceptMap/{each.name} maps."
    concepts = [{"code": value} for value in each.values]
    return _code_system(header("CodeSystem", f"domain-{each.name}", title, description, version), concepts)


def _code_system(head: Json, concepts: list[Json]) -> Json:
    return {**head, "caseSensitive": True, "content": "complete", "count": len(concepts), "concept": concepts}


def _value_set(each: Table, version: str) -> Json:
    said = described(each.name)
    description = f"{said.description} Written and read in {said.element}."
    groups: dict[tuple[str, str], dict[str, Row]] = {}
    for row in each.rows:
        groups.setdefault((row.system, row.version), {}).setdefault(row.code, row)
    include = [_include(system, edition, rows.values()) for (system, edition), rows in groups.items()]
    return {
        **header("ValueSet", each.name, said.title, description, version, "VS"),
        **_copyright(each.rows),
        "compose": {"include": include},
    }


def _include(system: str, edition: str, rows: Iterable[Row]) -> Json:
    concepts = [{"code": row.code, **_display(row)} for row in rows]
    return {"system": system, **({"version": edition} if edition else {}), "concept": concepts}


def _concept_map(each: Table, version: str) -> Json:
    said = described(each.name)
    description = f"From the words of the native case format to the codes of {said.element}."
    keys = dict.fromkeys((row.system, row.version) for row in each.rows)
    return {
        **header("ConceptMap", each.name, said.title, description, version, "Map"),
        **_copyright(each.rows),
        "targetCanonical": value_set(each.name),
        "group": [_group(each, system, edition) for system, edition in keys],
    }


def _group(each: Table, system: str, edition: str) -> Json:
    elements: dict[str, list[Json]] = {}
    for row, written in _numbered(each):
        if (row.system, row.version) == (system, edition):
            elements.setdefault(row.value, []).append(_target(row, written))
    return {
        "source": code_system(f"domain-{each.name}"),
        "target": system,
        **({"targetVersion": edition} if edition else {}),
        "element": [{"code": value, "target": targets} for value, targets in elements.items()],
    }


def _numbered(each: Table) -> Iterator[tuple[Row, bool]]:
    """Every row, and whether it is written for its word (the first one, and further ones that are equivalent)."""
    begun: set[str] = set()
    for row in each.rows:
        yield row, row.value not in begun or row.equivalence == "equivalent"
        begun.add(row.value)


def _target(row: Row, written: bool) -> Json:
    """A target; narrower and inexact ones need a comment (invariant cmd-1)."""
    inexact = row.equivalence in ("narrower", "inexact")
    comment = (NEAREST if inexact else "") if written else READ
    said = {"comment": comment} if comment else {}
    return {"code": row.code, **_display(row), "equivalence": row.equivalence, **said}


def _display(row: Row) -> Json:
    return {"display": row.display} if row.display else {}


def _copyright(rows: Iterable[Row]) -> Json:
    systems = {row.system for row in rows}
    notices = [notice for system, notice in NOTICES.items() if system in systems]
    return {"copyright": "\n\n".join(notices)} if notices else {}
