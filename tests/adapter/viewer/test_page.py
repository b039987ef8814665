"""The page of a case: what it says, what it never does."""

import base64
import hashlib
from itertools import pairwise
from typing import Any

import pytest
from lxml import etree

from adapter.viewer.page import render
from adapter.viewer.timeline import order
from mappings.domain.case import Case
from tests.adapter.viewer.rich import IMAGES, LAB, REPORTS, REQUEST, TISSUE, observation, records, rich
from tests.releases import made_release

Node = Any


def page(case: Case, **how: Any) -> Node:
    """The page as a strict XML parser sees it."""
    return etree.fromstring(render(made_release(case, **how)))


def full() -> Node:
    return page(rich(), carried=records(), instances=IMAGES)


def text(node: Node) -> str:
    return " ".join("".join(node.itertext()).split())


def part(root: Node, anchor: str) -> Node:
    (found,) = root.xpath(f"//*[@id='{anchor}']")
    return found


def row(node: Node, head: str) -> str:
    """The table row whose header starts so."""
    (found,) = [r for r in node.iter("tr") if r[0].tag == "th" and text(r[0]).startswith(head) and len(r) > 1]
    return text(found)


def fact(node: Node, name: str) -> str:
    """The value beside a term."""
    (found,) = [text(d.find("dd")) for d in node.iter("div") if d.find("dt") is not None and text(d.find("dt")) == name]
    return found


# --- what it never does


def test_nothing_is_loaded_run_or_sent() -> None:
    root = full()
    tags = {node.tag for node in root.iter()}
    assert not tags & {"script", "img", "iframe", "object", "embed", "link", "base", "form", "audio", "video", "svg"}
    attributes = {name for node in root.iter() for name in node.attrib}
    assert attributes == {
        "aria-hidden", "aria-label", "aria-labelledby", "charset", "class", "content", "datetime", "href", "http-equiv",
        "id", "lang", "name", "scope", "tabindex",
    }  # fmt: skip
    style = text(root.find("head/style"))
    assert "url(" not in style
    assert "@import" not in style


def test_every_link_stays_in_the_bundle() -> None:
    links = {a.get("href") for a in full().iter("a")}
    assert {link for link in links if not link.startswith("#")} == {
        "documents/referral%20letter.pdf",
        "documents/reports/S26-00417.pdf",
        "case.json",
        "bundle.json",
        "manifest.json",
        "README.txt",
        "DICOMDIR",
    }


def test_the_policy_lets_only_the_own_style_through() -> None:
    root = full()
    digest = base64.b64encode(hashlib.sha256(root.findtext("head/style").encode()).digest()).decode()
    (policy,) = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_the_same_release_gives_the_same_bytes() -> None:
    one = render(made_release(rich(), carried=records(), instances=IMAGES))
    other = render(made_release(rich(), carried=reversed(records()), instances=reversed(IMAGES)))
    assert one == other
    assert one.startswith(b'<!DOCTYPE html>\n<html lang="en">')


def test_what_is_kept_with_the_holder_is_not_shown() -> None:
    access = {
        "id": "access-1",
        "pathway": "disclosure",
        "requester": "patient",
        "recipient": "review_center",
        "recipient_party": "center",
        "purpose": "treatment",
        "engaged_by_payer": False,
        "restrictions": [{"agreed": True, "blocks_recipient": "restricted-recipient"}],
        "determinations": [
            {"ground": "endanger_life_or_safety", "applies_to": ["letter"], "professional": "Dr. Determiner"}
        ],
    }
    lines = [{"path": "notes/unoffered.pdf", "kind": "psychotherapy_notes", "title": "Unoffered", "offered": False}]
    shown = text(page(rich(access=access, materials=lines)))
    assert fact(part(page(rich(access=access)), "authority"), "Purpose") == "Treatment"
    assert not [word for word in ("restricted-recipient", "endanger", "Determiner", "noffered") if word in shown]


# --- its form


def test_anchors_lead_somewhere_and_are_unique() -> None:
    root = full()
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids)) > 30
    links = [a.get("href")[1:] for a in root.iter("a") if a.get("href").startswith("#")]
    assert not set(links) - set(ids)
    assert not set(root.xpath("//@aria-labelledby")) - set(ids)


