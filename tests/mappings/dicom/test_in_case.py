"""Specimens that headers tell of, in a case: one thing is never there twice, and where the two differ it is said."""

import json
from typing import Any

import msgspec
import pytest

from mappings.dicom.found import Found
from mappings.dicom.header import Header, Issued
from mappings.dicom.in_case import less, merged, told_names, with_told
from mappings.dicom.study import studies
from mappings.domain.case import Case
from mappings.domain.material import Block, ImagingStudy, Instance, Part, Series, Slide, is_told
from mappings.domain.native import read_case
from mappings.domain.values import Code, Concept, Identifier
from tests.mappings.dicom.test_specimens import BASE, LAB, LEFT, STAINED, TISSUE, stain
from tests.small_case import case

WHERE = "a.dcm (0040,0560)"
WSI = "wsi"


def images(*headers: Header) -> tuple[Found, ...]:
    return studies([(f"{'abc'[n]}.dcm", header) for n, header in enumerate(headers)])[0]


def numbered(value: str, system: str = LAB) -> tuple[Identifier, ...]:
    return (Identifier(system=system, value=value),)


PART = Part(id="part", identifiers=numbered("S1_A"))
BLOCK = Block(id="block", part="part", identifiers=numbered("S1_A_1"))
SLIDE = Slide(id="slide", parent="block", identifiers=numbered("S1_A_1_1"))


def held(*things: Part | Block | Slide, **more: Any) -> Case:
    """A case that declares these things, and the study that the images are of."""
    bare = read_case(json.dumps(case()).encode())
    lists = {
        name: tuple(one for one in things if isinstance(one, kind))
        for name, kind in (("parts", Part), ("blocks", Block), ("slides", Slide))
    }
    (found,) = images(BASE)
    study = msgspec.structs.replace(found.study, id=WSI)
    return msgspec.structs.replace(bare, **lists, studies=(study,), **more)


def things(found: Case) -> list[tuple[str, str | None]]:
    """Label and what it was cut from, by its own name where it is declared."""
    names = {one.id: one.id if not is_told(one.id) else one.identifiers[0].value for one in _all(found)}
    up = {one.id: one.part if isinstance(one, Block) else one.parent for one in _all(found)}
    return [(names[name], names.get(above) if above else None) for name, above in up.items()]


def _all(found: Case) -> tuple[Part | Block | Slide, ...]:
    return (*found.parts, *found.blocks, *found.slides)


def said(made: Case, *headers: Header) -> list[tuple[str, str]]:
    return [(p.severity, p.message) for p in with_told(made, images(*headers)).problems]


def test_what_nobody_declares_is_there_as_told() -> None:
    told, problems = with_told(held(), images(BASE))
    assert things(told) == [("S1_A", None), ("S1_A_1", "S1_A"), ("S1_A_1_1", "S1_A_1")]
    assert all(is_told(one.id) for one in _all(told))
    assert told.studies[0].series[0].slides == (told.slides[0].id,)
    assert problems == ()
    assert told_names(held(), images(BASE)) == {one.id for one in _all(told)}


def test_what_is_declared_is_not_there_twice() -> None:
    told, problems = with_told(held(PART, BLOCK, SLIDE), images(BASE))
    assert _all(told) == (PART, BLOCK, SLIDE)
    assert told.studies[0].series[0].slides == ("slide",)
    assert [(p.severity, p.where, p.message) for p in problems] == [
        (
            "information",
            WHERE,
            "tells more of `slide` than the case does (its stain); it stays in the images alone",
        )
    ]


def test_told_things_are_led_to_what_is_declared() -> None:
    assert things(with_told(held(PART), images(BASE)).case) == [
        ("part", None),
        ("S1_A_1", "part"),
        ("S1_A_1_1", "S1_A_1"),
    ]
    alone = msgspec.structs.replace(BLOCK, part=None)
    assert things(with_told(held(alone), images(BASE)).case) == [("S1_A", None), ("block", None), ("S1_A_1_1", "block")]


def test_told_again_they_are_the_same_and_without_images_they_are_gone() -> None:
    once = with_told(held(PART), images(BASE)).case
    assert with_told(once, images(BASE)).case == once
    assert with_told(once, ()).case == held(PART)


