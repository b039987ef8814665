"""Labels in the text of reports: what is one is found, what is none is not, what may be one needs a person."""

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.completeness.labels import Mention, mentions, split_number

NUMBER = "S26-1234"


def sure(text: str, *numbers: str, specimens: bool = False) -> set[tuple[str, str]]:
    return {(m.kind, m.label) for m in mentions(text, numbers, specimens=specimens) if m.sure}


def doubtful(text: str, *numbers: str, specimens: bool = False) -> set[tuple[str, str]]:
    return {(m.kind, m.label) for m in mentions(text, numbers, specimens=specimens) if not m.sure}


def blocks(*labels: str) -> set[tuple[str, str]]:
    return {("block", label) for label in labels}


def parts(*labels: str) -> set[tuple[str, str]]:
    return {("part", label) for label in labels}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A. Left breast, core biopsy: carcinoma.\nB. Left axilla: one node.", parts("A", "B")),
        ("(A) left breast\n(B) left axilla", parts("A", "B")),
        ("A) left breast; B) left axilla; C) skin", parts("A", "B", "C")),
        ("A-C. Lymph nodes, excision\nD. Margin", parts("A", "B", "C", "D")),
        ("SPECIMENS SUBMITTED:\nA. Left breast, mass", parts("A")),
        ("Specimens received:\n1. Cervix\n2. Uterus", parts("1", "2")),
        ("Part B: left axilla.", parts("B")),
        ("Parts A and B were received fresh.", parts("A", "B")),
        ("Specimens A-C, fixed in formalin.", parts("A", "B", "C")),
        ("Specimens A, B and D show no tumor.", parts("A", "B", "D")),
        ('Container labeled "B" holds a core.', parts("B")),
        ("Specimen #2 weighs 12 g", parts("2")),
        ("Part AA holds skin.", parts("AA")),
        ("See block A2.", blocks("A2")),
        ("Blocks A1-A3 and B2 were stained.", blocks("A1", "A2", "A3", "B2")),
        ("Cassettes A1-3.", blocks("A1", "A2", "A3")),
        ("Blocks A1 to A3", blocks("A1", "A2", "A3")),
        ("Two cores, submitted in A1.", blocks("A1")),
        ("The capsule is submitted entirely (A1 to A3).", blocks("A1", "A2", "A3")),
        ("A1-A2: tumor\nA3: margin", blocks("A1", "A2", "A3")),
        ("Sections:  A1 tips; A2-A3 lesion, serially sectioned", blocks("A1", "A2", "A3")),
        ("Section key: A1 - margin, A2 - tumor", blocks("A1", "A2")),
        ("Frozen section FS1 shows tumor.", blocks("FS1")),
        ("Slide A1-2 was recut.", {("slide", "A1-2")}),
        ("Slides A1 and A2", blocks("A1", "A2")),
        ("Tumor is in blocks E6 and H3.", blocks("E6", "H3")),
    ],
)
def test_a_label_is_found(text: str, found: set[tuple[str, str]]) -> None:
    assert sure(text) == found
    assert doubtful(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Part of the tumor was sent.",
        "PART OF THE TUMOR WAS SENT.",
        "Disclosed under 42 CFR part 2.",
        "The specimen 3.5 cm across was inked.",
        "Specimen 2 x 3 cm.",
        "Part 2 of the consent form.",
        "A. Smith, MD",
        "J. Miller",
        "Cultures:\nE. coli\nC. difficile",
        "A. Clinical history\nB. Gross description\nC. Microscopic description",
        "CK7 positive, S100 negative, CD20 negative, p53 wild type, P16 diffuse, Ki-67 10 %.",
        "Slides S100 and CK7 were reviewed.",
        "pT2 pN0 cM0, stage IIA. Gleason 3+4. Metastases to T12-L1 and L4-L5.",
        "Vitamin B12 and HbA1c are normal.",
        "Nerve block L4-L5 was given.",
        "5 slides and 2 blocks were sent; 3 blocks of tissue; slides 1-3 mm thick.",
        "Part C was not received.",
        "Specimen D: not submitted",
        "There is no part E. No block A4 was made.",
        "Without specimen F nothing can be said.",
        "Block A7 not submitted.",
        "Call 555-0100 ext. A12, room B4, MRN A123456.",
        "See the panel T1-T3.",
        "Grade 3, section 4.2, level 5 of 6, day A1C.",
        "The patient is a 55-year-old woman. A. The lesion is new.",
    ],
)
def test_what_is_no_label_is_not_found(text: str) -> None:
    assert mentions(text) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("slides 3A1 and 3A2", {("slide", "3A1"), ("slide", "3A2")}),
        ("Block 2 shows tumor.", blocks("2")),
        ("Block A shows tumor.", blocks("A")),
        ("SPECIMEN A SMALL FRAGMENT OF SKIN", parts("A")),
        ("Part I", parts("I")),
        ("A. Left breast, core biopsy", parts("A")),
        ("A. Breast\nB. Node\nPart B was not received.", parts("B")),
        ("The prior biopsy, part B, was benign.", parts("B")),
        ("Blocks A1-3 were sent, slide A1-3.", set()),
        ("Block A1-3 was sent.", {("slide", "A1-3")}),
    ],
)
def test_what_may_be_a_label_needs_a_person(text: str, found: set[tuple[str, str]]) -> None:
    assert doubtful(text) == found


