"""A letter as a tagged PDF (PDF/UA-1), set by Typst with the fonts it carries; the same letter gives the same bytes."""

from importlib.resources import files

import msgspec

from adapter.letters.model import Letter
from adapter.letters.plain import BASIS, CLOSING, GREETING, REFERENCE
from adapter.letters.texts import known_date
from mappings.problems import refuse


def as_pdf(letter: Letter) -> bytes:
    """The pages, on US letter paper.

    Raises:
        ProblemError: `not-supported`: the extra `pdf` is not installed, or the fonts lack a character of the letter.
    """
    try:
        import typst
    except ImportError:
        message = "needs the extra `pdf` (pip install 'second-opinion-adapter[pdf]'); or write .html, or .txt"
        raise refuse("not-supported", "pdf", message, rule="letters.pdf") from None
    source = files("adapter.letters").joinpath("letter.typ").read_bytes()
    data = msgspec.json.encode(_data(letter)).decode()
    try:
        return typst.compile(
            source, format="pdf", ignore_system_fonts=True, sys_inputs={"letter": data}, pdf_standards=["ua-1"]
        )
    except typst.TypstError:  # its text quotes the letter
        message = "cannot show every character of this letter with the fonts there are; write .html instead"
        raise refuse("not-supported", "pdf", message, rule="letters.pdf") from None


def _data(letter: Letter) -> dict[str, object]:
    built: dict[str, object] = msgspec.to_builtins(letter)
    return {
        **built,
        "day": known_date(letter.date),
        "reference": f"{REFERENCE}: {letter.reference}",
        "greeting": GREETING.format(name=letter.addressee.name),
        "closing": CLOSING,
        "basis": f"{BASIS}: {'; '.join(letter.citations)}",
    }
