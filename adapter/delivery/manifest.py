"""manifest.json: every file with sha256 and size, basis and citations, versions; and its detached signature.

The manifest holds nothing that depends on what was withheld. manifest.jws is a detached JWS (RFC 7515, appendix F) over
its exact bytes with ES384; the public key travels in the protected header, and its RFC 7638 thumbprint says who signed.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Set
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import msgspec

from mappings.problems import Problem, problem, refuse

MANIFEST = "manifest.json"
SIGNATURE = "manifest.jws"
LIST, SEAL = "SHA256.TXT", "SHA256.JWS"
"""The same of a volume of a medium, in names that ISO 9660 takes: a line a file, as sha256sum reads it."""
ALGORITHM = "ES384"
KEY_RULE = "bundle.key"
_RULE = "bundle.manifest"


class ManifestFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of the delivery."""

    path: str
    sha256: str
    size: int


class Basis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why this may be with the recipient: a reason code, its citation and where to read it."""

    code: str
    citation: str
    uri: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The manifest of a case bundle.

    `profiles_version` is that of our FHIR package, `profiles` what ours in bundle.json satisfies (`canonical|version`);
    `carried` is how many entries of bundle.json (the last ones) came as FHIR.
    """

    format: Literal["second-opinion-bundle/1"] = "second-opinion-bundle/1"
    fhir_version: str = "4.0.1"
    adapter_version: str
    profiles_version: str
    profiles: tuple[str, ...] = ()
    case: str
    released_at: str
    carried: int
    basis: tuple[Basis, ...]
    files: tuple[ManifestFile, ...]


def versions() -> tuple[str, str]:
    """The versions of adapter and FHIR package."""
    from importlib.resources import files

    package = json.loads(files("profiles").joinpath("package.json").read_text(encoding="utf-8"))
    return version("second-opinion-adapter"), str(package["version"])


def describe(tree: Path) -> tuple[ManifestFile, ...]:
    """Every file of the tree but manifest and signature, sorted by path; hashed in a stream."""
    found = []
    for path in sorted(p for p in tree.rglob("*") if p.is_file()):
        name = path.relative_to(tree).as_posix()
        if name not in (MANIFEST, SIGNATURE):
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            found.append(ManifestFile(path=name, sha256=digest, size=path.stat().st_size))
    return tuple(found)


def encode(manifest: Manifest) -> bytes:
    """The exact bytes that are written and signed."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def read_manifest(tree: Path) -> tuple[Manifest, bytes]:
    """The manifest of an opened delivery and its bytes.

    Raises:
        ProblemError: there is none, or it is not of this format.
    """
    location = tree / MANIFEST
    if not location.is_file():
        raise refuse("not-found", MANIFEST, "is missing; this is no case bundle: name what `export` wrote", rule=_RULE)
    data = location.read_bytes()
    try:
        return msgspec.json.decode(data, type=Manifest), data
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        raise refuse("structure", MANIFEST, "is not a manifest of this format", rule=_RULE) from None


def read_list(tree: Path) -> tuple[dict[str, str], bytes]:
    """Path -> sha256 as SHA256.TXT of a volume has it, and its bytes.

    Raises:
        ProblemError: it is no such list.
    """
    data = (tree / LIST).read_bytes()
    rows = [line.partition("  ") for line in data.decode("ascii", "replace").splitlines()]
    if not rows or any(len(digest) != 64 or not gap or not path for digest, gap, path in rows):
        raise refuse("structure", LIST, "is no list of files and digests", rule=_RULE)
    return {path: digest for digest, _, path in rows}, data


def compare(manifest: Manifest, tree: Path) -> list[Problem]:
    """What differs between the manifest and the files: changed, missing, added. Tells nothing of who changed it."""
    told = {file.path: file for file in manifest.files}
    there = {file.path: file for file in describe(tree)}
    found = [_differs(path, "is missing") for path in told if path not in there]
    found += [_differs(path, "is not on the manifest") for path in there if path not in told]
    found += [
        _differs(path, "is not as the manifest says") for path in told if there.get(path, told[path]) != told[path]
    ]
    return sorted(found, key=lambda p: p.where)


def _differs(path: str, what: str) -> Problem:
    return problem("conflict", path, f"{what}; ask the sender for the bundle again", rule=_RULE)


# --- signature


def sign(data: bytes, key_file: Path) -> bytes:
    """A detached compact JWS over `data` with the EC P-384 private key in `key_file` (PEM or JWK).

    Raises:
        ProblemError: the key cannot be read or is no P-384 private key.
    """
    from joserfc import jws

    key = private_key(key_file)
    header = {"alg": ALGORITHM, "typ": "JOSE", "kid": key.thumbprint(), "jwk": key.as_dict(private=False)}
    header["jwk"] = {name: header["jwk"][name] for name in ("crv", "kty", "x", "y")}
    compact = jws.serialize_compact(header, data, key, algorithms=[ALGORITHM])
    return jws.detach_content(compact).encode() + b"\n"


def private_key(key_file: Path) -> Any:
    """The EC P-384 private key in a file (PEM or JWK).

    Raises:
        ProblemError: it is not there, cannot be read or is another kind of key.
    """
    message = "is no private EC key on curve P-384 (PEM or JWK); ES384 needs one"
    key = _key(key_file, message)
    if key.curve_name != "P-384" or not key.is_private:
        raise refuse("security", key_file.name, message, rule=KEY_RULE)
    return key


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed a bundle: the key's thumbprint, and whether it is one of the trusted ones (None: not asked)."""

    thumbprint: str
    trusted: bool | None = None


