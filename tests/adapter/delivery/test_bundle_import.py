"""A bundle becomes a case folder, whole or not at all."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from adapter.config import Settings
from adapter.delivery.bundle_import import import_bundle
from adapter.pipeline import export_case
from mappings.problems import ProblemError
from tests import golden
from tests.small_case import delivered


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with carried FHIR and documents."""
    folder = tmp_path_factory.mktemp("exported")
    golden.export(golden.source("soft-tissue-sarcoma", folder), folder / "out")
    return folder / "out"


@pytest.fixture
def bundle(exported: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(exported, tmp_path / "out"))


def test_what_a_case_folder_gets(bundle: Path, tmp_path: Path) -> None:
    import_bundle(bundle, tmp_path / "case")
    files, sent = delivered(tmp_path / "case"), delivered(bundle)
    documents = {path for path in sent if path.startswith("documents/")}
    assert set(files) == {"case.json", "fhir/carried.json"} | documents
    assert {path: files[path] for path in documents} == {path: sent[path] for path in documents}
    assert files["case.json"] == sent["case.json"]


def _reseal(bundle: Path, **changes: Any) -> None:
    """Make the manifest fit what is there, as somebody does who changes a bundle that nobody signed."""
    place = bundle / "manifest.json"
    told = json.loads(place.read_text("utf-8"))
    files = {path: data for path, data in delivered(bundle).items() if path != "manifest.json"}
    told["files"] = [
        {"path": p, "sha256": hashlib.sha256(d).hexdigest(), "size": len(d)} for p, d in sorted(files.items())
    ]
    place.write_text(json.dumps(told | changes), "utf-8")


def _change(bundle: Path) -> None:
    (bundle / "index.html").write_text("changed")


def _lose_case(bundle: Path) -> None:
    (bundle / "case.json").unlink()
    _reseal(bundle)


def _lose_bundle(bundle: Path) -> None:
    (bundle / "bundle.json").unlink()
    _reseal(bundle)


def _count_wrong(bundle: Path) -> None:
    _reseal(bundle, carried=10_000)


def _count_negative(bundle: Path) -> None:
    _reseal(bundle, carried=-1)


def _no_case(bundle: Path) -> None:
    (bundle / "case.json").write_text("{}")
    _reseal(bundle)


def _leave(bundle: Path) -> None:
    told = json.loads((bundle / "case.json").read_text("utf-8"))
    told["materials"][0]["path"] = "../../evil.pdf"
    (bundle / "case.json").write_text(json.dumps(told), "utf-8")
    _reseal(bundle)


def _no_bundle(bundle: Path) -> None:
    (bundle / "bundle.json").write_text('{"resourceType": "Patient"}')
    _reseal(bundle)


def _count_none(bundle: Path) -> None:
    _reseal(bundle, carried=0)


def _count_one_more(bundle: Path) -> None:
    _reseal(bundle, carried=json.loads((bundle / "manifest.json").read_text("utf-8"))["carried"] + 1)


def _count_one_less(bundle: Path) -> None:
    _reseal(bundle, carried=json.loads((bundle / "manifest.json").read_text("utf-8"))["carried"] - 1)


def _entry_that_is_a_number(bundle: Path) -> None:
    told = json.loads((bundle / "bundle.json").read_text("utf-8"))
    told["entry"].insert(0, 5)
    (bundle / "bundle.json").write_text(json.dumps(told), "utf-8")
    _reseal(bundle)


COUNTS = [_count_wrong, _count_negative, _count_none, _count_one_more, _count_one_less]
BROKEN = [_change, _lose_case, _lose_bundle, *COUNTS, _no_case, _leave, _no_bundle, _entry_that_is_a_number]


@pytest.mark.parametrize("spoil", COUNTS, ids=lambda spoil: spoil.__name__.strip("_"))
def test_a_wrong_count_of_what_was_carried_is_named(
    spoil: Callable[[Path], None], bundle: Path, tmp_path: Path
) -> None:
    spoil(bundle)
    with pytest.raises(ProblemError, match=r"manifest\.json \$\.carried: is not how many entries"):
        import_bundle(bundle, tmp_path / "case")


@pytest.mark.parametrize("spoil", BROKEN, ids=lambda spoil: spoil.__name__.strip("_"))
def test_a_bundle_that_is_not_intact_writes_nothing(
    spoil: Callable[[Path], None], bundle: Path, tmp_path: Path
) -> None:
    spoil(bundle)
    before = delivered(bundle)
    with pytest.raises(ProblemError):
        import_bundle(bundle, tmp_path / "case")
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert delivered(bundle) == before


def test_a_folder_that_is_in_use_is_left_alone(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case/mine.txt").write_text("mine")
    with pytest.raises(ProblemError, match="exists; name a new folder"):
        import_bundle(bundle, tmp_path / "case")
    assert delivered(tmp_path / "case") == {"mine.txt": b"mine"}


def test_a_missing_folder_around_the_new_one_is_named(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        import_bundle(bundle, tmp_path / "sub/dir/case")
    [problem] = caught.value.problems
    assert (problem.where, problem.message) == (
        f"{tmp_path}/sub/dir",
        "does not exist; create this folder first",
    )
    assert not (tmp_path / "sub").exists()


def test_an_empty_folder_is_taken(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    import_bundle(bundle, tmp_path / "case")
    assert "case.json" in delivered(tmp_path / "case")


def test_where_keys_are_trusted_the_seal_of_a_stranger_is_not_enough(tmp_path: Path) -> None:
    (tmp_path / "mine.pem").write_bytes(ECKey.generate_key("P-384").as_pem(private=True))
    (tmp_path / "theirs.pem").write_bytes(ECKey.generate_key("P-384").as_pem(private=False))
    settings = Settings(ledger=f"sqlite:///{tmp_path}/ledger.db", signing_key=tmp_path / "mine.pem")
    export_case(golden.source("svc-syndrome", tmp_path), tmp_path / "sealed", settings, golden.NOW)
    with pytest.raises(ProblemError, match=r"manifest\.jws: is by a key that is not trusted here"):
        import_bundle(tmp_path / "sealed", tmp_path / "case", (tmp_path / "theirs.pem",))
    assert not (tmp_path / "case").exists()


def test_where_keys_are_trusted_an_unsealed_bundle_is_not_imported(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(ECKey.generate_key("P-384").as_pem(private=False))
    with pytest.raises(ProblemError, match=r"manifest\.jws: is missing, and a signature is required here"):
        import_bundle(bundle, tmp_path / "case", (tmp_path / "key.pem",))
    assert not (tmp_path / "case").exists()
