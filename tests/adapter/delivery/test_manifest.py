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
    assert (problem.where, problem.message.split(";")[0]) == ("index.html", "is not as the manifest says")


def test_a_key_that_is_not_trusted_is_told(bundle: Path, key: ECKey, tmp_path: Path) -> None:
    found = verify(bundle, (_public(ECKey.generate_key("P-384"), tmp_path),))
    assert found.intact
    assert _signer(found)[1] is False
    assert found.summary == f"intact: 11 files, signed by a key that is not trusted here, thumbprint {key.thumbprint()}"
    assert [(p.where, p.message.split(";")[0]) for p in found.refusals] == [
        ("manifest.jws", "is by a key that is not trusted here")
    ]


def test_without_a_signature_the_bytes_are_intact_but_it_is_not_taken_where_keys_are_trusted(
    bundle: Path, key: ECKey, tmp_path: Path
) -> None:
    (bundle / "manifest.jws").unlink()
    found = verify(bundle)
    assert (found.intact, found.signed, found.refusals) == (True, False, ())
    assert found.summary == "intact: 11 files, not signed (this shows accidental change only)"
    required = verify(bundle, (_public(key, tmp_path),))
    assert (required.intact, required.signed, required.problems) == (True, False, ())
    assert [(p.where, p.message.split(";")[0]) for p in required.refusals] == [
        ("manifest.jws", "is missing, and a signature is required here")
    ]
    assert required.summary == "intact but not signed, and a signature is required here: 11 files"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello", "is no public EC key (PEM or JWK); name the sender's public key"),
        (b"{}", "is no public EC key (PEM or JWK); name the sender's public key"),
        (b"", "is no public EC key (PEM or JWK); name the sender's public key"),
        (None, "is not there; mend the path in the settings (or in --key), or make the key"),
    ],
)
def test_a_trusted_key_that_is_none_is_told_before_the_bundle_is_judged(
    content: bytes | None, said: str, bundle: Path, tmp_path: Path
) -> None:
    (bundle / "index.html").write_text("changed")
    place = tmp_path / "partner.pem"
    if content is not None:
        place.write_bytes(content)
    with pytest.raises(ProblemError) as caught:
        verify(bundle, (place,))
    assert [(p.where, p.message, p.rule) for p in caught.value.problems] == [("partner.pem", said, "bundle.key")]


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
        "header-without-end": base64.urlsafe_b64encode(b"[" * 100_000).decode() + "..x",
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
    "header-without-end",
    "none", "none-with-key", "shorter-key", "public-key-as-secret", "key-of-another", "signature-of-other-bytes",
)  # fmt: skip


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_seal_is_refused(forgery: str, bundle: Path, key: ECKey) -> None:
    (bundle / "manifest.jws").write_text(_forged(bundle, key)[forgery], "utf-8")
    found = verify(bundle)
    assert [(p.code, p.where) for p in found.problems] == [("security", "manifest.jws")]
    assert (found.signer, found.signed) == (None, False)
    assert found.summary == "NOT intact: 11 files, the signature does not fit"


def test_a_manifest_of_another_format_is_refused(bundle: Path) -> None:
    told = json.loads((bundle / "manifest.json").read_text())
    for change in ({"format": "second-opinion-bundle/2"}, {"more": 1}, {"files": None}):
        (bundle / "manifest.json").write_text(json.dumps(told | change))
        with pytest.raises(ProblemError, match="is not a manifest of this format"):
            verify(bundle)
    (bundle / "manifest.json").unlink()
    with pytest.raises(ProblemError, match="this is no case bundle"):
        verify(bundle)


@pytest.mark.parametrize("kind", ["public", "P-256", "no key", "empty"])
def test_a_key_that_cannot_sign_stops_before_anything_is_delivered(kind: str, tmp_path: Path) -> None:
    place = tmp_path / "key.pem"
    texts = {
        "public": ECKey.generate_key("P-384").as_pem(private=False),
        "P-256": ECKey.generate_key("P-256").as_pem(private=True),
        "no key": b"hello",
        "empty": b"",
    }
    place.write_bytes(texts[kind])
    settings = msgspec.structs.replace(Settings(signing_key=place), ledger=f"sqlite:///{tmp_path}/ledger.db")
    with pytest.raises(ProblemError, match="is no private EC key"):
        export_case(golden.source("svc-syndrome", tmp_path), tmp_path / "out", settings, golden.NOW)
    assert not (tmp_path / "out").exists()


def test_a_signing_key_that_is_absent_or_closed_is_said_to_be_so(tmp_path: Path) -> None:
    settings = Settings(signing_key=tmp_path / "key.pem", ledger=f"sqlite:///{tmp_path}/ledger.db")
    place = golden.source("svc-syndrome", tmp_path)
    with pytest.raises(
        ProblemError,
        match=r"^error: key\.pem: is not there; mend the path in the settings \(or in --key\), or make the key",
    ):
        export_case(place, tmp_path / "out", settings, golden.NOW)
    (tmp_path / "key.pem").mkdir()
    with pytest.raises(ProblemError, match=r"^error: key\.pem: cannot be read; it has to be a file"):
        export_case(place, tmp_path / "out", settings, golden.NOW)
    assert not (tmp_path / "out").exists()
