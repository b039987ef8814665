"""Specimen descriptions become parts, blocks and slides by what their steps say, never by how a label is built."""

from typing import Any

import msgspec
import pytest

from mappings.dicom.header import Content, Header, Issued, Tissue, Triplet
from mappings.dicom.preparation import issued
from mappings.dicom.specimens import Materials, materials
from mappings.dicom.study import studies
from mappings.domain.values import Code, Concept, Identifier, Moment

SM = "1.2.840.10008.5.1.4.1.1.77.1.6"
LAB = "urn:oid:1.2.9"
SLIDE = Triplet(value="433466003", scheme="SCT", meaning="Microscope slide")
BRAIN = Triplet(value="12738006", scheme="SCT", meaning="Brain")


def label(value: str) -> Issued:
    return Issued(value=value, universal="1.2.9", universal_type="ISO")


def text(code: str, value: str) -> Content:
    return Content(name=Triplet(value=code, scheme="DCM", meaning="m"), text=value)


def code(name: tuple[str, str], value: Triplet) -> Content:
    return Content(name=Triplet(value=name[1], scheme=name[0], meaning="m"), code=value)


def kind(value: str, scheme: str = "SCT") -> Content:
    return code(("DCM", "111701"), Triplet(value=value, scheme=scheme, meaning="m"))


def stain(value: str, meaning: str) -> Content:
    return code(("SCT", "424361007"), Triplet(value=value, scheme="SCT", meaning=meaning))


COLLECTED = (text("121041", "S1_A"), kind("17636008"), text("111702", "20260110"))
SAMPLED = (
    text("121041", "S1_A_1"),
    kind("433465004"),
    text("111705", "S1_A"),
    code(("DCM", "111707"), Triplet(value="430861001", scheme="SCT", meaning="Gross specimen")),
    code(("SCT", "430864009"), Triplet(value="431510009", scheme="SCT", meaning="Formalin")),
    code(("SCT", "430863003"), Triplet(value="311731000", scheme="SCT", meaning="Paraffin wax")),
)
CUT = (
    text("121041", "S1_A_1_1"),
    kind("433465004"),
    text("111705", "S1_A_1"),
    code(("DCM", "111704"), Triplet(value="434472006", scheme="SCT", meaning="Sectioning")),
)
STAINED = (text("121041", "S1_A_1_1"), kind("127790008"), stain("12710003", "Hematoxylin stain"))
TISSUE = Tissue(
    identifier=label("S1_A_1_1"),
    uid="1.2.9.7",
    short="left margin",
    sites=(BRAIN,),
    steps=(COLLECTED, SAMPLED, CUT, STAINED),
)
BASE = Header(
    study_uid="1.2.3",
    series_uid="1.2.3.1",
    instance_uid="1.2.3.1.1",
    sop_class=SM,
    modality="SM",
    container=label("S1_A_1_1"),
    container_type=SLIDE,
    specimens=(TISSUE,),
)


def read(*headers: Header) -> Materials:
    return materials(studies([(f"{n}.dcm", h) for n, h in enumerate(headers)])[0])


def one(**more: Any) -> Materials:
    return read(msgspec.structs.replace(BASE, **more))


def sct(value: str, display: str) -> Concept:
    return Concept(codes=(Code(system="http://snomed.info/sct", code=value, display=display),))


def test_the_tree_that_the_steps_tell() -> None:
    found = one()
    (part,), (block,), (slide,) = found.parts, found.blocks, found.slides
    assert part.identifiers == (Identifier(system=LAB, value="S1_A"),)
    assert (part.parent, part.collected) == (None, Moment("2026-01-10"))
    assert part.tissue == sct("430861001", "Gross specimen")
    assert part.body_site == sct("12738006", "Brain")
    assert block.identifiers == (Identifier(system=LAB, value="S1_A_1"),)
    assert (block.part, block.fixative) == (part.id, sct("431510009", "Formalin"))
    assert slide.identifiers == (
        Identifier(system=LAB, value="S1_A_1_1"),
        Identifier(system="urn:dicom:uid", value="urn:oid:1.2.9.7"),
    )
    assert (slide.parent, slide.stain) == (block.id, sct("12710003", "Hematoxylin stain"))
    assert slide.description == "left margin"
    assert found.shown == {"1.2.3.1": (slide.id,)}
    assert found.problems == ()