@pytest.mark.parametrize(
    ("declared", "told", "loud"),
    [
        ((LAB, "S1_A_1_1"), (LAB, "S1_A_1_1"), False),
        (("https://w3id.org/second-opinion/fhir/sid/issuer-not-stated", "S1_A_1_1"), (LAB, "S1_A_1_1"), False),
        ((LAB, "S1_A_1_1"), ("", "S1_A_1_1"), False),
        (("https://other.example/labels", "S1_A_1_1"), (LAB, "S1_A_1_1"), True),
    ],
)
def test_a_label_is_the_same_whoever_is_said_to_have_issued_it(
    declared: tuple[str, str], told: tuple[str, str], loud: bool
) -> None:
    issued = Issued(value=told[1], universal=told[0].removeprefix("urn:oid:"), universal_type="ISO" if told[0] else "")
    tissue = msgspec.structs.replace(TISSUE, identifier=issued, steps=())
    header = msgspec.structs.replace(BASE, container=issued, specimens=(tissue,))
    slide = msgspec.structs.replace(SLIDE, parent=None, identifiers=numbered(declared[1], declared[0]))
    found, problems = with_told(held(slide), images(header))
    assert _all(found) == (slide,)
    assert found.studies[0].series[0].slides == ("slide",)
    message = "has the label of `slide` by another issuer; it is taken for that: look whether it is"
    assert ([p.message for p in problems if p.severity == "warning"] == [message]) is loud


def test_a_label_that_two_things_have_is_for_a_person() -> None:
    twice = msgspec.structs.replace(SLIDE, id="other")
    found, problems = with_told(held(PART, BLOCK, SLIDE, twice), images(BASE))
    assert _all(found) == (PART, BLOCK, SLIDE, twice)
    assert found.studies[0].series[0].slides == ()
    assert [p.message for p in problems] == [
        "has the label of several things that the case declares: which it is needs a person"
    ]


def test_an_accession_is_no_label() -> None:
    accession = (Identifier(system=LAB, value="S1_A", kind="ACSN"),)
    found = with_told(held(Part(id="part", identifiers=accession)), images(BASE)).case
    assert [name for name, _ in things(found)] == ["part", "S1_A", "S1_A_1", "S1_A_1_1"]


def test_a_slide_is_no_block_of_the_same_label() -> None:
    labelled = Block(id="block", identifiers=numbered("S1_A_1_1"))
    assert ("S1_A_1_1", "S1_A_1") in things(with_told(held(labelled), images(BASE)).case)


def test_what_no_header_calls_a_block_may_be_one() -> None:
    tissue = msgspec.structs.replace(TISSUE, steps=(TISSUE.steps[0],))
    header = msgspec.structs.replace(BASE, specimens=(tissue,))
    block = Block(id="block", identifiers=numbered("S1_A"))
    assert _all(with_told(held(block), images(header)).case)[0] == block
    assert [name for name, _ in things(with_told(held(block), images(header)).case)] == ["block", "S1_A_1_1"]


OTHER_BLOCK = Block(id="b2", part="part", identifiers=numbered("S1_A_2"))
OTHER_PART = Part(id="p2", identifiers=numbered("S1_B"))


@pytest.mark.parametrize(
    ("declared", "differs"),
    [
        ((PART, BLOCK, OTHER_BLOCK, msgspec.structs.replace(SLIDE, parent="b2")), [("slide", "another block")]),
        (
            (PART, OTHER_PART, msgspec.structs.replace(BLOCK, part="p2"), SLIDE),
            [("block", "another part")],
        ),
        (
            (PART, BLOCK, msgspec.structs.replace(SLIDE, stain=Concept(text="Alcian blue"))),
            [("slide", "another stain")],
        ),
        ((PART, BLOCK, msgspec.structs.replace(SLIDE, stain=Concept(text="H&E"))), []),
        ((PART, BLOCK, msgspec.structs.replace(SLIDE, stain=Concept(text="Haematoxylin"))), []),
        ((PART, msgspec.structs.replace(SLIDE, parent="part")), []),
        ((PART, BLOCK, msgspec.structs.replace(SLIDE, parent=None)), []),
    ],
)
def test_where_the_two_differ_both_are_named(
    declared: tuple[Part | Block | Slide, ...], differs: list[tuple[str, str]]
) -> None:
    warned = [message for severity, message in said(held(*declared), BASE) if severity == "warning"]
    assert warned == [
        f"tells of `{name}` otherwise than the case: {what}; one of the two is wrong" for name, what in differs
    ]


