"""verify and import."""

from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from tests.adapter.cli.command import case, run


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    place = case(tmp_path, "svc-syndrome")
    assert run(tmp_path, "export", place, "--to", "out").code == 0
    return tmp_path


def key(folder: Path, name: str) -> tuple[Path, Path]:
    """A private and a public key."""
    made = ECKey.generate_key("P-384")
    private, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    private.write_bytes(made.as_pem(private=True))
    public.write_bytes(made.as_pem(private=False))
    return private, public


def test_what_was_exported_is_intact(exported: Path) -> None:
    done = run(exported, "verify", "out")
    assert (done.code, done.out, done.err) == (0, "intact: 4 files, not signed\n", "")
    assert run(exported, "verify", "out", "--json").json == {"intact": True, "files": 4, "signer": None}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("README.txt", "README.txt: was changed after it was sealed"),
        ("more.txt", "more.txt: is not on the manifest"),
    ],
)
def test_what_was_changed_is_named(exported: Path, name: str, said: str) -> None:
    (exported / "out" / name).write_text("other\n", encoding="utf-8")
    done = run(exported, "verify", "out")
    assert (done.code, done.out) == (1, "NOT intact: 4 files, not signed\n")
    assert done.err == f"error: {said}; ask the sender for the bundle again [bundle.manifest]\n"
    taken = run(exported, "import", "out", "--to", "back")
    assert (taken.code, taken.out) == (1, "")
    assert not (exported / "back").exists()


def test_what_is_missing_is_named(exported: Path) -> None:
    (exported / "out" / "index.html").unlink()
    done = run(exported, "verify", "out", "--json")
    assert (done.code, done.json["intact"]) == (1, False)
    assert "index.html: is missing" in done.err


def test_a_seal_is_known_by_its_key(exported: Path) -> None:
    private, public = key(exported, "ours")
    _, other = key(exported, "theirs")
    sealed = {"SECOND_OPINION_SIGNING_KEY": str(private)}
    assert run(exported, "export", "svc-syndrome", "--to", "sealed.zip", **sealed).code == 0
    trusted = run(exported, "verify", "sealed.zip", "--key", public, "--json")
    assert (trusted.code, trusted.json["signer"]["trusted"]) == (0, True)
    unknown = run(exported, "verify", "sealed.zip", "--key", other)
    assert unknown.code == 1
    assert "a key that is not trusted here" in unknown.out
    assert run(exported, "verify", "sealed.zip").code == 0


def test_without_a_seal_nothing_is_taken_where_keys_are_trusted(exported: Path) -> None:
    _, public = key(exported, "theirs")
    done = run(exported, "verify", "out", "--key", public)
    assert done.code == 1
    assert "manifest.jws: is missing" in done.err
    (exported / "second-opinion.toml").write_text(f'trusted_keys = ["{public.name}"]\n', encoding="utf-8")
    taken = run(exported, "import", "out", "--to", "back")
    assert taken.code == 1
    assert not (exported / "back").exists()


def test_import_gives_a_case_that_check_takes(exported: Path) -> None:
    done = run(exported, "import", "out", "--to", "back")
    assert (done.code, done.out, done.err) == (0, "back\n", "")
    assert run(exported, "check", "back").out.splitlines()[0] == "permit"
    again = run(exported, "import", "out", "--to", "back")
    assert (again.code, again.err) == (1, "error: back: exists; name a new folder [bundle.import]\n")


def test_what_is_no_bundle_is_refused(exported: Path) -> None:
    done = run(exported, "verify", "svc-syndrome")
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: manifest.json: is missing; this is no case bundle [bundle.manifest]\n"
    assert run(exported, "verify", "not-there").code == 2
