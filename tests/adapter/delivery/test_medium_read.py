"""A medium is verified and imported as it comes: a volume, or the folder of all of them."""

import shutil
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from adapter.config import Settings
from adapter.delivery.bundle_import import import_bundle
from adapter.delivery.verify import verify
from adapter.delivery.volumes import RESERVE
from adapter.pipeline import export_case
from mappings.problems import ProblemError
from tests.adapter.delivery.test_medium import case_of, written
from tests.golden import NOW, export

TWO = RESERVE + 310_000


def bundle_of(case: Path, out: Path) -> bytes:
    export(case, out, NOW)
    return (out / "bundle.json").read_bytes()


def said(error: pytest.ExceptionInfo[ProblemError]) -> list[tuple[str, str]]:
    return [(found.where, found.message) for found in error.value.problems]


@pytest.fixture
def medium(tmp_path: Path) -> Path:
    written(case_of(tmp_path), tmp_path / "cd", TWO)
    return tmp_path / "cd"


def test_a_whole_medium_gives_the_case_again(medium: Path, tmp_path: Path) -> None:
    assert import_bundle(medium, tmp_path / "back") == ()
    assert sorted(path.name for path in (tmp_path / "back" / "DICOM").iterdir()) == ["VOLUME1", "VOLUME2"]
    case = next(path.parent for path in tmp_path.glob("*/case.json") if path.parent.name != "back")
    assert bundle_of(tmp_path / "back", tmp_path / "one") == bundle_of(case, tmp_path / "two")


def test_folders_of_other_names_are_told_by_their_pages(medium: Path, tmp_path: Path) -> None:
    (medium / "VOLUME1").rename(medium / "disc-b")
    (medium / "VOLUME2").rename(medium / "disc-a")
    assert verify(medium).summary == "intact: 2 volumes, 23 files, not signed (this shows accidental change only)"
    assert import_bundle(medium, tmp_path / "back") == ()
    ours = {path.name for path in (tmp_path / "back" / "DICOM" / "VOLUME2").rglob("*") if path.is_file()}
    assert len(ours) == 4


def test_the_volume_that_has_the_case_is_imported_and_the_rest_is_named(medium: Path, tmp_path: Path) -> None:
    (told,) = import_bundle(medium / "VOLUME1", tmp_path / "back")
    assert (told.severity, told.where) == ("warning", "volume 2")
    assert told.message == (
        "was not at hand: copy its folder DICOM, if it has one, into the case folder as DICOM/VOLUME2"
    )
    shutil.copytree(medium / "VOLUME2" / "DICOM", tmp_path / "back" / "DICOM" / "VOLUME2")
    import_bundle(medium, tmp_path / "whole")
    assert bundle_of(tmp_path / "back", tmp_path / "one") == bundle_of(tmp_path / "whole", tmp_path / "two")


def test_a_volume_without_the_case_names_where_it_is(medium: Path, tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        import_bundle(medium / "VOLUME2", tmp_path / "back")
    told = "is not on this volume: name the volume that has it (README.TXT says which), or the folder of all"
    assert said(caught) == [("CASE/CASE.ZIP", told)]
    assert sorted(path.name for path in tmp_path.iterdir() if "back" in path.name) == []


def test_a_volume_that_is_missing_or_changed_is_named(medium: Path, tmp_path: Path) -> None:
    (medium / "VOLUME2" / "INDEX.HTM").write_text("changed")
    found = verify(medium)
    assert [note.where for note in found.problems] == ["VOLUME2/INDEX.HTM"]
    assert found.summary == "NOT intact: 2 volumes, 23 files, not signed"
    shutil.rmtree(medium / "VOLUME2")
    assert [(note.where, note.message) for note in verify(medium).problems] == [
        ("VOLUME2", "is missing; add it, or name a volume by itself")
    ]
    with pytest.raises(ProblemError):
        import_bundle(medium, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_one_key_signs_all_volumes(tmp_path: Path) -> None:
    case = case_of(tmp_path)
    for name in ("ours", "other"):
        key = ECKey.generate_key("P-384")
        (tmp_path / f"{name}.pem").write_bytes(key.as_pem(private=True))
        (tmp_path / f"{name}.pub").write_bytes(key.as_pem(private=False))
        chosen = Settings(ledger=f"sqlite:///{tmp_path / 'ledger.sqlite3'}", signing_key=tmp_path / f"{name}.pem")
        export_case(case, tmp_path / name, chosen, NOW, TWO)
    trusted = (tmp_path / "ours.pub",)
    found = verify(tmp_path / "ours", trusted)
    assert (found.intact, found.signed, found.refusals, found.volumes) == (True, True, (), 2)
    assert import_bundle(tmp_path / "ours", tmp_path / "back", trusted) == ()
    (tmp_path / "ours" / "VOLUME2" / "SHA256.JWS").rename(tmp_path / "kept")
    assert [note.where for note in verify(tmp_path / "ours", trusted).refusals] == [
        "SHA256.JWS",
        "VOLUME2/SHA256.JWS",
    ]
    assert [note.where for note in verify(tmp_path / "ours").refusals] == ["SHA256.JWS"]
    shutil.rmtree(tmp_path / "ours" / "VOLUME2")
    shutil.copytree(tmp_path / "other" / "VOLUME2", tmp_path / "ours" / "VOLUME2")
    assert (verify(tmp_path / "ours").intact, verify(tmp_path / "ours").signed) == (False, False)


def test_a_case_on_it_by_another_key_is_not_taken(tmp_path: Path) -> None:
    case, key = case_of(tmp_path, 1), ECKey.generate_key("P-384")
    written(case, tmp_path / "plain", 700_000_000)
    (tmp_path / "key.pem").write_bytes(key.as_pem(private=True))
    (tmp_path / "key.pub").write_bytes(key.as_pem(private=False))
    chosen = Settings(ledger=f"sqlite:///{tmp_path / 'ledger.sqlite3'}", signing_key=tmp_path / "key.pem")
    export_case(case, tmp_path / "signed", chosen, NOW, 700_000_000)
    from adapter.delivery.medium import _seal

    shutil.copyfile(*(tmp_path / name / "VOLUME1" / "CASE" / "CASE.ZIP" for name in ("plain", "signed")))
    for name in ("SHA256.TXT", "SHA256.JWS"):
        (tmp_path / "signed" / "VOLUME1" / name).unlink()
    _seal(tmp_path / "signed" / "VOLUME1", chosen)
    assert verify(tmp_path / "signed", (tmp_path / "key.pub",)).refusals == ()
    with pytest.raises(ProblemError) as caught:
        import_bundle(tmp_path / "signed", tmp_path / "back", (tmp_path / "key.pub",))
    assert [where for where, _ in said(caught)] == ["VOLUME1/CASE/CASE.ZIP manifest.jws"]


def test_a_folder_of_anything_else_is_no_medium(tmp_path: Path) -> None:
    (tmp_path / "out" / "a").mkdir(parents=True)
    with pytest.raises(ProblemError) as caught:
        verify(tmp_path / "out")
    assert [where for where, _ in said(caught)] == ["manifest.json"]
