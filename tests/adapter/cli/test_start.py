"""init and schema: a new user's first steps."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest

from adapter.sources.help_page import _structs, field_notes, help_page
from adapter.sources.placeholders import placeholders
from adapter.sources.template import TEMPLATE
from mappings.domain.case import Case
from mappings.domain.native import encode, schema
from mappings.problems import ProblemError
from tests.adapter.cli.command import FIXTURES, Done, run

CASES = sorted((FIXTURES / "cases").glob("*/case.json"))
FILLED: dict[str, Any] = {
    "$.id": "C-1",
    "$.patient.identifiers[0].system": "https://hospital.example/sid/mrn",
    "$.patient.identifiers[0].value": "0001",
    "$.patient.names[0].family": "Testpatient",
    "$.patient.names[0].given[0]": "Ida",
    "$.patient.birth_date": "1960-02",
    "$.patient.gender": "female",
    "$.request.scope": "pathology-only",
    "$.request.reasons[0]": "rare-cancer",
    "$.request.question": "Is it a sarcoma?",
    "$.request.authored_on": "2026-03-02",
    "$.access.recipient_is_provider": True,
    "$.access.identity_verified": True,
    "$.access.authority_verified": True,
    "$.organizations[0].name": "Hospital (synthetic)",
    "$.organizations[1].name": "Review Center (synthetic)",
    "$.practitioners[0].names[0].family": "Testdoctor",
    "$.practitioners[0].names[0].given[0]": "Ada",
    "$.materials[0].path": "documents/report.txt",
    "$.materials[0].title": "Pathology report",
}


def fill(folder: Path, values: dict[str, Any]) -> None:
    """Fill the template in as its paths say; None takes a field out."""
    location = folder / "case.json"
    held = json.loads(location.read_text(encoding="utf-8"))
    for path, value in values.items():
        steps = [int(s) if s.isdigit() else s for s in re.findall(r"\w+", path)]
        place = held
        for step in steps[:-1]:
            place = place[step]
        if value is None:
            del place[steps[-1]]
        else:
            place[steps[-1]] = value
    location.write_text(json.dumps(held), encoding="utf-8")
    (folder / "documents").mkdir()
    (folder / "documents" / "report.txt").write_text("Spindle cell tumor.\n", encoding="utf-8")


@pytest.fixture
def begun(tmp_path: Path) -> tuple[Path, Done]:
    return tmp_path, run(tmp_path, "init", "new")


def test_what_is_to_be_filled_in_is_told_with_what_is_wrong_besides(tmp_path: Path) -> None:
    run(tmp_path, "init", "c")
    fill(tmp_path / "c", FILLED | {"$.id": "FILL-IN", "$.patient.gender": "FILL-IN", "$.test_data": "Zebulon"})
    done = run(tmp_path, "check", "c")
    assert (done.code, done.out) == (1, "")
    assert [line.split(": ")[1] for line in done.err.splitlines()] == [
        "case.json $.id",
        "case.json $.patient.gender",
        "case.json $.test_data",
    ]


def test_init_writes_three_files_and_names_them(begun: tuple[Path, Done]) -> None:
    folder, done = begun
    assert (done.code, done.out) == (0, "new/case.help.html\nnew/case.json\nnew/case.schema.json\n")
    assert sorted(path.name for path in (folder / "new").iterdir()) == [
        "case.help.html",
        "case.json",
        "case.schema.json",
    ]
    assert "second-opinion check new" in done.err


def test_init_takes_an_empty_folder_and_no_other(begun: tuple[Path, Done]) -> None:
    folder, _ = begun
    before = (folder / "new/case.json").read_bytes()
    again = run(folder, "init", "new")
    assert (again.code, again.out) == (1, "")
    assert again.err == "error: new: is not empty; name a new folder [case.folder]\n"
    assert (folder / "new/case.json").read_bytes() == before
    (folder / "empty").mkdir()
    assert run(folder, "init", "empty").code == 0
    assert run(folder, "init", "new/case.json").code == 2


@pytest.mark.parametrize("command", [("check", "new"), ("export", "new", "--to", "out.zip")])
def test_what_is_not_filled_in_is_named_place_by_place(begun: tuple[Path, Done], command: tuple[str, ...]) -> None:
    folder, _ = begun
    done = run(folder, *command)
    assert (done.code, done.out) == (1, "")
    lines = done.err.splitlines()
    assert [line.split(": ")[1].removeprefix("case.json ") for line in lines] == list(FILLED)
    assert {line.rpartition(" ")[2] for line in lines} == {"[case.placeholder]"}
    assert not (folder / "out.zip").exists()


def test_one_place_left_is_enough_to_refuse(begun: tuple[Path, Done]) -> None:
    folder, _ = begun
    fill(folder / "new", FILLED | {"$.request.question": "FILL-IN what the reviewer is asked"})
    done = run(folder, "check", "new")
    assert done.code == 1
    assert done.err == (
        "error: case.json $.request.question: still says FILL-IN; write what is known, or take the field out if it is "
        "not required [case.placeholder]\n"
    )


def test_the_filled_template_permits(begun: tuple[Path, Done]) -> None:
    folder, _ = begun
    fill(folder / "new", FILLED)
    done = run(folder, "check", "new")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "permit"
    assert "report   pathology_report  released  TREATMENT_DISCLOSURE (45 CFR 164.506(c)(2))" in lines
    assert lines[-11:] == [
        "the reviewer will miss:",
        "  required: slides, blocks or whole-slide images",
        "  recommended: blocks or unstained slides, for further stains",
        "  recommended: results of special stains and immunohistochemistry",
        "  recommended: molecular, cytogenetic and flow cytometry results",
        "  recommended: the radiology report",
        "  recommended: the radiology images",
        "  recommended: the working diagnosis",
        "  recommended: the clinical history",
        "  recommended: prior treatment",
        "units    mapped 0, kept 1, withheld 0, refused 0",
    ]
    assert run(folder, "export", "new", "--to", "out").code == 0


def test_what_is_not_known_pends_with_what_to_do_next(begun: tuple[Path, Done]) -> None:
    folder, _ = begun
    unknown = ("recipient_is_provider", "identity_verified", "authority_verified")
    fill(folder / "new", FILLED | {f"$.access.{name}": None for name in unknown})
    done = run(folder, "check", "new")
    assert done.code == 3
    lines = done.out.splitlines()
    assert lines[0] == "pend"
    assert "(recipient_is_provider)" in done.out
    steps = [line for line in lines if line.startswith("next, for ")]
    assert [step.split()[2] for step in steps] == [
        "FACT_MISSING:",
        "IDENTITY_NOT_VERIFIED:",
        "AUTHORITY_NOT_VERIFIED:",
    ]


def test_a_name_the_format_has_not_is_not_shown() -> None:
    (found,) = placeholders(b'{"patient": {"Jane Roe": ["FILL-IN"]}}', "case.json")
    assert found.where == "case.json $.patient.?[0]"
    assert placeholders(b"{", "case.json") == placeholders(b"\xff", "case.json") == ()


def test_nothing_in_the_template_is_guessed_but_the_common_case() -> None:
    plain = encode(TEMPLATE).decode()
    assert re.findall(r"\d{4}-\d{2}", plain) == []
    assert {found.where.removeprefix("case.json ") for found in placeholders(plain.encode(), "case.json")} == set(
        FILLED
    )


# --- the page


def test_every_field_has_its_row() -> None:
    page = help_page()
    for struct in _structs(Case):
        section = page.split(f'<h2 id="{struct.__name__}">')[1].split("<h2")[0]
        rows = re.findall(r"<tr><td>([^<]+)", section)
        assert rows == [field.encode_name for field in msgspec.structs.fields(struct)], struct.__name__


def test_every_explanation_is_of_a_field_that_exists() -> None:
    fields = {s.__name__: {f.encode_name for f in msgspec.structs.fields(s)} for s in _structs(Case)}
    anywhere = set().union(*fields.values())
    told = {(struct, name) for struct, rows in field_notes().items() for name in rows}
    assert {(s, n) for s, n in told if n not in (anywhere if s == "any" else fields.get(s, set()))} == set()


@pytest.mark.parametrize("struct", ["Case", "Patient", "ReviewRequest", "Access", "Authorization", "Material"])
def test_every_field_a_user_fills_in_is_explained(struct: str) -> None:
    section = help_page().split(f'<h2 id="{struct}">')[1].split("<h2")[0]
    assert re.findall(r"<tr><td>([^<]+)[^\n]*<td></td></tr>", section) == []


def test_every_link_leads_somewhere() -> None:
    page = help_page()
    assert set(re.findall(r'href="#(\w+)"', page)) == set(re.findall(r'h2 id="(\w+)"', page))
    assert "http" not in page.replace("https://hospital.example", "")


def test_words_of_open_fields_are_shown() -> None:
    section = help_page().split('<h2 id="Access">')[1].split("<h2")[0]
    assert "patient_request" in section
    assert "review_center" in section


# --- the schema


def test_schema_is_on_stdout_and_is_a_schema(tmp_path: Path) -> None:
    done = run(tmp_path, "schema")
    assert (done.code, done.err) == (0, "")
    jsonschema.Draft202012Validator.check_schema(done.json)
    assert done.json["$id"] == "https://w3id.org/second-opinion/fhir/schema/case-1.json"
    assert done.json == json.loads(json.dumps(schema()))


@pytest.mark.parametrize("location", CASES, ids=lambda path: path.parent.name)
def test_every_case_fits_the_schema(location: Path) -> None:
    judge = jsonschema.Draft202012Validator(schema())
    held = json.loads(location.read_text(encoding="utf-8"))
    assert [error.json_path for error in judge.iter_errors(held)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [("scope", "everything"), ("authored_on", "2026-3-1"), ("reasons", "rare-cancer"), ("colour", "blue")],
)
def test_what_the_format_has_not_does_not_fit_the_schema(path: str, value: str) -> None:
    held = json.loads(CASES[0].read_text(encoding="utf-8"))
    held["request"][path] = value
    assert not jsonschema.Draft202012Validator(schema()).is_valid(held)
    from mappings.domain.native import read_case

    with pytest.raises(ProblemError):
        read_case(json.dumps(held).encode())
