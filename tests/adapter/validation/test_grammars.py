"""Codes that a grammar makes. Units, languages: what HL7's engine says of the same codes is named where it differs."""

import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from adapter.validation import facts, grammars_compiler
from adapter.validation.grammars import SYSTEMS, is_country, is_currency, is_language, is_media_type
from adapter.validation.units import is_unit

UNITS = """
mg mg/dL m2 kg/m2 10*3/uL 10^3/uL 10*6/mL mm[Hg] m[Hg] /min [degF] Cel mCel uL ul L l dL dl [lb_av] [in_i]
[oz_av] [iU] [IU] [iU]/L m[iU]/mL u[iU] [pH] pH [arb'U] [USP'U] bit By kBy dB dB[SPL] B[SPL] 1/d a mo wk d h min
s ms us mg.kg-1 mg.kg-1.d-1 m+2 m-2 (mg/kg)/d mg/(kg.d) ((mg)/kg) (mg) mg.(kg) /kg /(mL) /mg/kg mg//kg 1 0 10
100 10* 10*-3 10*+3 2.mg mg2 kg{dry_weight} {} mg{} {score} {a} mg{a}{b} mg2{x} 2{x} {x}/{y} {cells}/[HPF] [HPF]
/[HPF] [CFU] dam dag MiBy [pptr] [ppth] [ppm] [car_Au] eq meq mmol/L osm Ohm kat U/L U K kK g% % %{x} g/(12.h)
[drp] [tsp_us] mL/min/{1.73_m2} ng/mL/h mg-1 m0 m10 h-1 [in_i'Hg] [in_i'H2O] m[H2O] [diop] [p'diop] [hnsf'U] cal
kcal [Cal] st t T ar u Ao mol/mol{creat} {a.b/c} [NTU] [m/s2/Hz^(1/2)] B[10.nV] cal_[15] 1/2 -1 +1 [wood'U]
10*{3} fL mg/-2
""".split()  # noqa: SIM905
NO_UNITS = """
nonsense mmHg degC UL cc mcg lbs in IU mIU/mL m^2 . / () .mg mg. mg/ 10**3 2mg {a{b}} {a mg} k[CFU] kmg kkg
mEq/L mOsm/kg gtt tbl #/mL x10^9/L (mg mg) mg(kg) (mg)(kg) (mg)2 mg- mg+ {μ} μg µg ° 'ppm [cal] Cal [ph] year yr
hour hr sec day days week month dpt 1e3 {a}mg mg..kg k% +mg m--2 10+-3 [Hg mm[HG] ] [ k1 k k10* %% [iU]] 'd Ki
""".split()  # noqa: SIM905

LANGUAGES = """
en EN en-US en-us de-CH-1996 zh-Hant-TW sr-Latn qaa qtz en-Latn-US en-ZZ es-419 en-001 sw-KE nv-US haw-US mul
und zxx tlh iw hsb apa yue zh-yue zh-cmn-Hans-CN sl-rozaj-biske en-x-foo x-private i-klingon i-enochian
art-lojban en-GB-oed sgn-BE-FR cel-gaulish zh-min-nan no-bok en-GB-scouse de-DE-u-co-phonebk ja-JP-x-lvariant-JP
cop-Copt en-a-bbb-x-a-ccc en-Qaaa-XA
""".split()  # noqa: SIM905
NO_LANGUAGES = """
eng deu ger english Englisch zz xx en_US en-USA eng-US abk nde a toolonglang ab-cd-ef en-1 nonsense e- en- -en
en--US en-x x- i-nonsense en-Xxxx de-1996-1996 en-a en-a-bb-a-cc zz-99999999x en-abcdefghi ar-a-aaa-b-bbb-a-ccc
quz-QQZ
""".split()  # noqa: SIM905


@pytest.mark.parametrize("code", UNITS)
def test_a_unit(code: str) -> None:
    assert is_unit(code) is True


@pytest.mark.parametrize("code", [*NO_UNITS, "", " mg", "mg dL", "mg / dL", "{a", "mg\n", "{é}", "m²", "ｍｇ", "١"])
def test_not_a_unit(code: str) -> None:
    assert is_unit(code) is False


def test_every_unit_that_r4_lists_as_common_is_one() -> None:
    common = facts.definitions().value_set("http://hl7.org/fhir/ValueSet/ucum-common")
    assert common is not None
    listed = common.parts["http://unitsofmeasure.org"].listed
    assert len(listed) == 1357
    assert [code for code in listed if not is_unit(code)] == []


def test_an_annotation_may_hold_blanks_and_signs() -> None:
    assert is_unit("{a b}") is True
    assert is_unit("mg{(/.[]}/L") is True


def test_brackets_without_end_are_judged_in_no_time() -> None:
    assert is_unit("(" * 100_000 + "m" + ")" * 100_000) is True
    assert is_unit("(" * 100_000) is False
    assert is_unit("[" * 100_000) is False
    assert is_unit("m." * 100_000) is False


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_language(tag: str) -> None:
    assert is_language(tag) is True