def test_a_lone_letter_is_sure_in_a_section_of_specimens() -> None:
    assert sure("A. Left breast, core biopsy: carcinoma.", specimens=True) == parts("A")
    assert sure("A. Smith, MD", specimens=True) == set()


def test_what_is_denied_in_one_place_and_told_in_another_is_not_sure() -> None:
    assert sure("A. Breast\nB. Node\nPart B was not received.") == parts("A")


def test_the_number_of_this_report_makes_a_label_sure() -> None:
    found = mentions(f"{NUMBER}-B and {NUMBER} A2", [NUMBER])
    assert found == (
        Mention(kind="part", label="B", accession=NUMBER),
        Mention(kind="block", label="A2", accession=NUMBER),
    )


def test_the_number_of_another_case_is_no_label_of_this_one() -> None:
    assert mentions("S24-9876-A was benign; S24-9876-A2 too.", [NUMBER]) == ()
    assert mentions("Compared with S24-9876, part B shows progression", [NUMBER]) == (
        Mention(kind="part", label="B", sure=False),
    )


def test_without_a_number_of_its_own_a_numbered_label_is_not_sure() -> None:
    assert mentions("S24-9876-A") == (Mention(kind="part", label="A", accession="S24-9876", sure=False),)


def test_the_number_in_the_header_is_the_own_one() -> None:
    text = "Accession number: S26-1234\nS26-1234-A shows tumor; S24-9876-B did not."
    assert mentions(text) == (Mention(kind="part", label="A", accession=NUMBER),)


def test_a_roman_numeral_is_a_part_behind_its_letter() -> None:
    assert sure("Parts G, H and I were received.") == parts("G", "H", "I")


@pytest.mark.parametrize(
    ("label", "part"),
    [("A1", "A"), ("A1-2", "A"), ("AA3", "AA"), ("FS1", None), ("3A1", None), ("S100", "S")],
)
def test_the_part_inside_a_label(label: str, part: str | None) -> None:
    assert Mention(kind="block", label=label).part == part


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("S26-1234-A1-2", (NUMBER, "A1-2")),
        ("S26-1234 B", (NUMBER, "B")),
        ("S26-1234", (NUMBER, None)),
        ("26-S-01234-A", ("26-S-01234", "A")),
        ("S26-0291-FS1-1", ("S26-0291", "FS1-1")),
        ("A1", (None, "A1")),
        ("FS1", (None, "FS1")),
        ("a long name", (None, None)),
        ("MRN-000123", (None, None)),
    ],
)
def test_a_printed_number_is_split(value: str, found: tuple[str | None, str | None]) -> None:
    assert split_number(value) == found


# --- generated

LETTERS = st.sampled_from("ABCDEFGH")
FILLER = st.sampled_from(
    [
        "The margins are free.", "Sections show invasive carcinoma.", "CK7 positive, CD20 negative.", "pT2 pN1a.",
        "No invasion of vessels is seen.", "The mass measures 3.5 x 2.0 cm.", "Grade 2 of 3.", "Received in formalin.",
        "S100 highlights nerves.", "Tumor extends to L4-L5.", "Dr. B. Testname was called.", "",
    ]
)  # fmt: skip


