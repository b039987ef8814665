"""A letter says the same as text, HTML and PDF; nothing in a name becomes markup; the same letter, the same bytes."""

import io
import sys
import unicodedata
from typing import Any

import msgspec
import pypdf
import pytest
from lxml import etree

from adapter.letters import Letter, letter
from adapter.letters.html import as_html
from adapter.letters.pdf import as_pdf
from adapter.letters.plain import as_text
from mappings.problems import ProblemError
from tests.adapter.letters.made import CASE, DISCLOSURE, NOTES, OFFICE, denied, occasion
from tests.adapter.letters.test_records import LINE, counted

HOSTILE = '<script>alert(1)</script> & "x" #eval("1") $office \n\nWe release everything.'


def named(name: str, **more: Any) -> Letter:
    patient = CASE["patient"] | {"names": [{"text": name}]}
    return letter("denial", denied(patient=patient, **more))


def root(page: bytes) -> Any:
    return etree.fromstring(page)


def text_of(pdf: bytes) -> str:
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


# --- text


def test_the_text_of_an_acknowledgement_as_a_whole() -> None:
    assert as_text(letter("acknowledgement", occasion())) == (
        "Test Hospital (synthetic)\n\nMarch 10, 2026\n\nMaría Testperson\n7 Sample Road\nExampleville, NM 00000\n\n"
        "We received your request\nReference: SYN-1\n\nDear María Testperson:\n\n"
        "We received your request about your record on March 2, 2026.\n\n"
        "When you will hear from us\n--------------------------\n\n"
        "We will act on your request by April 1, 2026. If we need more time, we will\n"
        "write to you before then, and say why and until when.\n\n"
        "Questions\n---------\n\n"
        "If you have a question, contact Privacy Officer at +1 505 555 0100. Please\ngive the reference above.\n\n"
        "Sincerely,\n\nPrivacy Officer\nTest Hospital (synthetic)\n\n"
        "Legal basis: 45 CFR 164.524(b)(2)(i)\n"
    )


def test_a_name_cannot_fake_a_paragraph() -> None:
    said = as_text(named(HOSTILE))
    assert "\nWe release everything." not in said
    assert said.splitlines()[4].startswith("<script>alert(1)</script>")
    assert "$office" in said


@pytest.mark.parametrize("steering", ["\u202e", "\u2066", "\x07", "\x1b"])
def test_what_would_steer_the_page_is_shown_as_such(steering: str) -> None:
    made = named(f"Ana{steering}Test")
    assert made.addressee.name == "Ana\ufffdTest"


def test_what_joins_letters_is_kept() -> None:
    assert named("می\u200cخواهم").addressee.name == "می\u200cخواهم"


def test_a_table_as_text_cuts_nothing() -> None:
    said = as_text(letter("accounting", counted(msgspec.structs.replace(LINE, description="word " * 60))))
    assert said.count("word") == 60
    assert max(map(len, said.splitlines())) <= 78
    assert "- Date: January 15, 2026\n  To whom, and address if known: State Cancer Registry, 1 Test Road\n" in said


# --- HTML


def test_hostile_names_are_text() -> None:
    office = msgspec.structs.replace(OFFICE, complaints="<img src=x onerror=alert(1)>")
    page = as_html(named(HOSTILE, office=office))
    tree = root(page)
    assert {node.tag for node in tree.iter() if isinstance(node.tag, str)} & {"script", "img", "a", "form"} == set()
    assert b"&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot;" in page
    assert "<img src=x onerror=alert(1)>" in "".join(tree.itertext())


def test_the_page_needs_nothing_and_is_read_aloud() -> None:
    tree = root(as_html(letter("accounting", counted(LINE))))
    assert tree.get("lang") == "en"
    assert tree.xpath("//@src | //@href | //@action") == []
    assert len(tree.xpath("//main")) == len(tree.xpath("//h1")) == len(tree.xpath("//title")) == 1
    assert [node.text for node in tree.iter("h1", "h2")] == ["Accounting of disclosures", "Disclosures", "Questions"]
    assert [node.get("scope") for node in tree.iter("th")] == ["col"] * 4 + ["row"]
    assert tree.xpath("string(//caption)") == "Disclosures, oldest first"
    (policy,) = tree.xpath("//meta[@http-equiv]/@content")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_a_form_starts_on_its_own_page_with_its_terms() -> None:
    tree = root(as_html(letter("consent-request", occasion(access=DISCLOSURE, materials=(NOTES,)))))
    (form,) = tree.xpath("//section[@class='form']")
    assert form.xpath(".//dt/text()")[0] == "Name of the patient"
    assert form.xpath(".//dd/text()") == ["María Testperson", "Test Hospital (synthetic)"]


@pytest.mark.parametrize("kind", ["acknowledgement", "denial"])
def test_text_and_page_say_the_same(kind: Any) -> None:
    made = letter(kind, denied())
    page = root(as_html(made))
    said = " ".join(" ".join(page.find("body").itertext()).split())
    for part in made.sections:
        for words in (*part.paragraphs, *part.items, *part.after):
            assert words in said
            assert words in " ".join(as_text(made).split())


# --- PDF


def test_the_pdf_says_what_the_letter_says_and_is_tagged() -> None:
    made = named("María Łukasiewicz-Đặng Ωμέγα")
    data = as_pdf(made)
    said = text_of(data)
    assert "María Łukasiewicz-Đặng Ωμέγα" in unicodedata.normalize("NFC", said)
    assert "We cannot give you access to everything you asked for" in said
    assert "Contact: Privacy Officer, telephone +1 505 555 0100." in said
    reader = pypdf.PdfReader(io.BytesIO(data))
    catalog: Any = reader.trailer["/Root"]
    assert bool(catalog["/MarkInfo"]["/Marked"])
    assert str(catalog["/Lang"]).startswith("en")
    assert reader.metadata is not None
    assert "/CreationDate" not in reader.metadata


def test_markup_in_a_name_is_text_in_the_pdf() -> None:
    assert '#eval("1") $office We release everything.' in text_of(as_pdf(named(HOSTILE)))


@pytest.mark.parametrize("name", ["測試梅", "Ana 😀"])
def test_a_character_that_the_fonts_lack_is_not_left_out(name: str) -> None:
    with pytest.raises(ProblemError) as caught:
        as_pdf(named(name))
    assert [str(found) for found in caught.value.problems] == [
        "error: pdf: cannot show every character of this letter with the fonts there are; write .html instead"
        " [letters.pdf]"
    ]
    assert name in "".join(root(as_html(named(name))).itertext())


def test_without_the_extra_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(ProblemError, match=r"needs the extra `pdf`"):
        as_pdf(named("Ana"))


# --- the same letter, the same bytes


@pytest.mark.parametrize("form", [lambda made: as_text(made).encode(), as_html, as_pdf])
def test_same_letter_same_bytes(form: Any) -> None:
    assert form(letter("denial", denied())) == form(letter("denial", denied()))
    assert form(letter("denial", denied())) != form(letter("denial", denied(id="SYN-2")))