def test_a_slide_of_which_nothing_more_is_told_stands_alone() -> None:
    found = one(specimens=(Tissue(identifier=label("S1_A_1_1")),))
    assert (found.parts, found.blocks) == ((), ())
    assert [(slide.parent, slide.stain) for slide in found.slides] == [(None, None)]


def test_what_the_last_step_before_was_done_to_is_what_it_was_cut_from_and_that_is_said() -> None:
    found = one(specimens=(msgspec.structs.replace(TISSUE, steps=(COLLECTED, SAMPLED, STAINED)),))
    assert found.slides[0].parent == found.blocks[0].id
    assert [(p.severity, p.where) for p in found.problems] == [("information", "0.dcm (0040,0560)")]


def test_without_embedding_or_sectioning_a_thing_is_a_part_whatever_its_label() -> None:
    sampled = (text("121041", "S1_A_1"), kind("433465004"), text("111705", "S1_A"))
    smear = (text("121041", "S1_A_1_1"), kind("433465004"), text("111705", "S1_A_1"))
    found = one(specimens=(msgspec.structs.replace(TISSUE, steps=(sampled, smear)),))
    by_label = {part.identifiers[0].value: part for part in found.parts}
    assert found.blocks == ()
    assert sorted(by_label) == ["S1_A", "S1_A_1"]
    assert by_label["S1_A_1"].parent == by_label["S1_A"].id
    assert found.slides[0].parent == by_label["S1_A_1"].id


STEPS = "0.dcm (0040,0560).(0040,0610)"
AGAR = Triplet(value="256909001", scheme="SCT", meaning="Agar")


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ((*STAINED, text("111703", "Rosebud")), "descriptions"),
        ((*STAINED, text("111702", "20260111")), "times of steps"),
        ((STAINED[0], kind("433452008"), text("111702", "20260111")), "kinds of steps; times of steps"),
        (
            (*CUT[:3], code(("DCM", "111704"), Triplet(value="434475008", scheme="SCT", meaning="m"))),
            "methods",
        ),
        ((*CUT, stain("12710003", "Rosebud")), "substances that are no stain"),
        ((*SAMPLED[:4], code(("SCT", "430863003"), AGAR)), "embedding media"),
        ((*CUT, CUT[3]), "second values"),
        ((*STAINED, text("111700", "Rosebud")), "other content (sites, numbers, people)"),
        ((STAINED[0], kind("17636008"), text("111702", "20260111")), "collection and receipt of a block or slide"),
        (
            (COLLECTED[0], kind("17636008"), code(("SCT", "430864009"), AGAR)),
            "fixatives that no block shows",
        ),
    ],
)
def test_what_is_not_kept_of_a_step_is_said_once_for_a_study(step: tuple[Content, ...], words: str) -> None:
    tissue = msgspec.structs.replace(TISSUE, steps=(*TISSUE.steps, step, step))
    second = msgspec.structs.replace(BASE, specimens=(tissue,), series_uid="1.2.3.2", instance_uid="1.2.3.2.1")
    found = read(msgspec.structs.replace(BASE, specimens=(tissue,)), second)
    said = [(problem.severity, problem.where, problem.message) for problem in found.problems]
    message = f"has preparation steps with more than is kept: {words}"
    assert said == [("information", STEPS, message)]
    assert "Rosebud" not in str(found.problems)


def test_a_fixative_of_a_smear_and_a_longer_description_are_said() -> None:
    fixed = (COLLECTED[0], kind("17636008"), code(("SCT", "430864009"), AGAR))
    found = one(specimens=(Tissue(identifier=label("S1_A_1_1"), short="a", detailed="Rosebud", steps=(fixed,)),))
    assert found.slides[0].description == "a"
    assert {(problem.where, problem.message) for problem in found.problems} >= {
        ("0.dcm (0040,0560).(0040,0602)", "describes a specimen at length too; the short description is kept"),
        (STEPS, "has preparation steps with more than is kept: fixatives that no block shows"),
    }


