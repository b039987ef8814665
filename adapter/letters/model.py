"""What a letter is, whatever it is printed as: parts in plain words, to one addressee, of one day, with citations."""

from typing import Literal, get_args

import msgspec

Kind = Literal[
    "acknowledgement", "acceptance", "request-for-information", "consent-request", "extension", "denial",
    "review-outcome", "redirect", "fee-notice", "part2-statement", "accounting", "amendment-acceptance",
    "amendment-denial", "amendment-extension", "accounting-extension", "accounting-fee-notice",
    "accounting-suspension",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
AMENDING: tuple[Kind, ...] = ("amendment-acceptance", "amendment-denial", "amendment-extension")
COUNTING: tuple[Kind, ...] = ("accounting-extension", "accounting-fee-notice")
"""Letters on a request to amend, or for an accounting, that is in the case."""


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with an address. `id` is the local name in the case; `lines` are those of the address, if known."""

    id: str
    name: str
    lines: tuple[str, ...] = ()


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table; the first cell of each row heads it."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a letter.

    Attributes:
        name: the part's own name in its template; tests and readers of the JSON find it by this.
        heading: absent where the part goes on without one.
        paragraphs, quote, items, table: what it says, in this order; `quote` are somebody else's own words, set apart.
        blanks: lines of a form: what to fill in, and what is filled in already (or nothing).
        after: paragraphs behind the list, the table or the form.
    """

    name: str
    heading: str | None = None
    paragraphs: tuple[str, ...] = ()
    quote: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    table: Table | None = None
    blanks: tuple[tuple[str, str], ...] = ()
    after: tuple[str, ...] = ()


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter of the holder.

    Attributes:
        date: the local day of the decision, ISO.
        reference: the id of the case.
        sender, addressee: who writes to whom.
        signed: the lines under it.
        citations: what it rests on, in the form people read.
        language: BCP 47.
    """

    kind: Kind
    title: str
    date: str
    reference: str
    sender: Party
    addressee: Party
    sections: tuple[Section, ...]
    signed: tuple[str, ...]
    citations: tuple[str, ...]
    language: str = "en"

    def section(self, name: str) -> Section:
        """The part of that name.

        Raises:
            KeyError: there is none.
        """
        found = next((part for part in self.sections if part.name == name), None)
        if found is None:
            raise KeyError(name)
        return found
