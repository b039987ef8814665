"""Tables between the words of the domain and codes: one CSV per binding, read here and nowhere else.

Columns: value, equivalence (as in ConceptMap: equivalent, wider, narrower, inexact), system, version, code, display,
definition. Written are the first row of a value and beside it further ones that are `equivalent` (another code system);
read is every row. A strict table refuses what it does not list; an open one leaves the original coding.
"""

import csv
from functools import cache
from importlib.resources import files

import msgspec

from mappings.domain.values import Code, Concept
from mappings.problems import ProblemError, refuse

COLUMNS = ("value", "equivalence", "system", "version", "code", "display", "definition")


class Row(msgspec.Struct, frozen=True):
    """One line of a table."""

    value: str
    equivalence: str
    system: str
    version: str
    code: str
    display: str
    definition: str


class Table:
    """One binding: value -> codings and back."""

    def __init__(self, name: str, rows: tuple[Row, ...]) -> None:
        self.name = name
        self.rows = rows
        self._codings: dict[str, list[Row]] = {}
        self._values: dict[tuple[str, str], str] = {}
        for row in rows:
            self._codings.setdefault(row.value, []).append(row)
            self._values.setdefault((row.system, row.code), row.value)

    @property
    def values(self) -> tuple[str, ...]:
        """The domain's words, in the order of the table."""
        return tuple(self._codings)

    def code(self, value: str) -> str:
        """The code written for the value (for FHIR elements of type `code`).

        Raises:
            ProblemError: `code-invalid`, naming the table and what it lists.
        """
        return self._rows(value)[0].code

    def codings(self, value: str) -> tuple[Code, ...]:
        """The codes written for the value, the first one first."""
        return tuple(
            Code(system=row.system, code=row.code, display=row.display or None, version=row.version or None)
            for number, row in enumerate(self._rows(value))
            if number == 0 or row.equivalence == "equivalent"
        )

    def codings_or_none(self, value: str) -> tuple[Code, ...]:
        """The codes written for the value; none for one the table does not list (an open table when writing)."""
        return self.codings(value) if value in self._codings else ()

    def concept(self, value: str) -> Concept:
        """The value as a Concept."""
        return Concept(codes=self.codings(value))

    def value(self, system: str, code: str) -> str | None:
        """The domain's word for this code, or None where the table has no such row."""
        return self._values.get((system, code))

    def value_of(self, concept: Concept | None) -> str | None:
        """The domain's word for the first code of the concept that the table lists, or None."""
        codes = concept.codes if concept else ()
        return next((v for c in codes if (v := self.value(c.system, c.code)) is not None), None)

    def required(self, concept: Concept | None, where: str) -> str:
        """The domain's word for the concept, in a strict table.

        Raises:
            ProblemError: `code-invalid` at `where`.
        """
        value = self.value_of(concept)
        if value is None:
            raise self._unlisted(where)
        return value

    def required_code(self, code: object, where: str) -> str:
        """The domain's word for a FHIR `code` (the system is the element's own)."""
        for row in self.rows:
            if row.code == code:
                return row.value
        raise self._unlisted(where)

    def _rows(self, value: str) -> list[Row]:
        rows = self._codings.get(value)
        if rows is None:
            raise self._unlisted(self.name)
        return rows

    def _unlisted(self, where: str) -> ProblemError:
        message = f"no row in the table {self.name}; it lists {', '.join(self.values)}: add a row or mend the source"
        return refuse("code-invalid", where, message, rule=f"table.{self.name}")


@cache
def table(name: str) -> Table:
    """The packaged table of this name (`tables/NAME.csv`)."""
    text = files("mappings.terminology").joinpath("tables", f"{name}.csv").read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines())
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ValueError(f"tables/{name}.csv must have the columns {', '.join(COLUMNS)}")
    return Table(name, tuple(Row(**line) for line in reader))


def table_names() -> tuple[str, ...]:
    """The names of all packaged tables, sorted."""
    folder = files("mappings.terminology").joinpath("tables")
    return tuple(sorted(entry.name.removesuffix(".csv") for entry in folder.iterdir() if entry.name.endswith(".csv")))


def records(name: str) -> tuple[dict[str, str], ...]:
    """The lines of a packaged CSV that is no code table (`data/NAME.csv`), column by name."""
    text = files("mappings.terminology").joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
