"""A sealed bundle tells when anything of it was changed, and by whom it was sealed."""

import base64
import hmac
import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from adapter.config import Settings
from adapter.delivery.verify import Verified, verify
from adapter.pipeline import export_case
from mappings.problems import ProblemError
from tests import golden
from tests.small_case import delivered


@pytest.fixture(scope="module")
def key() -> ECKey:
    """The sender's key."""
    return ECKey.generate_key("P-384")


@pytest.fixture(scope="module")
def sealed(key: ECKey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sealed bundle with documents and images."""
    folder = tmp_path_factory.mktemp("sealed")
    (folder / "key.pem").write_bytes(key.as_pem(private=True))
    settings = Settings(ledger=f"sqlite:///{folder}/ledger.db", signing_key=folder / "key.pem")
    export_case(golden.source("cord-compression", folder), folder / "out", settings, golden.NOW)
    return folder / "out"


@pytest.fixture
def bundle(sealed: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(sealed, tmp_path / "out"))


def _public(key: ECKey, folder: Path) -> Path:
    place = folder / f"{key.thumbprint()}.pem"
    place.write_bytes(key.as_pem(private=False))
    return place


def test_it_is_intact_and_names_its_signer(bundle: Path, key: ECKey, tmp_path: Path) -> None:
    found = verify(bundle, (_public(key, tmp_path),))
    assert found.intact
    assert found.signer is not None
    assert (found.signer.thumbprint, found.signer.trusted) == (key.thumbprint(), True)
    assert found.files == len(delivered(bundle)) - 2
    assert verify(bundle).signer is not None


def test_a_jwk_is_a_trusted_key_too(bundle: Path, key: ECKey, tmp_path: Path) -> None:
    place = tmp_path / "key.jwk"
    place.write_text(json.dumps(key.as_dict(private=False)))
    assert _signer(verify(bundle, (place,))) == (key.thumbprint(), True)


def _signer(found: Verified) -> tuple[str, bool | None]:
    assert found.signer is not None
    return found.signer.thumbprint, found.signer.trusted


def test_a_changed_byte_anywhere_is_found(bundle: Path) -> None:
    for path in sorted(delivered(bundle)):
        data = (bundle / path).read_bytes()
        for place in {0, len(data) // 2, len(data) - 2}:
            (bundle / path).write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            assert not _is_intact(bundle), (path, place)
        (bundle / path).write_bytes(data)
    assert _is_intact(bundle)


def _is_intact(bundle: Path) -> bool:
    try:
        return verify(bundle).intact
    except ProblemError:
        return False


def test_a_missing_and_an_added_file_are_named(bundle: Path) -> None:
    (bundle / "case.json").unlink()
    (bundle / "documents/more.txt").write_text("more")
    found = [(p.where, p.code, p.message.split(";")[0]) for p in verify(bundle).problems]
    assert found == [
        ("case.json", "conflict", "is missing"),
        ("documents/more.txt", "conflict", "is not on the manifest"),
    ]


def test_a_changed_file_is_named(bundle: Path) -> None:
    (bundle / "index.html").write_text("<html></html>")
    [problem] = verify(bundle).problems
    assert (problem.where, problem.message.split(";")[0]) == ("index.html", "was changed after it was sealed")


def test_a_key_that_is_not_trusted_is_told(bundle: Path, tmp_path: Path) -> None:
    found = verify(bundle, (_public(ECKey.generate_key("P-384"), tmp_path),))
    assert found.intact
    assert _signer(found)[1] is False
    assert "not trusted" in found.seal


def _compact(header: dict[str, Any], data: bytes, key: Any) -> str:
    return jws.detach_content(jws.serialize_compact(header, data, key, algorithms=[header["alg"]]))


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _forged(bundle: Path, key: ECKey) -> dict[str, str]:
    data = (bundle / "manifest.json").read_bytes()
    good = (bundle / "manifest.jws").read_text().strip()
    header = json.loads(base64.urlsafe_b64decode(good.split(".")[0] + "=="))
    short, stranger = ECKey.generate_key("P-256"), ECKey.generate_key("P-384")
    switched = _part({**header, "alg": "HS256"})
    signed = f"{switched}.{base64.urlsafe_b64encode(data).decode().rstrip('=')}".encode()
    mac = hmac.digest(key.as_pem(private=False), signed, "sha256")
    return {
        "truncated": good[:-10],
        "without-signature": good.rpartition(".")[0] + ".",
        "cut-to-nothing": "",
        "no-json": "e30" + good[3:],
        "header-is-a-list": _part([]) + "..x",
        "header-is-a-text": _part("ES384") + "..x",
        "no-ascii": "ä" + good,
        "none": f"{_part({'alg': 'none'})}..",
        "none-with-key": f"{_part({**header, 'alg': 'none'})}..",
        "shorter-key": _compact({"alg": "ES256", "jwk": short.as_dict(private=False)}, data, short),
        "public-key-as-secret": f"{switched}..{base64.urlsafe_b64encode(mac).decode().rstrip('=')}",
        "key-of-another": f"{_part({**header, 'jwk': stranger.as_dict(private=False)})}..{good.split('.')[2]}",
        "signature-of-other-bytes": _compact(header, data + b" ", key),
    }


FORGERIES = (
    "truncated", "without-signature", "cut-to-nothing", "no-json", "header-is-a-list", "header-is-a-text", "no-ascii",
    "none", "none-with-key", "shorter-key", "public-key-as-secret", "key-of-another", "signature-of-other-bytes",
)  # fmt: skip


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_seal_is_refused(forgery: str, bundle: Path, key: ECKey) -> None:
    (bundle / "manifest.jws").write_text(_forged(bundle, key)[forgery], "utf-8")
    found = verify(bundle)
    assert [(p.code, p.where) for p in found.problems] == [("security", "manifest.jws")]
    assert found.signer is None


def test_a_manifest_of_another_format_is_refused(bundle: Path) -> None:
    told = json.loads((bundle / "manifest.json").read_text())
    for change in ({"format": "second-opinion-bundle/2"}, {"more": 1}, {"files": None}):
        (bundle / "manifest.json").write_text(json.dumps(told | change))
        with pytest.raises(ProblemError, match="is not a manifest of this format"):
            verify(bundle)
    (bundle / "manifest.json").unlink()
    with pytest.raises(ProblemError, match="this is no case bundle"):
        verify(bundle)


@pytest.mark.parametrize("kind", ["public", "P-256", "no key", "absent"])
def test_a_key_that_cannot_sign_stops_before_anything_is_delivered(kind: str, tmp_path: Path) -> None:
    place = tmp_path / "key.pem"
    texts = {
        "public": ECKey.generate_key("P-384").as_pem(private=False),
        "P-256": ECKey.generate_key("P-256").as_pem(private=True),
        "no key": b"hello",
        "absent": b"",
    }
    place.write_bytes(texts[kind])
    settings = msgspec.structs.replace(Settings(signing_key=place), ledger=f"sqlite:///{tmp_path}/ledger.db")
    with pytest.raises(ProblemError, match="is no private EC key"):
        export_case(golden.source("svc-syndrome", tmp_path), tmp_path / "out", settings, golden.NOW)
    assert not (tmp_path / "out").exists()
