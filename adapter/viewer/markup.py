"""HTML made of functions: whatever is not already `Html` is text and gets escaped: no value becomes markup.

The output is HTML that is well-formed XML too (closed elements, quoted attributes), so that a strict parser checks it.
"""

import re
from urllib.parse import quote

_VOID = frozenset({"meta", "link", "br", "hr", "wbr"})
_INLINE = frozenset({"a", "span", "strong", "code", "cite", "time"})
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Characters that HTML and XML do not allow in text; they are shown as U+FFFD, not left out."""


class Html(str):
    """Markup that is safe to put into the page."""

    __slots__ = ()


Child = str | None
"""What may stand inside an element: markup, text (which is escaped), or nothing."""


def escape(text: str) -> Html:
    """Text as markup."""
    clean = _REFUSED.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        clean = clean.replace(character, entity)
    return Html(clean)


def fragment(*children: Child) -> Html:
    """Children one after the other."""
    return Html("".join(c if isinstance(c, Html) else escape(c) for c in children if c is not None))


def el(name: str, /, *children: Child, **attributes: str | None) -> Html:
    """An element; `class_` is the attribute class, `_` inside a name is `-`, an attribute that is None is left out.

    A block ends its line, so that the text of two blocks never runs together.

    >>> el("span", "1 < 2", class_="note")
    '<span class="note">1 &lt; 2</span>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    end = "" if name in _INLINE else "\n"
    if name in _VOID:
        return Html(f"<{name}{given} />{end}")
    return Html(f"<{name}{given}>{fragment(*children)}</{name}>{end}")


def joined(separator: str, *children: Child) -> Html:
    """The children that say something, with the separator between them."""
    return Html(escape(separator).join(fragment(c) for c in children if c))


def relative(path: str) -> str:
    """A link to a file of the bundle: relative, percent-encoded, never a scheme, a host or a step upwards.

    >>> relative("documents/javascript:a b.pdf")
    'documents/javascript%3Aa%20b.pdf'
    """
    steps = [step for step in path.encode("utf-8", "replace").decode("utf-8").split("/") if step not in ("", ".", "..")]
    return "/".join(quote(step, safe="") for step in steps)


def pairs(rows: list[tuple[str, Child]], class_: str = "facts") -> Html | None:
    """A description list of the rows that have a value; None where none has."""
    told = [el("div", el("dt", name), el("dd", value)) for name, value in rows if value]
    return el("dl", *told, class_=class_) if told else None


def items(children: list[Html], class_: str | None = None) -> Html | None:
    """A bulleted list, or None where there is nothing."""
    return el("ul", *(el("li", child) for child in children), class_=class_) if children else None


def table(caption: Child, heads: list[str], rows: list[list[Child]], class_: str | None = None) -> Html | None:
    """A data table whose first cell of a row is its header; None without rows."""
    if not rows:
        return None
    top = el("thead", el("tr", *(el("th", head, scope="col") for head in heads)))
    body = el("tbody", *(_row(row) for row in rows))
    return el("table", el("caption", caption), top, body, class_=class_)


def _row(cells: list[Child]) -> Html:
    return el("tr", el("th", cells[0], scope="row"), *(el("td", cell) for cell in cells[1:]))


def section(anchor: str, title: str, *children: Child) -> Html:
    """A part of the page under its own heading."""
    return el("section", el("h2", title, id=f"{anchor}-title"), *children, id=anchor, aria_labelledby=f"{anchor}-title")