LEFT = Triplet(value="7771000", scheme="SCT", meaning="Left")
RIGHT_RT = Triplet(value="G-A100", scheme="SRT", meaning="Right")
UPPER = Triplet(value="261183002", scheme="SCT", meaning="Upper")
SITE = "0.dcm (0040,0560).(0008,2228)"
MODIFIER = "0.dcm (0040,0560).(0008,2230)"


@pytest.mark.parametrize(
    ("modifiers", "side", "said"),
    [
        ((LEFT,), "left", []),
        ((RIGHT_RT,), "right", []),
        ((LEFT, UPPER), "left", [MODIFIER]),
        ((UPPER,), None, [MODIFIER]),
        ((LEFT, RIGHT_RT), None, [MODIFIER]),
        ((Triplet(value="L", scheme="99X", meaning="Left"),), None, [MODIFIER]),
    ],
)
def test_the_side_of_the_site(modifiers: tuple[Triplet, ...], side: str | None, said: list[str]) -> None:
    found = one(specimens=(msgspec.structs.replace(TISSUE, site_modifiers=modifiers),))
    assert (found.parts[0].body_site, found.parts[0].laterality) == (sct("12738006", "Brain"), side)
    assert [(problem.severity, problem.where) for problem in found.problems] == [("information", w) for w in said]


def test_two_sides_of_one_part_are_said() -> None:
    other = msgspec.structs.replace(
        TISSUE,
        identifier=label("S1_A_1_2"),
        site_modifiers=(RIGHT_RT,),
        steps=(COLLECTED, SAMPLED, (text("121041", "S1_A_1_2"), *CUT[1:])),
    )
    first = msgspec.structs.replace(TISSUE, site_modifiers=(LEFT,))
    second = msgspec.structs.replace(
        BASE, container=label("S1_A_1_2"), specimens=(other,), instance_uid="1.2.3.1.2", series_uid="1.2.3.2"
    )
    found = read(msgspec.structs.replace(BASE, specimens=(first,)), second)
    assert [(part.body_site, part.laterality) for part in found.parts] == [(sct("12738006", "Brain"), None)]
    assert [problem.where for problem in found.problems] == [SITE]


def test_further_sites_and_those_of_no_part_are_said() -> None:
    lung = Triplet(value="39607008", scheme="SCT", meaning="Lung")
    found = one(specimens=(msgspec.structs.replace(TISSUE, sites=(BRAIN, lung)),))
    assert found.parts[0].body_site == sct("12738006", "Brain")
    assert [problem.where for problem in found.problems] == [SITE]
    alone = one(specimens=(Tissue(identifier=label("S1_A_1_1"), sites=(BRAIN,)),))
    assert [problem.where for problem in alone.problems] == [SITE]


def test_codes_of_snomed_rt_mean_the_same() -> None:
    legacy = (
        text("121041", "S1_A_1"),
        kind("P3-4000A", "SRT"),
        text("111705", "S1_A"),
        code(("SRT", "F-6221A"), Triplet(value="F-616D8", scheme="SRT", meaning="Paraffin wax")),
    )
    assert len(one(specimens=(msgspec.structs.replace(TISSUE, steps=(legacy,)),)).blocks) == 1


def test_several_stains_are_said_in_words_and_each_by_its_code() -> None:
    eosin = stain("36879007", "Water soluble eosin stain")
    found = one(specimens=(msgspec.structs.replace(TISSUE, steps=(COLLECTED, SAMPLED, CUT, (*STAINED, eosin))),))
    assert found.slides[0].stain == Concept(text="Hematoxylin stain; Water soluble eosin stain")
    assert found.slides[0].stained_with == (
        sct("12710003", "Hematoxylin stain"),
        sct("36879007", "Water soluble eosin stain"),
    )
    assert found.problems == ()


