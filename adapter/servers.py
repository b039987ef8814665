"""`[servers.NAME]`: a FHIR server that cases are read from or delivered to, as the settings describe it."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

Host = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?$|^\[[0-9A-Fa-f:]{2,39}\](:[0-9]{1,5})?$")
]
"""A host as URLs have it, with its port where that is not the usual one."""
_Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]
_Count = Annotated[int, msgspec.Meta(ge=1, le=64)]
_SMART = ("client_id", "client_key", "key_id", "scopes", "token_url", "audience")


class Server(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A FHIR R4 server.

    Attributes:
        url: its base, without credentials; `https`, or `http` on this machine or with `plain_http`.
        auth: `none`; `bearer`: the token in `token_file`; `smart`: SMART Backend Services.
        client_id, client_key, key_id, algorithm: who we are to its authorization server: the file of our private key
            (JWK, JWK set or PEM), its `kid` there, and ES384 or RS384.
        scopes: what is asked for, as `system/Patient.rs`; what was granted is looked at, never taken for granted.
        token_url: where tokens are had; without it the server is asked (its smart-configuration, else its metadata).
        audience: the `aud` of our assertions, where the authorization server wants another one than its token URL.
        certificate, key: of this client (mutual TLS), PEM; ca: the authorities that sign the server's, PEM.
        connect_timeout: seconds to wait for a connection; timeout: for each piece of an answer; total_timeout: for all
            of an answer.
        connections: at a time; attempts: for each request that may be sent again.
        page: entries asked for at a time.
        hosts: other hosts (`files.example`, `files.example:8443`) from which what it refers to may be fetched, without
            our credentials.
        search_by_get: whether a search with identifiers may stand in a URL, where the server takes no POST _search.
        recipient: who it belongs to, as cases name their recipient: `SYSTEM|VALUE` of an identifier, or the name.
            Nothing is delivered to a server without it.
    """

    url: str
    plain_http: bool = False
    auth: Literal["none", "bearer", "smart"] = "none"
    token_file: Path | None = None
    client_id: str = ""
    client_key: Path | None = None
    key_id: str = ""
    algorithm: Literal["ES384", "RS384"] = "ES384"
    scopes: tuple[str, ...] = ()
    token_url: str = ""
    audience: str = ""
    certificate: Path | None = None
    key: Path | None = None
    ca: Path | None = None
    connect_timeout: _Seconds = 10.0
    timeout: _Seconds = 30.0
    total_timeout: _Seconds = 300.0
    connections: _Count = 4
    attempts: _Count = 5
    page: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100
    hosts: tuple[Host, ...] = ()
    search_by_get: bool = False
    recipient: str = ""

    def __post_init__(self) -> None:
        if not web_root(self.url, self.plain_http):
            raise ValueError("`url` must be https (or http with `plain_http`), without credentials, query or fragment")
        if self.token_url and not web_root(self.token_url, self.plain_http):
            raise ValueError("`token_url` must be https (or http with `plain_http`), without credentials or query")
        if bool(self.token_file) != (self.auth == "bearer"):
            raise ValueError('`auth` must be "bearer" with a `token_file`, and only then')
        smart = [name for name in _SMART if getattr(self, name)]
        if self.auth != "smart" and smart:
            raise ValueError('`auth` must be "smart" where client_id, client_key or the like are set')
        if self.auth == "smart" and not (self.client_id and self.client_key and self.scopes):
            raise ValueError('`auth` needs `client_id`, `client_key` and `scopes` where it is "smart"')
        if self.key and not self.certificate:
            raise ValueError("`key` needs `certificate`")


FILES = ("token_file", "client_key", "certificate", "key", "ca")
"""The fields of a server that name files."""


def web_root(url: str, plain: bool) -> bool:
    """Whether a URL may be asked at all: https (or http where that is no risk, or allowed), and nothing but a place."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    bare = bool(host) and "@" not in parts.netloc and not (parts.query or parts.fragment)
    return bare and (parts.scheme == "https" or (parts.scheme == "http" and (plain or _here(host or ""))))


def _here(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