def check_signature(data: bytes, signature: bytes, trusted: Set[str] | None = None) -> Signer:
    """Check a detached signature offline; `trusted` are thumbprints (`thumbprints`).

    Raises:
        ProblemError: it is broken, uses another algorithm, or does not fit the manifest.
    """
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    try:
        header = json.loads(base64.urlsafe_b64decode(_padded(signature.decode("ascii").split(".")[0])))
        if not isinstance(header, dict) or header.get("alg") != ALGORITHM or not isinstance(header.get("jwk"), dict):
            raise ValueError
        key = ECKey.import_key(header["jwk"])
        jws.deserialize_compact(signature.strip(), key, algorithms=[ALGORITHM], payload=data)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        message = "does not fit the manifest: one of them was changed; ask the sender for the bundle again"
        raise refuse("security", SIGNATURE, message, rule="bundle.signature") from None
    thumbprint = key.thumbprint()
    return Signer(thumbprint=thumbprint, trusted=None if trusted is None else thumbprint in trusted)


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)


def thumbprints(keys: Iterable[Path]) -> frozenset[str]:
    """The RFC 7638 thumbprints of public keys (PEM or JWK).

    Raises:
        ProblemError: a file is not there, cannot be read or is no EC key.
    """
    message = "is no public EC key (PEM or JWK); name the sender's public key"
    return frozenset(_key(path, message).thumbprint() for path in keys)


def _key(location: Path, other: str) -> Any:
    """The EC key in a file; `other` is said of a file that holds something else."""
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    try:
        raw = location.read_bytes()
        return ECKey.import_key(json.loads(raw) if raw.lstrip().startswith(b"{") else raw)
    except FileNotFoundError:
        message = "is not there; mend the path in the settings (or in --key), or make the key"
        raise refuse("not-found", location.name, message, rule=KEY_RULE) from None
    except OSError:
        message = "cannot be read; it has to be a file that you may read"
        raise refuse("security", location.name, message, rule=KEY_RULE) from None
    except (ValueError, TypeError, JoseError):
        raise refuse("security", location.name, other, rule=KEY_RULE) from None


def basis_from(reasons: Iterable[Mapping[str, str]]) -> tuple[Basis, ...]:
    """The basis rows, each once, in order."""
    seen: dict[str, Basis] = {}
    for row in reasons:
        seen.setdefault(row["code"], Basis(code=row["code"], citation=row["citation"], uri=row["uri"]))
    return tuple(seen.values())
