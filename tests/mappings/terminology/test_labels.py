"""Labels of blocks and slides are read by a table of schemes; what can be read in two ways is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.problems import ProblemError
from mappings.terminology.labels import Label, Scheme, parse, print_label, readings, schemes

NAMES = [scheme.name for scheme in schemes()]


@pytest.mark.parametrize(
    ("text", "label", "level"),
    [
        ("S26-1234-A1-2", Label(accession="S26-1234", part="A", block="1", slide="2"), "slide"),
        ("S26-1234 A1-2", Label(accession="S26-1234", part="A", block="1", slide="2"), "slide"),
        ("S26-1234/A/1/2", Label(accession="S26-1234", part="A", block="1", slide="2"), "slide"),
        ("S26-1234 A.1.2", Label(accession="S26-1234", part="A", block="1", slide="2"), "slide"),
        ("S26-1234-1A-2", Label(accession="S26-1234", part="1", block="A", slide="2"), "slide"),
        ("S26-1234 1A", Label(accession="S26-1234", part="1", block="A"), "block"),
        ("26-S-01234 AB12", Label(accession="26-S-01234", part="AB", block="12"), "block"),
        ("26S01234-A1", Label(accession="26S01234", part="A", block="1"), "block"),
        ("S-26-77 B", Label(accession="S-26-77", part="B"), "part"),
        ("S26-0291-AFS1-1", Label(accession="S26-0291", part="A", block="FS1", slide="1"), "slide"),
        ("SR25-5512-A-3", Label(accession="SR25-5512", part="A", slide="3"), "slide"),
    ],
)
def test_a_label_is_read(text: str, label: Label, level: str) -> None:
    assert parse(text) == label
    assert parse(text).level == level


@pytest.mark.parametrize("text", ["C25-0910-1"])
def test_a_number_alone_may_be_a_part_or_a_slide(text: str) -> None:
    with pytest.raises(ProblemError, match="can be read in 2 ways") as refused:
        parse(text)
    assert [p.code for p in refused.value.problems] == ["multiple-matches"]
    assert "numbered-part (part); lone-slide (slide)" in str(refused.value)
    assert text not in str(refused.value)
    assert parse(text, "lone-slide").slide == "1"
    assert parse(text, "numbered").part == "1"


@pytest.mark.parametrize(
    "text",
    ["", "S26-1234", "s26-1234-a1-2", "S26-1234-TP", "S26-0291-FS1-1", "S26-1234-A0", "S26-1234-A1-2 ", " S26-1234-A1",
     "S26-1234--A1", "S26-1234-A1-2-3", "12345", "S26-1234-A١"],
)  # fmt: skip
def test_what_fits_no_scheme_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(ProblemError, match="fits no scheme") as refused:
        parse(text)
    assert not text or text.strip() not in str(refused.value)


def test_a_scheme_that_is_named_is_the_only_one_tried() -> None:
    with pytest.raises(ProblemError, match="fits no scheme"):
        parse("S26-1234-A1-2", "space")
    with pytest.raises(ProblemError, match="is no scheme of labels"):
        parse("S26-1234-A1-2", "dashes")
    with pytest.raises(ProblemError, match="is no scheme of labels"):
        print_label(Label(accession="S26-1234"), "dashes")


@pytest.mark.parametrize("scheme", schemes(), ids=NAMES)
def test_every_scheme_reads_and_prints_its_example(scheme: Scheme) -> None:
    label = parse(scheme.example, scheme.name)
    assert print_label(label, scheme.name) == scheme.example
    assert scheme.about.endswith(".")


def test_names_are_given_once_and_two_schemes_differ_on_one_pair_of_examples_only() -> None:
    assert len(set(NAMES)) == len(NAMES) == 23
    doubtful = {scheme.name for scheme in schemes() if len(readings(scheme.example)) > 1}
    assert doubtful == {"numbered-part", "lone-slide"}


def test_a_label_is_not_printed_by_a_scheme_that_has_no_place_for_it() -> None:
    slide = Label(accession="S26-1234", part="A", block="1", slide="2")
    assert print_label(slide, "dash") == "S26-1234-A1-2"
    assert print_label(Label(accession="S26-1234", part="A"), "dash") == "S26-1234-A"
    for scheme, label in (("dash-block", slide), ("numbered", slide), ("dash", Label(accession="S26-1234"))):
        with pytest.raises(ProblemError, match="cannot be printed"):
            print_label(label, scheme)


LABELS = st.builds(
    Label,
    accession=st.from_regex(r"[A-Z]{1,3}\d{2}-\d{1,6}", fullmatch=True).filter(str.isascii),
    part=st.sampled_from(("A", "Z", "AA", "EZ")),
    block=st.none() | st.sampled_from(("1", "12", "FS1")),
    slide=st.none() | st.sampled_from(("1", "30")),
)


@given(LABELS, st.sampled_from(("dash", "space")))
def test_what_is_printed_is_read_back(label: Label, family: str) -> None:
    assert parse(print_label(label, family)) == label


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert all(label.accession for label in readings(text))