def test_one_stain_and_stains_in_words_alone_are_said_once() -> None:
    words = tuple(Content(name=Triplet(value="424361007", scheme="SCT"), text=one) for one in ("HE", "PAS"))
    found = one(specimens=(msgspec.structs.replace(TISSUE, steps=((*STAINED[:2], *words),)),))
    assert (found.slides[0].stain, found.slides[0].stained_with) == (Concept(text="HE; PAS"), ())
    assert one().slides[0].stained_with == ()


def test_a_code_that_is_kept_in_words_alone_is_said() -> None:
    local = code(("SCT", "424361007"), Triplet(value="77", scheme="99LAB", meaning="own stain"))
    found = one(specimens=(msgspec.structs.replace(TISSUE, steps=(*TISSUE.steps[:3], (*STAINED[:2], local))),))
    assert found.slides[0].stain == Concept(text="own stain")
    message = "has preparation steps with more than is kept: codes of schemes without a known system"
    assert [(problem.where, problem.message) for problem in found.problems] == [(STEPS, message)]


def test_one_label_of_one_issuer_is_one_thing_in_all_series() -> None:
    second = msgspec.structs.replace(BASE, series_uid="1.2.3.2", instance_uid="1.2.3.2.1")
    found = read(BASE, second)
    assert (len(found.parts), len(found.blocks), len(found.slides)) == (1, 1, 1)
    assert sorted(found.shown) == ["1.2.3.1", "1.2.3.2"]


def test_the_same_label_of_two_issuers_is_two_things() -> None:
    other = Issued(value="S1_A_1_1", universal="1.2.10", universal_type="ISO")
    second = msgspec.structs.replace(
        BASE, series_uid="1.2.3.2", instance_uid="1.2.3.2.1", container=other, specimens=()
    )
    assert len(read(BASE, second).slides) == 2


def test_tissue_of_two_blocks_on_one_slide_is_said() -> None:
    elsewhere = (text("121041", "S1_B_1"), *SAMPLED[1:])
    cut = (text("121041", "S1_x"), kind("433465004"), text("111705", "S1_B_1"))
    second = Tissue(identifier=label("S1_x"), steps=(elsewhere, cut))
    found = one(specimens=(TISSUE, second))
    assert found.slides[0].identifiers[1].value == "S1_x"
    assert any("several origins" in problem.message for problem in found.problems)


@pytest.mark.parametrize(
    ("container", "form"), [("434464009", "blocks"), ("433466003", "slides"), ("434746001", "parts")]
)
def test_the_container_tells_what_is_in_it(container: str, form: str) -> None:
    kind = Triplet(value=container, scheme="SCT", meaning="m")
    found = one(container_type=kind, specimens=())
    assert [name for name in ("parts", "blocks", "slides") if getattr(found, name)] == [form]


def test_a_label_without_issuer_is_said() -> None:
    found = one(container=Issued(value="S1"), specimens=())
    assert found.slides[0].identifiers[0].system.endswith("/sid/issuer-not-stated")
    assert [problem.rule for problem in found.problems] == ["dicom.specimen"]


def test_steps_that_go_in_circles_end() -> None:
    there = (text("121041", "S1_A"), kind("433465004"), text("111705", "S1_B"))
    back = (text("121041", "S1_B"), kind("433465004"), text("111705", "S1_A"))
    own = (text("121041", "S1_A"), kind("433465004"), text("111705", "S1_A"))
    found = one(specimens=(msgspec.structs.replace(TISSUE, steps=(there, back, own)),))
    assert sorted(part.identifiers[0].value for part in found.parts) == ["S1_A", "S1_B"]
    assert sum(part.parent is not None for part in found.parts) == 1


@pytest.mark.parametrize(
    ("words", "system"),
    [
        ("http://lab.example^URI", "http://lab.example"),
        ("LAB^1.2.9^ISO", "urn:oid:1.2.9"),
        ("LAB", "https://w3id.org/second-opinion/fhir/sid/issuer/LAB"),
        ("", None),
    ],
)
def test_issuers_in_content_items(words: str, system: str | None) -> None:
    assert issued("S1", words).system == system


def test_no_label_is_told_in_a_problem() -> None:
    found = one(specimens=(msgspec.structs.replace(TISSUE, steps=(COLLECTED, SAMPLED, STAINED)),))
    assert "S1" not in str([problem.message for problem in found.problems])


