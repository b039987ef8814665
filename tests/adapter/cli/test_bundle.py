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
    assert (done.code, done.out, done.err) == (
        0,
        "intact: 4 files, not signed (this shows accidental change only)\n",
        "",
    )
    as_json = run(exported, "verify", "out", "--json").json
    assert as_json == {"intact": True, "signed": False, "files": 4, "signer": None}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("README.txt", "README.txt: is not as the manifest says"),
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
    assert (trusted.code, trusted.json["signed"], trusted.json["signer"]["trusted"]) == (0, True, True)
    unknown = run(exported, "verify", "sealed.zip", "--key", other)
    assert unknown.code == 1
    assert "a key that is not trusted here" in unknown.out
    assert run(exported, "verify", "sealed.zip").code == 0


def test_without_a_seal_nothing_is_taken_where_keys_are_trusted(exported: Path) -> None:
    _, public = key(exported, "theirs")
    done = run(exported, "verify", "out", "--key", public)
    assert (done.code, done.out) == (1, "intact but not signed, and a signature is required here: 4 files\n")
    assert done.err == (
        "error: manifest.jws: is missing, and a signature is required here; "
        "ask the sender for a signed bundle [bundle.signature]\n"
    )
    as_json = run(exported, "verify", "out", "--key", public, "--json")
    assert (as_json.code, as_json.json) == (1, {"intact": True, "signed": False, "files": 4, "signer": None})
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
    assert done.err == (
        "error: manifest.json: is missing; this is no case bundle: name what `export` wrote [bundle.manifest]\n"
    )
    assert run(exported, "verify", "not-there").code == 2


@pytest.mark.parametrize("command", [("verify", "out"), ("import", "out", "--to", "back")])
def test_a_key_that_is_none_is_a_failure_of_its_own(exported: Path, command: tuple[str, ...]) -> None:
    (exported / "partner.pem").write_text("hello", encoding="utf-8")
    done = run(exported, *command, "--key", "partner.pem")
    said = "error: partner.pem: is no public EC key (PEM or JWK); name the sender's public key [bundle.key]\n"
    assert (done.code, done.out, done.err) == (1, "", said)
    assert run(exported, *command, "--key", "nowhere.pem").code == 2
    assert not (exported / "back").exists()


def test_import_takes_only_what_the_keys_it_is_given_signed(exported: Path) -> None:
    private, public = key(exported, "ours")
    _, other = key(exported, "theirs")
    sealed = {"SECOND_OPINION_SIGNING_KEY": str(private)}
    assert run(exported, "export", "svc-syndrome", "--to", "sealed.zip", **sealed).code == 0
    unknown = run(exported, "import", "sealed.zip", "--to", "back", "--key", other)
    assert (unknown.code, unknown.out) == (1, "")
    assert unknown.err.startswith("error: manifest.jws: is by a key that is not trusted here")
    assert run(exported, "import", "out", "--to", "back", "--key", public).code == 1
    assert not (exported / "back").exists()
    taken = run(exported, "import", "sealed.zip", "--to", "back", "--key", other, "--key", public)
    assert (taken.code, taken.out, taken.err) == (0, "back\n", "")


def test_export_names_the_folder_that_is_missing(exported: Path) -> None:
    done = run(exported, "export", "svc-syndrome", "--to", "sub/dir/out")
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: sub/dir: does not exist; create this folder first [bundle.container]\n"
    assert not (exported / "sub").exists()


def test_a_medium_is_verified_and_imported_as_a_whole(tmp_path: Path) -> None:
    place = case(tmp_path, "discordant-imaging-biopsy")
    assert run(tmp_path, "export", place, "--to", "cd", "--medium", "cd").code == 0
    done = run(tmp_path, "verify", "cd", "--json")
    assert (done.code, done.json["volumes"], done.json["intact"]) == (0, 1, True)
    assert run(tmp_path, "verify", "cd/VOLUME1").out.startswith("intact: ")
    for given in ("cd", "cd/VOLUME1"):
        back = f"back-{given.count('/')}"
        taken = run(tmp_path, "import", given, "--to", back)
        assert (taken.code, taken.out, taken.err) == (0, f"{back}\n", "")
        assert (tmp_path / back / "DICOM" / "VOLUME1").is_dir()
        assert run(tmp_path, "check", back).code == 0
