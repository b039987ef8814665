"""Labels of parts, blocks and slides as reports print them: `A. Left breast`, `Part B:`, `blocks A1-A3`, `S26-1234-B`.

Conservative: a label that may be something else is handed on as not sure, for a person to look at; what is denied
("part C was not received") and what carries another case's number is no label of this one. The shapes are our own
reading of how laboratories number (part by letter or number, block by the part's letter and a number, slide by a
further number); where a laboratory numbers otherwise its labels come out as not sure, never as another label.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Literal

from mappings.completeness.label_words import (
    ACCESSION,
    BLOCK_WORD,
    DENIED_AFTER,
    DENIED_BEFORE,
    EARLIER,
    FURTHER,
    HEADER_NUMBER,
    ITS_LABEL,
    KEY_ENTRY,
    KEY_HEADING,
    KEY_LINE,
    LINE,
    MEASURE,
    NERVE,
    OUTLINE,
    PART_WORD,
    PERSON,
    ROMAN_LINE,
    SPECIMEN_HEADING,
    STAIN,
    SUBMITTED,
)
from mappings.domain.values import Fact

Kind = Literal["part", "block", "slide"]
MOST = 200
"""The longest range of labels that is taken as one; a longer one is no list of blocks."""
SEEN = 300
"""How many characters around a label are looked at for what its sentence says of it."""


class Mention(Fact, frozen=True, kw_only=True):
    """One label that a text names; `sure` is False where it may be something else. `accession` as printed."""

    kind: Kind
    label: str
    accession: str | None = None
    sure: bool = True

    @property
    def part(self) -> str | None:
        """The part's label inside this one (`A` of `A1-2`), or None where it says none."""
        if self.kind == "part":
            return self.label
        found = re.fullmatch(r"([A-Z])\1?(?=\d)\d+(-\d+)?", self.label)
        return re.sub(r"\d.*", "", self.label) if found else None


def mentions(text: str, numbers: Iterable[str] = (), *, specimens: bool = False) -> tuple[Mention, ...]:
    """Every label a report's text names, each once, in the order of kind and label.

    Args:
        text: plain text.
        numbers: the accession numbers that are this report's own; without any, those its header prints.
        specimens: the text is a section that speaks of specimens (gross, diagnosis), so that a lone `A.` is one.
    """
    return _Text(text, frozenset(numbers), specimens).mentions()


def split_number(value: str) -> tuple[str | None, str | None]:
    """The accession and the label in a printed number: `S26-1234-A1` is (`S26-1234`, `A1`), `A1` is (None, `A1`).

    >>> split_number("S26-1234-A1-2")
    ('S26-1234', 'A1-2')
    >>> split_number("S26-1234")
    ('S26-1234', None)
    """
    plain = value.strip()
    whole = re.fullmatch(rf"({ACCESSION})(?:[-:. ]?([A-Z0-9][A-Z0-9-]*))?", plain)
    if whole:
        return whole[1], whole[2]
    return None, plain if re.fullmatch(r"(?:\d{0,2}[A-Z]{1,3}\d{0,3}|\d{1,3})(?:-\d{1,3})?", plain) else None