def test_a_code_agrees_with_a_code_and_differs_from_another() -> None:
    def stained(code: str) -> Slide:
        concept = Concept(codes=(Code(system="http://snomed.info/sct", code=code),))
        return msgspec.structs.replace(SLIDE, stain=concept)

    assert [s for s, _ in said(held(PART, BLOCK, stained("12710003")), BASE)] == []
    assert [s for s, _ in said(held(PART, BLOCK, stained("1")), BASE)] == ["warning"]
    foreign = Concept(codes=(Code(system="http://example.org/stains", code="HE"),))
    assert said(held(PART, BLOCK, msgspec.structs.replace(SLIDE, stain=foreign)), BASE) == []


def test_the_other_side_is_said() -> None:
    tissue = msgspec.structs.replace(TISSUE, site_modifiers=(LEFT,))
    header = msgspec.structs.replace(BASE, specimens=(tissue,))
    right = msgspec.structs.replace(PART, laterality="right")
    messages = [m for s, m in said(held(right, BLOCK, SLIDE), header) if s == "warning"]
    assert messages == ["tells of `part` otherwise than the case: another side; one of the two is wrong"]
    left = msgspec.structs.replace(PART, laterality="left")
    assert [s for s, _ in said(held(left, BLOCK, SLIDE), header)] == ["information"]


def test_what_a_declared_slide_was_cut_from_is_said_where_the_case_leaves_it_open() -> None:
    bare = msgspec.structs.replace(SLIDE, parent=None, stain=Concept(text="H&E"))
    assert said(held(bare), BASE) == [
        (
            "information",
            "tells more of `slide` than the case does (what it was cut from); it stays in the images alone",
        )
    ]


def test_a_link_to_what_no_image_tells_of_is_an_error() -> None:
    once = with_told(held(), images(BASE)).case
    led = msgspec.structs.replace(once, blocks=(*once.blocks, Block(id="mine", part=once.parts[0].id)))
    with pytest.raises(ValueError, match=r"`blocks\[0\].part` names nothing of the case"):
        with_told(led, ())


def test_stains_of_two_headers_are_one_slide() -> None:
    eosin = (STAINED[0], STAINED[1], stain("36879007", "Eosin"))
    tissue = msgspec.structs.replace(TISSUE, steps=(*TISSUE.steps, eosin))
    second = msgspec.structs.replace(BASE, specimens=(tissue,), instance_uid="1.2.3.1.2")
    (slide,) = with_told(held(), images(BASE, second)).case.slides
    assert [one.label for one in slide.stained_with] == ["Hematoxylin stain", "Eosin"]


# --- studies


def test_a_study_that_is_declared_keeps_what_it_says_and_gets_its_images() -> None:
    (seen,) = images(BASE)
    series = Series(uid="1.2.3.1", modality="SM", instances=(), slides=("declared",))
    told = ImagingStudy(id="own", uid="1.2.3", series=(series,), description="declared")
    made = merged(told, seen, ())
    assert made is not None
    assert (made.id, made.description) == ("own", "declared")
    assert [(one.slides, len(one.instances)) for one in made.series] == [(("declared",), 1)]
    assert merged(told, None, ()) == told
    assert merged(None, seen, ()) == seen.study


def test_without_some_of_its_instances() -> None:
    sop = "1.2.840.10008.5.1.4.1.1.77.1.6"
    pair = (Instance(uid="1.2.3.1.1", sop_class=sop), Instance(uid="1.2.3.1.2", sop_class=sop))
    kept = Series(uid="1.2.3.1", modality="SM", instances=pair)
    gone = Series(uid="1.2.3.2", modality="DOC", instances=(Instance(uid="1.2.3.2.1", sop_class=sop),))
    empty = Series(uid="1.2.3.3", modality="SM", instances=())
    study = ImagingStudy(id="own", uid="1.2.3", series=(kept, gone, empty))
    left = less(study, {"1.2.3.1.2", "1.2.3.2.1"})
    assert [(one.uid, len(one.instances)) for one in left.series] == [("1.2.3.1", 1), ("1.2.3.3", 0)]