@pytest.mark.parametrize("tag", [*NO_LANGUAGES, "", "english language", "en US", "en\n", "ｅｎ", "eſ"])
def test_not_a_language(tag: str) -> None:
    assert is_language(tag) is False


@pytest.mark.parametrize(
    "text",
    ["text/plain", "TEXT/PLAIN", "application/fhir+json", "application/pdf", "image/svg+xml", "x-foo/bar",
     "audio/32kadpcm",
     "application/vnd.ms-excel", "text/plain; charset=utf-8", "text/plain;charset=utf-8", 'text/plain;charset="utf-8"',
     "multipart/related; type=\"application/dicom\"; boundary=x", "application/hl7-v3+xml", "image/jpeg;"],
)  # fmt: skip
def test_a_media_type(text: str) -> None:
    assert is_media_type(text) is True


@pytest.mark.parametrize(
    "text",
    ["", "pdf", "nonsense", "text/", "/plain", "a/b/c", "text/*", "*/*", "application / pdf", "text/pl ain", "text/a,b",
     "application/x;y", "tëxt/plain", "text/plain; charset=", 'text/plain; charset="utf-8', "text/plain\n",
     ".text/plain"],
)  # fmt: skip
def test_not_a_media_type(text: str) -> None:
    assert is_media_type(text) is False


def test_currencies_and_countries() -> None:
    assert [code for code in ("USD", "EUR", "XXX", "HRK", "XCG", "SLE") if not is_currency(code)] == []
    assert [code for code in ("usd", "ZZZ", "XBT", "DEM", "US", "DOLLAR", "", "USD EUR") if is_currency(code)] == []
    assert [code for code in ("US", "USA", "840", "DE", "SSD") if not is_country(code)] == []
    assert [code for code in ("us", "ZZ", "ZZ1", "UK", "", "000", "US-CA") if is_country(code)] == []


def test_each_grammar_is_found_by_its_code_system() -> None:
    samples = {
        "http://unitsofmeasure.org": "mg",
        "urn:ietf:bcp:13": "text/plain",
        "urn:ietf:bcp:47": "en-US",
        "urn:iso:std:iso:3166": "US",
        "urn:iso:std:iso:4217": "USD",
        "https://www.usps.com/": "MA",
    }
    assert set(SYSTEMS) == set(samples)
    assert [SYSTEMS[system](code) for system, code in samples.items()] == [True] * 6
    assert [SYSTEMS[system]("no such code") for system in samples] == [False] * 6


ESSENCE = """<root xmlns="http://unitsofmeasure.org/ucum-essence" version="9.9">
<prefix Code="k"/><base-unit Code="m"/><unit Code="l" isMetric="yes"/><unit Code="[in_i]" isMetric="no"/></root>"""
OLDER = ESSENCE.replace("<prefix", '<prefix xmlns=""')


def test_the_lists_are_codes_only_with_source_and_notice(tmp_path: Path) -> None:
    (tmp_path / "ucum-essence.xml").write_text(ESSENCE)
    (tmp_path / "registry.json").write_text(
        '[{"Type": "language", "Subtag": "EN", "Description": ["Prose"]}, {"Type": "language", "Subtag": "qaa..qtz"},'
        ' {"Type": "redundant", "Tag": "zh-Hant"}, {"Type": "grandfathered", "Tag": "i-klingon"}]'
    )
    (tmp_path / "iso4217.json").write_text('{"4217": [{"alpha_3": "USD", "name": "Prose"}]}')
    country = '{"alpha_2": "US", "alpha_3": "USA", "numeric": "840", "name": "Prose"}'
    (tmp_path / "iso3166-1.json").write_text('{"3166-1": [' + country + "]}")
    made = grammars_compiler.compile_grammars(tmp_path)
    assert made["ucum"].pop("notice").startswith("Symbols of the Unified Code for Units of Measure (UCUM), copyright")
    assert made["ucum"] == {"version": "9.9", "prefixes": "k", "metric": "l m", "other": "[in_i]"}
    assert made["bcp47"] == {"grandfathered": "i-klingon", "language": "en qaa..qtz"}
    assert made["iso3166"] == "840 US USA"
    assert made["iso4217"].split()[-4:] == ["USS", "VEF", "ZMK", "ZWL"]


def test_elements_of_the_unit_list_without_a_namespace_are_read_too() -> None:
    made = grammars_compiler._units(ET.fromstring(OLDER))
    assert made["prefixes"] == "k"


def test_usage_is_said_where_no_folder_is_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grammars_compiler.main([]) == 2
    assert grammars_compiler.main([str(tmp_path / "absent")]) == 2
    assert "FOLDER" in capsys.readouterr().err


@pytest.mark.parametrize("code", ["0" * 200_000 + "a", "m" + "1" * 200_000 + "{", "+1" * 100_000 + "x"])
def test_a_unit_of_any_length_is_judged_at_once(code: str) -> None:
    began = time.process_time()
    assert is_unit(code) is False
    assert time.process_time() - began < 1
