"""A letter as one HTML page: nothing beside it, no script, no network; read aloud, printed and enlarged as it is."""

import base64
import hashlib
from importlib.resources import files

from adapter.letters.model import Letter, Party, Section
from adapter.letters.plain import BASIS, CLOSING, GREETING, REFERENCE
from adapter.letters.texts import known_date
from adapter.viewer.markup import Html, el, escape, fragment, items, section, table


def as_html(letter: Letter) -> bytes:
    """The page (UTF-8); the same letter gives the same bytes."""
    style = Html(files("adapter.letters").joinpath("letter.css").read_text(encoding="utf-8"))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("title", letter.title),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", name="robots", content="noindex, nofollow"),
        el("meta", name="format-detection", content="telephone=no, date=no, address=no, email=no"),
        el("style", style),
    )
    page = el("html", head, el("body", _letter(letter)), lang=letter.language)
    return f"<!DOCTYPE html>\n{page}".encode()


def _letter(letter: Letter) -> Html:
    plain = [part for part in letter.sections if not part.blanks]
    forms = [part for part in letter.sections if part.blanks]
    return el(
        "main",
        el("header", _party(letter.sender), el("p", el("time", known_date(letter.date), datetime=letter.date))),
        _party(letter.addressee),
        el("h1", letter.title),
        el("p", f"{REFERENCE}: {letter.reference}", class_="reference"),
        el("p", GREETING.format(name=letter.addressee.name)),
        *map(_section, plain),
        el("p", CLOSING),
        el("p", _lines(letter.signed), class_="signed"),
        *map(_section, forms),
        el("footer", el("p", f"{BASIS}: {'; '.join(letter.citations)}")),
    )


def _party(party: Party) -> Html:
    return el("address", _lines((party.name, *party.lines)))


def _lines(lines: tuple[str, ...]) -> Html:
    broken = el("br")
    return Html(broken.join(escape(line) for line in lines))


def _section(part: Section) -> Html:
    inside = fragment(
        *(el("p", paragraph) for paragraph in part.paragraphs),
        el("blockquote", *(el("p", words) for words in part.quote)) if part.quote else None,
        items([escape(item) for item in part.items]),
        table(part.table.caption, list(part.table.heads), [list(row) for row in part.table.rows])
        if part.table
        else None,
        _blanks(part),
        *(el("p", paragraph) for paragraph in part.after),
    )
    if part.heading is None:
        return inside
    made = section(part.name, part.heading, inside)
    return Html(made.replace("<section ", '<section class="form" ', 1)) if part.blanks else made


def _blanks(part: Section) -> Html | None:
    if not part.blanks:
        return None
    rows = (el("div", el("dt", field), el("dd", value or None, class_="blank")) for field, value in part.blanks)
    return el("dl", *rows)