class _Text:
    """One text while it is read. `found`: (kind, label, accession) -> sure; `denied`: what is said not to be there."""

    def __init__(self, text: str, numbers: frozenset[str], specimens: bool) -> None:
        self.text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_WIDE)
        self.specimens = specimens
        self.numbers = numbers or frozenset(found[1] for found in HEADER_NUMBER.finditer(self.text))
        self.found: dict[tuple[Kind, str, str | None], bool] = {}
        self.denied: set[tuple[Kind, str]] = set()

    def mentions(self) -> tuple[Mention, ...]:
        self._part_words()
        self._lines()
        self._roman()
        self._numbered()
        self._blocks()
        self._doubt()
        made = (Mention(kind=k, label=v, accession=a, sure=sure) for (k, v, a), sure in self.found.items())
        return tuple(sorted(made, key=lambda m: (_KINDS.index(m.kind), len(m.label), m.label, m.accession or "")))

    def _note(self, kind: Kind, label: str, start: int, end: int, sure: bool = True, number: str | None = None) -> None:
        before, after = self._around(start, end)
        if DENIED_BEFORE.search(before) or DENIED_AFTER.match(after):
            self.denied.add((kind, label))
            return
        foreign = number is None and self._other_case(before + self.text[start:end] + after)
        key = (kind, label, number)
        self.found[key] = self.found.get(key, False) or (sure and not foreign and not EARLIER.search(before))

    def _around(self, start: int, end: int) -> tuple[str, str]:
        """The rest of the sentence on both sides; a full stop ends one where a space follows it."""
        low, high = max(start - SEEN, 0), end + SEEN
        left = max(self.text.rfind(mark, low, start) for mark in (". ", "; ", "\n"))
        ends = [n for mark in (". ", "; ", "\n") if (n := self.text.find(mark, end, high)) >= 0]
        return self.text[max(left + 1, low) : start], self.text[end : min(ends, default=high)]

    def _before(self, found: re.Match[str]) -> str:
        return self.text[max(found.start() - SEEN, 0) : found.start()]

    def _other_case(self, sentence: str) -> bool:
        return bool(self.numbers) and any(found[0] not in self.numbers for found in re.finditer(ACCESSION, sentence))

    # --- `part B`, `specimens A-C`

    def _part_words(self) -> None:
        for found in PART_WORD.finditer(self.text):
            after = self.text[found.end() : found.end() + SEEN]
            listed = list(_expanded(found["list"]))
            if found["list"][-1:].isdigit() and MEASURE.match(after):
                continue
            if re.search(r"(?i)(?:CFR|medicare)\s*$", self._before(found)) or re.match(r"\s+of\s+(?!\d)", after):
                continue
            shouted = found["word"].isupper() and listed in (["A"], ["I"]) and bool(re.match(r"\s+[A-Z]{2}", after))
            for label in listed:
                self._note("part", label, found.start(), found.end(), sure=not shouted)

    # --- `A. Left breast`

    def _lines(self) -> None:
        listed = [(found, list(_expanded(found["list"]))) for found in LINE.finditer(self.text)]
        if sum(bool(OUTLINE.match(found["rest"])) for found, _ in listed) > len(listed) / 3:
            return
        letters = {label for _, labels in listed for label in labels if label.isalpha()}
        run = frozenset(_run(letters))
        for found, labels in listed:
            told = self.specimens or self._below_heading(found.start())
            for label in labels:
                self._line(found, label, run, told)

    def _line(self, found: re.Match[str], label: str, run: frozenset[str], told: bool) -> None:
        start, end = found.start("list"), found.end("list") + 1
        person = bool(PERSON.fullmatch(found["rest"].strip()))
        if label.isdigit():
            if told and not self.specimens:  # a numbered line is a specimen's only below such a heading
                self._note("part", label, start, end)
        elif label in run and len(run) > 1:
            self._note("part", label, start, end)
        elif label in run and told:
            self._note("part", label, start, end, sure=not person)
        elif not person and not found["rest"][:1].islower() and label in _BEFORE_J:
            self._note("part", label, start, end, sure=False)

    def _below_heading(self, start: int) -> bool:
        """Whether the list that the line at `start` belongs to stands below a heading that speaks of specimens."""
        begins, below = self._headings
        row = bisect_right(begins, start) - 1
        before = self.text[begins[row] : start].strip()
        return bool(SPECIMEN_HEADING.search(before)) if before and not LINE.match(before) else below[row]

    @cached_property
    def _headings(self) -> tuple[list[int], list[bool]]:
        """Of each line where it begins, and whether the last one before it that is no entry of a list is a heading."""
        begins, below, place, told = [], [], 0, False
        for line in self.text.split("\n"):
            begins.append(place)
            below.append(told)
            place += len(line) + 1
            if (words := line.strip()) and not LINE.match(words) and not ROMAN_LINE.match(words):
                told = bool(SPECIMEN_HEADING.search(line))
        return begins, below

    def _roman(self) -> None:
        """A list of Roman numerals: each may be a part."""
        listed = list(ROMAN_LINE.finditer(self.text))
        if any(OUTLINE.match(found["rest"]) for found in listed) or {"I", "II"} - {found["label"] for found in listed}:
            return
        for found in listed:
            if self.specimens or self._below_heading(found.start()):
                self._note("part", found["label"], found.start("label"), found.end("label") + 1, sure=False)

    # --- `S26-1234-B`

    def _numbered(self) -> None:
        for found in re.finditer(
            rf"(?<![\w-])(?P<number>{ACCESSION})(?P<gap>[-: ]?)(?P<label>{ITS_LABEL})?(?!\w)", self.text
        ):
            number, label = found["number"], found["label"]
            if label is None or (self.numbers and number not in self.numbers):
                continue
            loose = found["gap"] == " " and label.isalpha()
            kind: Kind = "part" if label.isalpha() else "slide" if "-" in label else "block"
            self._note(kind, label, found.start(), found.end(), sure=bool(self.numbers) and not loose, number=number)

    # --- `blocks A1-A3`, `submitted in A1`

    def _blocks(self) -> None:
        for found in BLOCK_WORD.finditer(self.text):
            word = found["word"].lower()
            if NERVE.search(self._before(found)):
                continue
            for label in _expanded(found["list"], plain_range=word in ("blocks", "cassettes")):
                self._block(label, *found.span(), slide=word.startswith("slide"))
        for found in SUBMITTED.finditer(self.text):
            for label in _expanded(found["list"], plain_range=True):
                self._block(label, *found.span(), slide=False)
        for key in KEY_HEADING.finditer(self.text):
            for entry in KEY_ENTRY.finditer(key["rest"]):
                begin = key.start("rest")
                for label in _expanded(entry["list"], plain_range=True):
                    self._block(label, begin + entry.start(), begin + entry.end(), slide=False)
        parts = {label for (kind, label, _), sure in self.found.items() if kind == "part" and sure}
        for found in KEY_LINE.finditer(self.text):
            for label in _expanded(found["list"], plain_range=True):
                if re.sub(r"\d.*", "", label) in parts | {"A"}:
                    self._block(label, *found.span(), slide=False)

    def _block(self, label: str, start: int, end: int, *, slide: bool) -> None:
        if (slide and STAIN.fullmatch(label)) or re.match(r"(?!FS)([A-Z])(?!\1)[A-Z]", label):
            return  # CK7, CD20: two different letters name a stain more often than a part
        numbered = re.fullmatch(r"(?:([A-Z])\1?|FS)\d{1,3}", label)
        if re.fullmatch(r"[A-Z]{1,2}\d{1,3}-\d{1,3}", label):
            self._note("slide", label, start, end, sure=slide)
        elif numbered:
            self._note("block", label, start, end)
        else:  # a bare letter or number, or one with the slide in front: each laboratory means another thing by it
            self._note("slide" if slide else "block", label, start, end, sure=False)

    # --- together

    def _doubt(self) -> None:
        """What one place says and another denies is not sure; nor is a Roman numeral whose letter stands alone."""
        sure = {label for (kind, label, _), told in self.found.items() if kind == "part" and told}
        for key in list(self.found):
            kind, label, _ = key
            alone = kind == "part" and label in _ROMAN and chr(ord(label[0]) - 1) not in sure
            if alone or (kind, label) in self.denied:
                self.found[key] = False


