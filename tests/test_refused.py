"""What is refused leaves every store as it was, a crash is made good, and no message tells of a patient."""

import csv
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import adapter.cli.case
from adapter.cli import main
from adapter.config import Settings
from adapter.delivery import case_bundle
from adapter.ledger.store import Ledger
from adapter.pipeline import export_case
from mappings.domain.values import Moment
from mappings.fhir.bundle import assemble
from mappings.problems import ProblemError
from tests import golden
from tests.small_case import PATIENT, REPORT, case, delivered, write

REFUSED = golden.CASES.parent / "refused"
LATER = Moment("2026-03-17T09:00:00-04:00")


def _rows() -> Iterator[dict[str, str]]:
    with (REFUSED / "index.csv").open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


LOADED = sorted({row["path"] for row in _rows() if row["command"] == "load" and not row["where"].startswith("dicom/")})
UNITS = sorted({row["path"] for row in _rows() if row["command"] == "load" and row["where"].startswith("dicom/")})
VALIDATED = sorted({row["path"] for row in _rows() if row["command"] == "validate"})
FACTS = sorted({row["path"] for row in _rows() if row["command"] == "facts"})


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command line with a ledger and a folder of its own, at the fixed time."""
    monkeypatch.setattr(adapter.cli.case, "now", lambda: golden.NOW)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object, **more: Any) -> Result:
        env = {"SECOND_OPINION_LEDGER": f"sqlite:///{tmp_path}/ledger.db", "SECOND_OPINION_CONFIG": "", "NO_COLOR": "1"}
        return CliRunner().invoke(main, [str(argument) for argument in arguments], env=env, **more)

    return call


def _stores(folder: Path) -> dict[str, bytes]:
    """Every file below a folder: the ledger, deliveries, what was left over."""
    return delivered(folder)


@pytest.fixture
def busy(tmp_path: Path, run: Any) -> dict[str, bytes]:
    """The stores after an earlier delivery to `out`."""
    source = write(tmp_path / "earlier", {"fhir/p.json": PATIENT, "fhir/report.json": REPORT})
    assert run("export", source, "--to", tmp_path / "out").exit_code == 0
    return _stores(tmp_path)


@pytest.mark.parametrize("path", LOADED)
def test_a_refused_case_leaves_every_store_as_it_was(
    path: str, busy: dict[str, bytes], run: Any, tmp_path: Path
) -> None:
    for target in ("out", "new", "new.zip"):
        done = run("export", REFUSED / path, "--to", tmp_path / target)
        assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert _stores(tmp_path) == busy


@pytest.mark.parametrize("path", UNITS)
def test_a_refused_unit_stays_behind_and_the_rest_goes(path: str, run: Any, tmp_path: Path) -> None:
    image = (REFUSED / path / "dicom/one.dcm").read_bytes()
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT, "dicom/one.dcm": image}
    done = run("export", write(tmp_path / "case", files), "--to", tmp_path / "out")
    assert done.exit_code == 4
    units = json.loads((tmp_path / "out.account.json").read_text("utf-8"))["units"]
    told = {unit["source"]: unit["outcome"] for unit in units}
    assert told == {"dicom/one.dcm": "refused", "fhir/p.json": "mapped", "fhir/report.json": "mapped"}
    assert [name for name in delivered(tmp_path / "out") if "DICOM" in name] == []


def test_what_the_gate_does_not_permit_is_written_down_as_decided_and_nothing_else_is_touched(
    busy: dict[str, bytes], run: Any, tmp_path: Path
) -> None:
    told = case()
    del told["access"]["identity_verified"]
    folder = tmp_path.parent / f"{tmp_path.name}-pend"
    source = write(folder, {"fhir/p.json": PATIENT, "fhir/report.json": REPORT}, told)
    for target in ("out", "new"):
        assert run("export", source, "--to", tmp_path / target).exit_code == 3
        assert run("check", source).exit_code == 3
    assert {n: d for n, d in _stores(tmp_path).items() if n != "ledger.db"} == {
        n: d for n, d in busy.items() if n != "ledger.db"
    }
    settings = Settings(ledger=f"sqlite:///{tmp_path}/ledger.db")
    decided = [(row["outcome"], row["content_sha256"] is None) for row in _ledger(settings, "decision")]
    assert decided == [("permit", False), ("pend", True)]
    assert (len(_ledger(settings, "release")), len(_ledger(settings, "disclosure"))) == (1, 1)


def test_checking_what_the_gate_does_not_permit_writes_nothing(
    busy: dict[str, bytes], run: Any, tmp_path: Path
) -> None:
    told = case()
    del told["access"]["identity_verified"]
    source = write(
        tmp_path.parent / f"{tmp_path.name}-pend", {"fhir/p.json": PATIENT, "fhir/report.json": REPORT}, told
    )
    assert run("check", source).exit_code == 3
    assert _stores(tmp_path) == busy


@pytest.mark.parametrize("target", ["mine", "nowhere/out", "earlier/out"])
def test_a_target_that_cannot_be_leaves_every_store_as_it_was(target: str, run: Any, tmp_path: Path) -> None:
    source = write(tmp_path / "earlier", {"fhir/p.json": PATIENT, "fhir/report.json": REPORT})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/diary.txt").write_text("mine")
    before = _stores(tmp_path)
    done = run("export", source, "--to", tmp_path / target)
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert _stores(tmp_path) == before


def test_a_key_that_cannot_sign_leaves_every_store_as_it_was(run: Any, tmp_path: Path) -> None:
    source = write(tmp_path / "earlier", {"fhir/p.json": PATIENT, "fhir/report.json": REPORT})
    (tmp_path / "key.pem").write_text("no key")
    (tmp_path / "second-opinion.toml").write_text('signing_key = "key.pem"')
    before = _stores(tmp_path)
    done = run("export", source, "--to", tmp_path / "out")
    assert (done.exit_code, done.stderr.split(":")[1].strip()) == (1, "key.pem")
    assert _stores(tmp_path) == before


@pytest.mark.parametrize("path", VALIDATED)
def test_validating_writes_nothing(path: str, run: Any, tmp_path: Path) -> None:
    assert run("validate", REFUSED / path).exit_code == 1
    assert _stores(tmp_path) == {}


@pytest.mark.parametrize("path", FACTS)
def test_deciding_writes_nothing(path: str, run: Any, tmp_path: Path) -> None:
    assert run("decide", REFUSED / path).exit_code == 1
    assert _stores(tmp_path) == {}


# --- a crash


def _fail(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


CRASHES = {
    "documents": (case_bundle, "_write_documents"),
    "images": (case_bundle, "_write_images"),
    "sealing": (case_bundle, "_seal"),
    "page": (case_bundle, "render"),
    "recording": (Ledger, "delivered"),
}


@pytest.mark.parametrize("moment", CRASHES)
def test_a_crash_is_made_good_by_the_next_run(moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = golden.source("cord-compression", tmp_path)
    calm = Settings(ledger=f"sqlite:///{tmp_path}/calm.db")
    export_case(source, tmp_path / "calm", calm, golden.NOW)
    settings = Settings(ledger=f"sqlite:///{tmp_path}/ledger.db")
    monkeypatch.setattr(*CRASHES[moment], _fail)
    with pytest.raises(OSError, match="No space"):
        export_case(source, tmp_path / "out", settings, golden.NOW)
    monkeypatch.undo()
    assert {p.name for p in tmp_path.iterdir() if p.name.startswith(".")} == set(), "nothing is left over"
    [prepared] = _ledger(settings, "release")
    assert (prepared["state"], _ledger(settings, "disclosure")) == ("prepared", [])
    export_case(source, tmp_path / "out", settings, LATER)
    assert delivered(tmp_path / "out") == delivered(tmp_path / "calm")
    [closed] = _ledger(settings, "release")
    assert (closed["state"], closed["decided_at"]) == ("delivered", str(golden.NOW))
    assert len(_ledger(settings, "disclosure")) == 1


def _ledger(settings: Settings, table: str) -> list[dict[str, Any]]:
    ledger = Ledger(settings.ledger)
    try:
        return ledger.rows(table)
    finally:
        ledger.close()


def test_what_we_made_and_is_not_valid_leaves_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(ledger=f"sqlite:///{tmp_path}/ledger.db")
    source = write(tmp_path / "case", {"fhir/p.json": PATIENT, "fhir/report.json": REPORT})

    def wrong(*arguments: Any) -> Any:
        made = assemble(*arguments)
        made["entry"][0]["resource"]["gender"] = "none of the words"
        return made

    monkeypatch.setattr(case_bundle, "assemble", wrong)
    with pytest.raises(ProblemError) as refused:
        export_case(source, tmp_path / "out", settings, golden.NOW)
    assert "none of the words" not in str(refused.value)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "ledger.db").exists()


# --- nothing about a patient in any message

_PERSONAL = re.compile(
    r'"(?:family|text|value|birth_date|birthDate|question|city|postal_code|member_id|conclusion)": *"([^"]{4,})"'
)
_LISTS = re.compile(r'"(?:given|lines|line)": *\[([^\]]*)\]')
_HARMLESS = {"00000", "Exampleton", "Testville", "text", "unknown"}


def _personal(folder: Path) -> set[str]:
    """What identifies people in a case folder, read from the text so that a broken file tells it too."""
    found: set[str] = set()
    for path in (p for p in folder.rglob("*") if p.suffix in (".json", ".ndjson")):
        text = path.read_bytes().decode("utf-8", "replace")
        found |= set(_PERSONAL.findall(text))
        found |= {word for inner in _LISTS.findall(text) for word in re.findall(r'"([^"]{4,})"', inner)}
    return found - _HARMLESS


def _told(done: Result) -> str:
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("name", golden.scenarios())
def test_no_command_tells_of_the_patient(name: str, run: Any, tmp_path: Path) -> None:
    source = golden.source(name, tmp_path)
    said = [
        run("check", source),
        run("check", source, "--json"),
        run("completeness", source),
        run("completeness", source, "--json"),
        run("completeness", source, "--html"),
        run("completeness", source, "--released", "--fhir"),
        run("export", source, "--to", tmp_path / "out"),
        run("export", source, "--to", tmp_path / "out.zip", "--json"),
        run("verify", tmp_path / "out"),
        run("import", tmp_path / "out.zip", "--to", tmp_path / "back"),
        run("validate", "--warnings", tmp_path / "out", source),
        run("convert", source, "--to", tmp_path / "converted"),
    ]
    text = "\n".join(map(_told, said)) + run("convert", source).stderr
    assert len(_personal(source)) > 8
    assert {word for word in _personal(source) if word in text} == set()


@pytest.mark.parametrize("path", [*LOADED, *UNITS])
def test_no_refusal_tells_of_the_patient(path: str, run: Any, tmp_path: Path) -> None:
    commands = (["check"], ["export", "--to", tmp_path / "out"], ["convert", "--to", tmp_path / "converted"])
    text = "\n".join(_told(run(command, REFUSED / path, *rest)) for command, *rest in commands)
    text += _told(run("validate", "--warnings", REFUSED / path))
    assert {word for word in _personal(REFUSED / path) if word in text} == set()


@pytest.mark.parametrize("path", [*VALIDATED, *FACTS])
def test_no_problem_of_a_file_tells_of_the_patient(path: str, run: Any) -> None:
    text = _told(run("validate", "--warnings", REFUSED / path)) + _told(run("decide", REFUSED / path))
    text += _told(run("convert", REFUSED / path, "--to", "converted"))
    assert {
        word
        for word in re.findall(r'"([A-Z]{2,}-\d+|Test[\w-]+|\d{4}-\d\d-\d\d)"', (REFUSED / path).read_text("utf-8"))
        if word in text
    } == set()


DECLARED = {"path": "x.txt", "kind": "clinical_record"}


@pytest.mark.parametrize("name", ["urn:uuid:x", "DocumentReference/zz"])
def test_a_document_is_not_named_like_an_address(name: str, run: Any, tmp_path: Path) -> None:
    place = write(tmp_path / "case", {"x.txt": "x"}, case(materials=[{**DECLARED, "id": name}]))
    for command in (["check", place], ["export", place, "--to", tmp_path / "out"]):
        done = run(*command)
        assert done.exit_code == 1
        assert "case.json $.materials[0].id: is no local name" in done.stderr


def test_a_document_that_changes_while_it_is_copied_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = write(tmp_path / "case", {"x.txt": "what was decided about"}, case(materials=[DECLARED]))
    copy = shutil.copyfile

    def copied(source: Path, to: Path) -> None:
        source.write_text("what is there by now", "utf-8")
        copy(source, to)

    monkeypatch.setattr(shutil, "copyfile", copied)
    with pytest.raises(ProblemError, match=r"x\.txt: changed while it was exported; run the export again"):
        golden.export(place, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_bundle_goes_to_nobody_who_may_not_know_the_request(run: Any, tmp_path: Path) -> None:
    told = case()
    restricted = {"agreed": True, "blocks_recipient": "review_center", "items": ["request"]}
    told["access"]["restrictions"] = [restricted]
    place = write(tmp_path / "case", {"fhir/p.json": PATIENT, "fhir/report.json": REPORT}, told)
    done = run("export", place, "--to", tmp_path / "out")
    assert done.exit_code == 3
    assert "case.json $.request: the request itself may not go to this recipient" in done.stderr
    assert not (tmp_path / "out").exists()
    assert run("check", place).exit_code == 3