@pytest.mark.parametrize(("when", "collected"), [("15.01.2026", None), ("2026011", None), ("202601", "2026-01")])
def test_a_time_of_collection_that_cannot_be_read_is_told(when: str, collected: str | None) -> None:
    steps = ((text("121041", "S1_A"), kind("17636008"), text("111702", when)), SAMPLED, CUT)
    found = one(specimens=(msgspec.structs.replace(TISSUE, steps=steps),))
    assert found.parts[0].collected == collected
    lost = [problem.message for problem in found.problems if "preparation steps" in problem.message]
    assert ["times that cannot be read" in message for message in lost] == ([True] if collected is None else [])


SECTION = Triplet(value="430856003", scheme="SCT", meaning="Tissue section")
TYPE = "0.dcm (0040,0560).(0040,059A)"


def test_the_specimen_type_of_a_slide_is_kept_where_it_is_a_code() -> None:
    found = one(specimens=(msgspec.structs.replace(TISSUE, kind=SECTION),))
    assert (found.slides[0].tissue, found.problems) == (sct("430856003", "Tissue section"), ())
    embedded = (*SAMPLED[:3], code(("DCM", "111707"), SECTION), *SAMPLED[4:])
    cut = (
        *CUT[:3],
        code(("DCM", "111707"), Triplet(value="119376003", scheme="SCT", meaning="Tissue specimen")),
        CUT[3],
    )
    found = one(specimens=(msgspec.structs.replace(TISSUE, steps=(embedded, cut)),))
    assert found.blocks[0].tissue == sct("119376003", "Tissue specimen")


@pytest.mark.parametrize(
    ("kind_", "said"),
    [
        (Triplet(meaning="Rosebud"), "names a specimen type by words, or by a scheme whose system is not known"),
        (Triplet(value="1", scheme="99X", meaning="Rosebud"), "names a specimen type by words, or by a scheme whose"),
    ],
)
def test_a_specimen_type_that_is_no_code_is_said(kind_: Triplet, said: str) -> None:
    found = one(specimens=(msgspec.structs.replace(TISSUE, kind=kind_),))
    assert found.slides[0].tissue is None
    [problem] = found.problems
    assert (problem.where, problem.message.startswith(said)) == (TYPE, True)
    assert "Rosebud" not in str(found.problems)


def test_that_a_slide_is_a_slide_is_no_more_than_it_says_anyway() -> None:
    slide = Triplet(value="258661006", scheme="SCT", meaning="Slide")
    found = one(specimens=(msgspec.structs.replace(TISSUE, kind=slide),))
    assert (found.slides[0].tissue, found.problems) == (None, ())


def test_another_specimen_type_in_the_same_container_is_said() -> None:
    first = msgspec.structs.replace(TISSUE, kind=SECTION)
    second = msgspec.structs.replace(TISSUE, kind=BRAIN)
    found = one(specimens=(first, second))
    assert found.slides[0].tissue == sct("430856003", "Tissue section")
    assert (TYPE, "names another specimen type in the same container; the first is kept") in {
        (p.where, p.message) for p in found.problems
    }


def test_what_is_done_to_the_specimen_in_a_container_is_done_to_the_container() -> None:
    """The specimen may have a number of its own, by which the steps name it."""
    inside = Issued(value="S1_A_1_1 x", universal="1.2.9", universal_type="ISO")
    stained = (text("121041", "S1_A_1_1 x"), kind("127790008"), stain("12710003", "Hematoxylin stain"))
    found = one(specimens=(msgspec.structs.replace(TISSUE, identifier=inside, steps=(stained,)),))
    assert [slide.stain for slide in found.slides] == [sct("12710003", "Hematoxylin stain")]
    assert (found.parts, found.blocks) == ((), ())


def test_a_series_shows_slides_and_no_blocks() -> None:
    cassette = Triplet(value="434464009", scheme="SCT", meaning="Tissue cassette")
    found = one(container_type=cassette, specimens=(), modality="XC")
    assert (len(found.blocks), found.slides, found.shown) == (1, (), {})