_KINDS: tuple[Kind, ...] = ("part", "block", "slide")
_ROMAN = frozenset(("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XX"))
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""Letters and digits as East Asian keyboards write them."""
_BEFORE_J = frozenset("ABCDEFGH")
"""A lone letter further down the alphabet at the start of a line is an initial more often than a part."""


def _run(letters: set[str]) -> Iterator[str]:
    """The letters from A on without a gap."""
    for number in range(26):
        if chr(ord("A") + number) not in letters:
            return
        yield chr(ord("A") + number)


def _expanded(listed: str, plain_range: bool = False) -> Iterator[str]:
    """The labels of a list: `A, B and D-F` are A, B, D, E, F; `A1-3` is a range only where `plain_range` says so."""
    tokens = re.split(r"(\s*(?:,\s*and\b|,|;|&|\band\b|\bor\b|\bthrough\b|\bthru\b|\bto\b|[-–/])\s*)", listed)
    labels = [re.sub(r"[#\s\"'“”()]", "", token) for token in tokens[::2]]
    joints = [joint.strip().lower() for joint in tokens[1::2]]
    number = 0
    while number < len(labels):
        label = labels[number]
        if number < len(joints) and joints[number] in FURTHER:
            end, joined = labels[number + 1], joints[number] == "-"
            if joined and not plain_range and end.isdigit() and not label.isdigit():
                yield f"{label}-{end}"
            else:
                yield from _range(label, end)
            number += 2
            continue
        yield from (label,) if label and _possible(label) else ()
        number += 1


def _range(start: str, end: str) -> Iterator[str]:
    """From one label to another of the same shape; the two ends alone where they are not one range."""
    first, last = re.fullmatch(r"(\D*)(\d*)", start), re.fullmatch(r"(\D*)(\d*)", end)
    if first and last and not first[2] and not last[2] and len(start) == len(end) == 1 and start < end:
        yield from (chr(code) for code in range(ord(start), ord(end) + 1))
    elif first and last and first[2] and last[2] and last[1] in ("", first[1]):
        low, high = int(first[2]), int(last[2])
        yield from (f"{first[1]}{n}" for n in range(low, high + 1)) if low < high <= low + MOST else (start, end)
    else:
        yield from (label for label in (start, end) if _possible(label))


def _possible(label: str) -> bool:
    """Whether letters alone may be a part: one letter, the same twice (what follows Z), or a Roman numeral."""
    return not label.isalpha() or len(label) == 1 or label in _ROMAN or (len(label) == 2 and label[0] == label[1])
