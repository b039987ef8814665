"""Secrets in files: read only where nobody else can read them, and never shown."""

import os
import stat
from pathlib import Path
from typing import Any

import msgspec

from adapter.fhir_rest.errors import RULE
from adapter.servers import Server
from mappings.problems import refuse

MAX = 1 << 16


class PrivateKey(msgspec.Struct, frozen=True):
    """A private key of joserfc and its `kid`; never printed."""

    key: Any
    kid: str

    def __repr__(self) -> str:
        return "PrivateKey(...)"


def secret_bytes(file: Path) -> bytes:
    """What a file of secrets holds.

    Raises:
        ProblemError: it is not there, or others can read it.
    """
    try:
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        with open(handle, "rb") as stream:
            mode = os.fstat(handle).st_mode
            data = stream.read(MAX)
    except OSError:
        raise refuse("not-found", file.name, "cannot be read; name the file that holds it", rule=RULE) from None
    if not stat.S_ISREG(mode) or mode & 0o077:
        message = "is a secret that others can read; let its owner alone have it (chmod 600)"
        raise refuse("security", file.name, message, rule=RULE)
    return data


def bearer_token(file: Path) -> str:
    """The token in a file: its first line.

    Raises:
        ProblemError: it is not there, others can read it, or it holds no token.
    """
    lines = secret_bytes(file).decode("ascii", "replace").splitlines()
    token = lines[0].strip() if lines else ""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise refuse("login", file.name, "holds no token that can be used", rule=RULE)
    return token


def private_key(server: Server) -> PrivateKey:
    """The key that signs our assertions: PEM, JWK, or the one of a JWK set that `key_id` names.

    Raises:
        ProblemError: it is not there, others can read it, or it is no private key for the algorithm.
    """
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, RSAKey

    file = server.client_key
    assert file is not None
    data = secret_bytes(file)
    try:
        given = _chosen(data, server.key_id)
        key = (ECKey if server.algorithm == "ES384" else RSAKey).import_key(given)
        fits = key.is_private and (not isinstance(key, ECKey) or key.curve_name == "P-384")
        small = isinstance(key, RSAKey) and key.private_key is not None and key.private_key.key_size < 2048
    except (JoseError, ValueError, TypeError, KeyError, msgspec.DecodeError):
        fits = small = False
        key = None
    if not fits or small:
        wanted = "an EC key on P-384" if server.algorithm == "ES384" else "an RSA key of 2048 bits or more"
        message = f"holds no private key that {server.algorithm} takes: {wanted}, as PEM, JWK or JWK set"
        raise refuse("value", file.name, message, rule=RULE)
    kid = server.key_id or (str(given.get("kid") or "") if isinstance(given, dict) else "")
    return PrivateKey(key, kid)


def _chosen(data: bytes, key_id: str) -> Any:
    if not data.lstrip().startswith(b"{"):
        return data
    found = msgspec.json.decode(data)
    if isinstance(found.get("keys"), list):
        private = [one for one in found["keys"] if "d" in one and (not key_id or one.get("kid") == key_id)]
        if len(private) != 1:
            raise ValueError
        return private[0]
    return found