@st.composite
def printed(draw: st.DrawFn) -> tuple[str, tuple[str, str]]:
    """A sentence that names a label, and the label."""
    letter, number, slide = draw(LETTERS), draw(st.integers(1, 40)), draw(st.integers(1, 9))
    block = f"{letter}{number}"
    return draw(
        st.sampled_from(
            [
                (f"Part {letter}: skin.", ("part", letter)),
                (f"The specimen {letter} shows tumor.", ("part", letter)),
                (f"In part {letter}, tumor is seen.", ("part", letter)),
                (f"{NUMBER}-{letter} is benign.", ("part", letter)),
                (f"Tumor is in block {block}.", ("block", block)),
                (f"Tumor is in cassettes {block} and J1.", ("block", block)),
                (f"All of it is submitted in {block}.", ("block", block)),
                (f"{NUMBER}-{block} shows tumor.", ("block", block)),
                (f"On slide {block}-{slide} it is gone.", ("slide", f"{block}-{slide}")),
                (f"{NUMBER} {block}-{slide} shows tumor.", ("slide", f"{block}-{slide}")),
            ]
        )
    )


@given(printed(), st.lists(FILLER, max_size=4), st.lists(FILLER, max_size=4), st.sampled_from([" ", "\n"]))
def test_a_label_that_is_printed_is_found(
    label: tuple[str, tuple[str, str]], before: list[str], after: list[str], gap: str
) -> None:
    sentence, found = label
    assert found in sure(gap.join([*before, sentence, *after]), NUMBER)


@given(st.lists(FILLER, max_size=8), st.sampled_from([" ", "\n"]))
def test_where_the_text_has_none_none_is_found(sentences: list[str], gap: str) -> None:
    assert mentions(gap.join(sentences), [NUMBER], specimens=True) == ()


@given(st.text(alphabet=string.ascii_lowercase + string.digits + " .,;:-()\n", max_size=200))
def test_a_text_without_a_capital_has_no_lettered_label(text: str) -> None:
    assert {m.label for m in mentions(text) if not m.label.isdigit()} == set()


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    found = mentions(text)
    assert all(m.label and len(m.label) < 12 for m in found)
    assert len({(m.kind, m.label, m.accession) for m in found}) == len(found)


@pytest.mark.parametrize(
    "text", ["A" * 50_000, "A1, " * 20_000, "Part A " * 10_000, "S26-1234-A " * 5_000, "(" * 50_000]
)
def test_a_long_text_is_read_in_time(text: str) -> None:
    start = time.process_time()
    mentions(text, [NUMBER])
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("text", "specimens", "labels"),
    [
        ("Specimens received:\nI. Breast\nII. Node\nIII. Skin", False, ["I", "II", "III"]),
        ("I. Breast\nII. Node", True, ["I", "II"]),
        ("Specimen III is skin.", False, ["III"]),
    ],
)
def test_roman_numerals_are_told_and_never_sure(text: str, specimens: bool, labels: list[str]) -> None:
    """Laboratories number so, and so do headings: not told at all, a part that is missing would be nobody's."""
    found = mentions(text, specimens=specimens)
    assert [(one.kind, one.label, one.sure) for one in found] == [
        ("part", label, False) for label in sorted(labels, key=lambda label: (len(label), label))
    ]


@pytest.mark.parametrize(
    "text", ["I. Clinical history\nII. Gross description", "II. Node", "I. Breast\nII. Node", "Medicare Part B pays."]
)
def test_numerals_that_number_something_else_are_no_parts(text: str) -> None:
    assert mentions(text) == ()


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("A.Left breast\nB.Right breast", ["A", "B"]),
        ("\uff21. Brust\n\uff22. Lunge", ["A", "B"]),
        ("Specimens received:\n1. Colon\n\n2. Rectum\n\n3. Anus", ["1", "2", "3"]),
        ("Specimens received:\n1. Colon\nThe patient said:\n2. Rectum", ["1"]),
    ],
)
def test_lists_of_parts_as_they_are_typed(text: str, labels: list[str]) -> None:
    assert [(one.label, one.sure) for one in mentions(text)] == [(label, True) for label in labels]


def test_a_long_range_is_every_block_of_it() -> None:
    assert [one.label for one in mentions("Blocks A1-A120 were submitted.")] == [
        *(f"A{n}" for n in range(1, 10)), *(f"A{n}" for n in range(10, 100)), *(f"A{n}" for n in range(100, 121)),
    ]  # fmt: skip


@pytest.mark.parametrize("line", ["A. x", "I. x", "1. x", "A1: x"])
def test_a_long_list_is_read_in_one_pass(line: str) -> None:
    begin = time.process_time()
    mentions("\n".join([line] * 20_000))
    assert time.process_time() - begin < 10