def test_headings_skip_no_level() -> None:
    levels = [int(n.tag[1]) for n in full().iter("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert max(after - before for before, after in pairwise(levels)) == 1


def test_tables_have_captions_and_header_cells() -> None:
    tables = list(full().iter("table"))
    assert len(tables) == 12
    for table in tables:
        assert text(table[0])
        assert [node.tag for node in table] == ["caption", "thead", "tbody"]
        assert {th.get("scope") for th in table.find("thead").iter("th")} == {"col"}
        assert {tr[0].get("scope") for tr in table.find("tbody")} == {"row"}
        assert {len(tr) for tr in table.iter("tr")} == {len(table.find("thead/tr"))}


def test_landmarks_and_skip_link() -> None:
    root = full()
    body = root.find("body")
    assert [len(list(body.iter(tag))) for tag in ("header", "nav", "main", "footer")] == [1, 1, 1, 1]
    assert (body[0].tag, body[0].get("href")) == ("a", "#case")
    assert part(root, "case").tag == "main"
    sections = [section.get("id") for section in body.find(".//main")]
    assert sections == [a.get("href")[1:] for a in body.find(".//nav").iter("a")]


def test_paragraphs_hold_no_blocks() -> None:
    """A browser would close the paragraph there, and the page would be another than the one checked here."""
    root = full()
    blocks = {"div", "p", "ul", "ol", "dl", "table", "section", "article", "blockquote", "h2", "h3", "h4", "h5"}
    inline = [n for tag in ("p", "span", "a", "strong", "code", "cite", "time") for n in root.iter(tag)]
    assert not [n for n in inline if {inner.tag for inner in n.iterdescendants()} & blocks]
    assert {child.tag for n in root.iter("ul", "ol") for child in n} == {"li"}


def test_title_names_patient_and_case() -> None:
    assert full().findtext("head/title") == "Signe Marie Haugen: second opinion case CASE-2026-0417"


# --- who and what for


def test_the_head_says_who_and_when() -> None:
    head = full().find("body/header")
    assert "born 30 Aug 1971 · Female · Medical record number 00418822 Lakeside" in text(head)
    assert fact(head, "Due") == "17 Mar 2026"
    assert fact(head, "Urgency") == "Urgent"
    assert fact(head, "Status") == "In progress, waiting for interpretation"
    assert "Test data: this is no real person." in text(head)


def test_real_cases_carry_no_test_banner() -> None:
    assert "Test data" not in text(page(rich(test_data=False)))


def test_who_asks_and_who_is_asked() -> None:
    shown = text(part(full(), "who"))
    assert "Dr. Adaeze Okafor" in shown
    assert "NCI-designated comprehensive cancer center" in shown
    assert "L-99120" in shown


def test_an_emergency_cannot_be_missed() -> None:
    request = {**REQUEST, "urgency": "emergency", "emergency": "spinal-cord-compression"}
    root = page(rich(request=request))
    said = "Emergency: spinal cord compression. This review runs beside treatment. Treatment is not held back"
    assert said in text(root.find("body/header"))
    assert part(root, "emergency").get("class") == "banner emergency"
    assert not full().xpath("//*[@id='emergency']")


def test_the_request_is_told_whole() -> None:
    purpose = part(full(), "purpose")
    assert "Atypical melanocytic tumor or invasive melanoma?\nIf melanoma" in "".join(purpose.itertext())
    assert fact(purpose, "Due window") == "due by 17 Mar 2026, counted from 3 Mar 2026"
    assert fact(purpose, "Planned treatment").endswith("cannot be undone · scheduled Apr 2026")
    assert fact(purpose, "Confidence in the diagnosis") == "Low"
    assert row(purpose, "major or minor discordance").split()[4] == "14.2"


# --- materials


def test_tissue_is_a_tree() -> None:
    slide = part(full(), "slide-2")
    assert "A2-1 H&E" in text(slide)
    assert slide.getparent().getparent() is part(slide, "block-2")
    assert part(slide, "block-2").getparent().getparent() is part(slide, "part-1")


def test_the_state_of_a_piece_is_its_last_event() -> None:
    root = full()
    state = {n: text(part(root, f"slide-{n}").find(".//span[@class]/..")) for n in (1, 3)}
    assert state[1].endswith("Received 5 Mar 2026, 10:30 UTC−06:00 by Northern Cancer Review Center")
    assert state[3].endswith("Broken 5 Mar 2026")
    assert "Shipped" not in text(part(root, "slide-1"))
    classes = [part(root, f"slide-{n}").xpath(".//span[starts-with(@class, 'state')]/@class") for n in (1, 3)]
    assert classes == [["state"], ["state trouble"]]


def test_tissue_whose_parent_is_not_here_is_shown() -> None:
    slide = {"id": "s", "parent": "Specimen/77", "identifiers": [{"system": "urn:x", "value": "LONE-1"}]}
    root = page(
        rich(slides=[slide], custody=[], reports=[], concordances=[], diagnoses=[], request=_bare(), studies=[])
    )
    assert "LONE-1" in text(part(root, "slide-1"))


def _bare(**changes: Any) -> dict[str, Any]:
    return {**{k: v for k, v in REQUEST.items() if k != "diagnoses"}, **changes}


def test_imaging_counts_what_is_listed_and_what_is_here() -> None:
    materials = text(part(full(), "materials"))
    assert "Slide microscopy · 13 Feb 2026, 11:00 UTC−06:00 · 1 series · 3 images · 3 files in this bundle" in materials
    assert "Computed tomography · 25 Feb 2026 · 1 series · 4 images · no file in this bundle" in materials
    assert row(part(full(), "study-2"), "Axial 2 mm") == "Axial 2 mm Computed tomography Chest 4"


def test_a_document_without_a_file_is_no_link() -> None:
    root = page(rich(), documents=False)
    assert not [a for a in root.iter("a") if a.get("href").startswith("documents/")]
    assert "referral letter.pdf application/pdf, 48.2 kB" in text(part(root, "materials"))


def test_a_document_title_has_its_language() -> None:
    assert part(full(), "document-1").get("lang") == "en-US"


@pytest.mark.parametrize("path", ["javascript:alert(1)//x.pdf", "documents/javascript:alert(1)"])
def test_a_path_never_becomes_a_scheme(path: str) -> None:
    documents = [{**TISSUE["documents"][0], "path": path.replace("//", "/")}, TISSUE["documents"][1]]
    links = [a.get("href") for a in page(rich(documents=documents)).iter("a")]
    assert next(link for link in links if "alert" in link).startswith("documents/javascript%3Aalert%281%29")


# --- timeline


def test_the_timeline_is_in_the_order_of_time() -> None:
    lines = [[text(cell) for cell in li] for li in part(full(), "timeline").iter("li")]
    whats = [what for _, what in lines]
    assert whats[0] == "Procedure Excision of skin lesion"
    assert whats[-4:] == [
        "Release decided",
        "Review due",
        "Planned treatment Wide excision with sentinel node biopsy",
        "Material due back Block A2; Slide A1-1; Slide A2-1; Slide A2-2",
    ]
    assert whats.index("Request: received") < whats.index("Request: accepted")
    assert lines[-2][0] == "Apr 2026"
    assert len(lines) == 24


# --- closing


def test_gaps_are_those_of_the_release() -> None:
    root = page(rich(slides=[], blocks=[], parts=[], custody=[], studies=[], reports=[], concordances=[], diagnoses=[],
                     request=_bare(scope="pathology-only")))  # fmt: skip
    items = [text(li) for li in part(root, "missing").iter("li")]
    assert items == [
        "! Required slides, blocks or whole-slide images",
        "○ Recommended blocks or unstained slides, for further stains",
        "○ Recommended results of special stains and immunohistochemistry",
        "○ Recommended molecular, cytogenetic and flow cytometry results",
        "○ Recommended the working diagnosis",
        "○ Recommended the stage",
    ]
    assert fact(root.find("body/header"), "Missing") == "1 required item"


def test_a_complete_case_says_so() -> None:
    third = {"id": "a3", "part": "part-a", "identifiers": [{"system": LAB, "value": "A3"}]}
    wish = _bare(scope="pathology-only", reasons=["patient-wish"])
    told = text(part(page(rich(request=wish, blocks=[*TISSUE["blocks"], third])), "missing"))
    assert "Nothing that a pathology only review needs is missing." in told


def test_every_need_is_told_with_its_state() -> None:
    missing = part(full(), "missing")
    told = "Recommended Needs a person clinical record: whether it is the operative note needs a person"
    assert row(missing, "the operative note") == f"the operative note {told}"
    named = "each block and slide that the report names (part A)"
    told = "A3: named in the report, no block, slide or image of it is in the case; A1, A2: here"
    assert row(missing, named) == f"{named} Recommended Missing {told}"


def test_the_authority_is_cited_and_its_address_is_text() -> None:
    authority = part(full(), "authority")
    assert "The patient has a right to inspect and to get a copy of this item." in text(authority)
    assert text(authority.find(".//cite")) == "45 CFR 164.524(a)(1)"
    assert "https://www.ecfr.gov/current/title-45/section-164.524#p-164.524(a)(1)" in text(authority)
    assert not list(authority.iter("a"))
    assert fact(authority, "Released") == "9 Mar 2026, 16:30 UTC−05:00"
    assert fact(authority, "Released to") == "Northern Cancer Review Center"


def test_opening_the_images_is_explained_where_there_are_some() -> None:
    assert "pick DICOMDIR" in text(part(full(), "bundle"))
    assert "DICOM" not in text(part(page(rich()), "bundle"))


def test_everybody_named_is_listed() -> None:
    people = part(full(), "people")
    assert row(people, "Liv Haugen") == "Liv Haugen Health care proxy – –"
    assert "Prairie Health Plan · Prairie Silver · member PHP-0044-19" in text(people)


# --- carried records


def test_carried_resources_are_listed_by_type() -> None:
    shown = part(full(), "records")
    assert [text(h) for h in shown.iter("h3")] == ["Condition (1)", "Observation (2)"]
    assert row(shown, "Lactate").startswith("Lactate dehydrogenase 172.50 U/L final 24 Feb 2026, 07:30 UTC−06:00")
    assert row(shown, "Hypertension") == "Hypertension active 2014"


def test_the_newest_record_comes_first() -> None:
    dated = [
        observation(n, code={"text": f"N{n}"}, effectiveDateTime=d) for n, d in ((1, "2024"), (2, "2026"), (3, "2025"))
    ]
    heads = [text(th) for th in part(page(rich(), carried=dated), "records").xpath(".//tbody//th")]
    assert heads == ["N2", "N3", "N1"]


def test_without_carried_resources_there_is_no_such_section() -> None:
    root = page(rich())
    assert not root.xpath("//*[@id='records']")
    assert "#records" not in root.xpath("//a/@href")


def test_the_narrative_of_a_carried_resource_is_not_shown() -> None:
    narrative = {"status": "generated", "div": "<div>NARRATIVE</div>"}
    shown = text(page(rich(), carried=[observation(1, text=narrative, code={"text": "Weight"})]))
    assert "Weight" in shown
    assert "NARRATIVE" not in shown


@pytest.mark.parametrize(
    "members",
    [
        {"code": 5, "effectiveDateTime": {"start": 7}, "valueQuantity": {"value": "x"}},
        {"code": {"coding": "x", "text": ["y"]}, "component": [None, {"code": [], "valueQuantity": []}]},
        {"code": [[["deep"]]], "valueBoolean": False, "interpretation": {}},
        {"status": None, "effectivePeriod": [], "component": {"a": 1}, "valueInteger": 3},
    ],
)
def test_foreign_json_of_any_shape_is_read_calmly(members: dict[str, Any]) -> None:
    assert text(part(page(rich(), carried=[observation(1, **members)]), "records")).startswith("Records as received 1")


def test_a_long_section_is_kept_whole() -> None:
    long = "Line of the report.\n" * 2000 + "THE END"
    reports = [{**REPORTS["reports"][3], "sections": [{"kind": "findings", "text": long}]}]
    root = page(rich(reports=reports, concordances=[], diagnoses=[], request=_bare()))
    assert "".join(part(root, "reports").xpath(".//*[@class='prose']")[0].itertext()) == long


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-12:00"])
def test_the_ends_of_the_calendar_have_their_place(at: str) -> None:
    assert order(at) == (at[:10], True, at)
    assert order("0001-01-01") < order(at) < order("9999-12-31T23:59:59-12:00")
