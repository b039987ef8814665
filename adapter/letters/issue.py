"""A letter into a file, by its ending: .txt, .html, .pdf, .json (FHIR); what is there is never overwritten."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import msgspec

from adapter.letters import Letter, Occasion
from adapter.whole import write_whole
from mappings.domain.values import Moment
from mappings.problems import refuse

ENDINGS = (".txt", ".html", ".pdf", ".json")


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes of a letter, and their SHA-256 as hex."""

    data: bytes

    @property
    def sha256(self) -> str:
        """The digest that the ledger keeps."""
        return hashlib.sha256(self.data).hexdigest()


def printed(
    ending: str,
    letter: Letter,
    occasion: Occasion,
    decided_at: Moment,
    namespace: UUID,
    families: frozenset[str],
    sent: Moment | None = None,
) -> Issued:
    """The letter in the form of this ending.

    Raises:
        ProblemError: there is no such form, it cannot show the letter, or (FHIR) what was made is not valid.
    """
    return Issued(data=_forms(letter, occasion, decided_at, namespace, families, sent)[ending]())


def _forms(
    letter: Letter,
    occasion: Occasion,
    decided_at: Moment,
    namespace: UUID,
    families: frozenset[str],
    sent: Moment | None,
) -> dict[str, Callable[[], bytes]]:
    def text() -> bytes:
        from adapter.letters.plain import as_text

        return as_text(letter).encode()

    def html() -> bytes:
        from adapter.letters.html import as_html

        return as_html(letter)

    def pdf() -> bytes:
        from adapter.letters.pdf import as_pdf

        return as_pdf(letter)

    def fhir() -> bytes:
        from adapter.letters.fhir import as_fhir

        return as_fhir(letter, occasion, decided_at, namespace, families, sent)

    return {".txt": text, ".html": html, ".pdf": pdf, ".json": fhir}


def check_target(target: Path, folder: Path) -> None:
    """Refuse a target before anything is written.

    Raises:
        ProblemError: it lies in the case folder, exists already, or has an ending that no form has.
    """
    rule = "letters.target"
    if target.suffix.lower() not in ENDINGS:
        message = f"has none of the endings {', '.join(ENDINGS)}; name the file by the form it is to have"
        raise refuse("not-supported", "--to", message, rule=rule)
    if target.resolve().is_relative_to(folder.resolve()):
        message = "lies inside the case folder, where it would become part of the case; name a place outside"
        raise refuse("conflict", "--to", message, rule=rule)


def is_there(issued: Issued, target: Path) -> bool:
    """Whether this very letter is there already.

    Raises:
        ProblemError: something else is there.
    """
    if target.exists():
        if target.is_file() and target.read_bytes() == issued.data:
            return True
        message = "is there already and is not this letter; name another file, or take that one away"
        raise refuse("conflict", "--to", message, rule="letters.target")
    return False


def write(issued: Issued, target: Path) -> None:
    """Write it for its owner alone (mode 0600); the same letter again changes nothing.

    Raises:
        ProblemError: something else is there.
    """
    if is_there(issued, target):
        return
    write_whole(issued.data, target)
