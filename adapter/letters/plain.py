"""A letter as plain text (UTF-8), folded at 78 columns, with lines to fill in where there is a form."""

from collections.abc import Iterator
from textwrap import wrap

from adapter.letters.model import Letter, Section, Table
from adapter.letters.texts import known_date

WIDTH = 78
GREETING = "Dear {name}:"
CLOSING = "Sincerely,"
REFERENCE = "Reference"
BASIS = "Legal basis"
LINE = "_" * 40


def as_text(letter: Letter) -> str:
    """The letter; the same letter gives the same text."""
    head = (letter.sender.name, *letter.sender.lines, "", known_date(letter.date), "")
    to = (letter.addressee.name, *letter.addressee.lines, "")
    subject = (*_folded(letter.title), f"{REFERENCE}: {letter.reference}", "")
    greeting = (*_folded(GREETING.format(name=letter.addressee.name)), "")
    body = tuple(line for section in _before_forms(letter) for line in _section(section))
    closing = (CLOSING, "", *letter.signed, "")
    forms = tuple(line for section in _forms(letter) for line in _section(section))
    basis = _folded(f"{BASIS}: {'; '.join(letter.citations)}")
    return "\n".join((*head, *to, *subject, *greeting, *body, *closing, *forms, *basis, ""))


def _before_forms(letter: Letter) -> tuple[Section, ...]:
    return tuple(section for section in letter.sections if not section.blanks)


def _forms(letter: Letter) -> tuple[Section, ...]:
    return tuple(section for section in letter.sections if section.blanks)


def _section(section: Section) -> Iterator[str]:
    if section.heading:
        yield from (*_folded(section.heading), "-" * min(len(section.heading), WIDTH), "")
    for paragraph in section.paragraphs:
        yield from (*_folded(paragraph), "")
    for words in section.quote:
        yield from (*_folded(words, first="    > ", rest="    > "), "")
    for item in section.items:
        yield from _folded(item, first="- ", rest="  ")
    if section.items:
        yield ""
    if section.table:
        yield from _table(section.table)
    for field, value in section.blanks:
        yield from (*_folded(f"{field}:"), f"    {value or LINE}", "")
    for paragraph in section.after:
        yield from (*_folded(paragraph), "")


def _table(table: Table) -> Iterator[str]:
    """One cell a line, so that a long cell stays readable and nothing is cut."""
    yield from (*_folded(table.caption), "")
    for row in table.rows:
        for number, (head, cell) in enumerate(zip(table.heads, row, strict=True)):
            yield from _folded(f"{head}: {cell}", first="- " if number == 0 else "  ", rest="    ")
    yield ""


def _folded(text: str, first: str = "", rest: str = "") -> tuple[str, ...]:
    lines = wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return tuple(lines) or (first.rstrip(),)
