"""Settings of a deployment: one TOML file and a few environment variables. The only reader of the environment.

`second-opinion.toml` in the working folder, or the file SECOND_OPINION_CONFIG names:

    namespace = "6f6d…"              # UUID: ids of this deployment's resources
    ledger = "sqlite:////var/lib/second-opinion/ledger.sqlite3"
    signing_key = "keys/seal.pem"    # EC P-384 private key (PEM or JWK); bundles are sealed where it is set
    trusted_keys = ["keys/partner.pem"]
    consent_shape = "pcf"            # or "fast"
    task_shape = "none"              # or "cow", "bser": guides still in ballot
    claims = ["own", "us-core", "mcode", "consent", "task", "audit"]   # families of profiles that meta.profile may name
    policy = "policy.toml"           # switches of the law that this deployment turns, by day
    custody = "custody.toml"         # retention and terms of release of this laboratory, by day
    target_strict = false            # true: nothing leaves that is not valid FHIR, carried resources included
    log = "off"                      # or "info": JSON lines on stderr, without anything about a patient

    [office]                         # whom letters name: the contact of 45 CFR 164.530(a)(1)(ii), and how to reach it
    title = "Privacy Officer"
    phone = "+1 505 555 0100"
    complaints = "Call or write to the Privacy Officer; no form is needed."
    reviews = "Write to the Privacy Officer and ask for a review."

    [holder]                         # what you are in law; what is left out is unknown
    covered_entity = true
    part2_program = false

    [pacs.archive]                   # a DICOM archive, by DICOMweb (url), by DIMSE (host, port, title), or both
    url = "https://pacs.example/dicom-web"
    token_file = "secrets/archive.token"

    [servers.ehr]                    # a FHIR server
    url = "https://ehr.example/fhir"
    auth = "smart"                   # SMART Backend Services; or "bearer" with a token_file
    client_id = "second-opinion"
    client_key = "secrets/ehr.jwk"
    scopes = ["system/*.rs"]

SECOND_OPINION_LEDGER, SECOND_OPINION_SIGNING_KEY and SECOND_OPINION_LOG override the file.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args
from uuid import UUID

import msgspec

from adapter.config_faults import RULE, Faults, read_toml
from adapter.servers import FILES, Server, web_root
from adapter.standing import Standing
from mappings.identity import DEFAULT_NAMESPACE
from mappings.problems import ProblemError, refuse

CONFIG_FILE = "second-opinion.toml"
Family = Literal["own", "us-core", "mcode", "consent", "task", "audit"]
"""Families of profiles; `consent` and `task` are those of the configured shape."""


class Office(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contact that letters name (45 CFR 164.530(a)(1)(ii)), and the procedures they tell of.

    Attributes:
        name, title: of the person or office; one of them is needed.
        phone, email, address: how to reach it; a denial needs the telephone number.
        complaints: how to complain to the holder (164.530(d)), in plain words.
        reviews: how to have a denial reviewed (164.524(a)(4)), in plain words.
        disagreements: how to file a statement of disagreement with a denied amendment (164.526(d)(1)(ii)).
    """

    name: str = ""
    title: str = ""
    phone: str = ""
    email: str = ""
    address: tuple[str, ...] = ()
    complaints: str = ""
    reviews: str = ""
    disagreements: str = ""


_Title = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])?$",
        description="must be an AE title: 1 to 16 characters without backslash, no blank at either end",
    ),
]
"""PS3.5 6.2."""
_Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
_Count = Annotated[int, msgspec.Meta(ge=1, le=64)]


class Pacs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A DICOM archive that images are fetched from or delivered to.

    Attributes:
        url: its DICOMweb root (PS3.18), without credentials; `https`, or `http` on this machine or with `plain_http`.
        user with password_file or password_env, or token_file or token_env: how to log in; secrets stand in a file or
            in an environment variable that is named here, never in the settings.
        certificate, key: of this client (mutual TLS), PEM; ca: the authorities that sign the server's, PEM.
        timeout: seconds to wait for a connection, and for each piece of an answer.
        connections: at a time; attempts: for each request; batch: instances in one request.
        host, port, title: its DIMSE address (PS3.8) and AE title; tls: by TLS, with the files above.
        own_title, own_port: this AE, and where it listens while a C-MOVE runs.
        retrieve: by C-GET or C-MOVE.
        patient_system: whose patient numbers it holds where it names no issuer (a URI).
        recipient: who it belongs to, as cases name their recipient: `SYSTEM|VALUE` of an identifier, or the name.
            Images are delivered to no archive without it.
        proof: what shows that an instance arrived: `content` (it is read back and compared), `list` (it is listed),
            `answer` (it was acknowledged).
    """

    url: str = ""
    plain_http: bool = False
    user: str = ""
    password_file: Path | None = None
    password_env: str = ""
    token_file: Path | None = None
    token_env: str = ""
    certificate: Path | None = None
    key: Path | None = None
    ca: Path | None = None
    timeout: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 30.0
    connections: _Count = 4
    attempts: _Count = 5
    batch: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20
    host: str = ""
    port: _Port = 104
    title: _Title = "ANY-SCP"
    tls: bool = False
    own_title: _Title = "SECOND-OPINION"
    own_port: _Port = 11112
    retrieve: Literal["get", "move"] = "get"
    patient_system: str = ""
    recipient: str = ""
    proof: Literal["content", "list", "answer"] = "content"

    def __post_init__(self) -> None:
        if not (self.url or self.host):
            raise ValueError("needs `url` (DICOMweb) or `host` (DIMSE)")
        if self.url and not web_root(self.url, self.plain_http):
            raise ValueError("`url` must be https (or http with `plain_http`), without credentials, query or fragment")
        secrets = (self.password_file, self.password_env, self.token_file, self.token_env)
        if sum(map(bool, secrets)) > 1 or bool(self.user) != bool(self.password_file or self.password_env):
            raise ValueError("needs `user` with one of its password, or one token, or none of them")
        if self.key and not self.certificate:
            raise ValueError("`key` needs `certificate`")


OFFICE: tuple[str, ...] = Office.__struct_fields__
_MUST_BE = {
    "namespace": "must be a UUID, as a text",
    "ledger": "must be a text: a SQLAlchemy URL",
    "signing_key": "must be a text: the path of a key file",
    "trusted_keys": "must be a list of texts: the paths of key files",
    "policy": "must be a text: the path of a table of switches",
    "custody": "must be a text: the path of a table of retention and terms of release",
    "claims": f"must be a list of texts out of {', '.join(get_args(Family))}",
    "target_strict": "must be true or false",
    "office": f"must be a table of texts: {', '.join(OFFICE)} (lines of address are a list)",
    "holder": f"must be a table of true and false: {', '.join(Standing.__struct_fields__)}",
    "pacs": f"must be tables, one an archive, of {', '.join(Pacs.__struct_fields__)}: `url` or `host` in each, "
    "secrets by file or environment variable, `url` without credentials (README, Settings)",
    "servers": f"must be tables, one a FHIR server, of {', '.join(Server.__struct_fields__)}: `url` in each, secrets "
    "by file (README, Settings)",
}


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a deployment configures."""

    namespace: UUID = DEFAULT_NAMESPACE
    ledger: str = ""
    signing_key: Path | None = None
    trusted_keys: tuple[Path, ...] = ()
    policy: Path | None = None
    custody: Path | None = None
    consent_shape: Literal["pcf", "fast"] = "pcf"
    task_shape: Literal["none", "cow", "bser"] = "none"
    claims: tuple[Family, ...] = get_args(Family)
    target_strict: bool = False
    log: Literal["off", "info"] = "off"
    office: Office = Office()
    holder: Standing = Standing()
    pacs: dict[str, Pacs] = {}
    servers: dict[str, Server] = {}


def load_settings(explicit: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Raises:
        ProblemError: the file named is missing, no TOML, or has a field or value that does not fit (never shown).
    """
    env = os.environ if environ is None else environ
    named = explicit or (Path(env["SECOND_OPINION_CONFIG"]) if env.get("SECOND_OPINION_CONFIG") else None)
    location = named or Path(CONFIG_FILE)
    found = _read(location) if named or location.is_file() else Settings()
    ledger = env.get("SECOND_OPINION_LEDGER") or found.ledger or default_ledger(env)
    key = env.get("SECOND_OPINION_SIGNING_KEY")
    level = env.get("SECOND_OPINION_LOG", found.log)
    if level not in ("off", "info"):
        raise refuse("value", "SECOND_OPINION_LOG", "is neither off nor info", rule=RULE)
    signing = Path(key) if key else found.signing_key
    return msgspec.structs.replace(found, ledger=ledger, signing_key=signing, log=level)


def default_ledger(environ: Mapping[str, str] | None = None) -> str:
    """Where the ledger is while nobody says where: its folder alone is made when it is not there."""
    env = os.environ if environ is None else environ
    state = Path(env.get("XDG_STATE_HOME") or Path(env.get("HOME", ".")) / ".local" / "state")
    return f"sqlite:///{state / 'second-opinion' / 'ledger.sqlite3'}"


def _read(location: Path) -> Settings:
    raw, text = read_toml(location)
    if found := Faults(location.name, text, _converted, _MUST_BE).of(raw, Settings):
        raise ProblemError(found)
    return _beside(_converted(raw, Settings), location.parent)


def _converted(raw: Any, kind: Any) -> Any:
    return msgspec.convert(raw, kind, dec_hook=_path)


def _beside(settings: Settings, folder: Path) -> Settings:
    """Relative paths in the file are relative to the file."""
    key = settings.signing_key
    return msgspec.structs.replace(
        settings,
        signing_key=folder / key if key else None,
        trusted_keys=tuple(folder / k for k in settings.trusted_keys),
        policy=folder / settings.policy if settings.policy else None,
        custody=folder / settings.custody if settings.custody else None,
        pacs={name: _files_beside(pacs, _PACS_FILES, folder) for name, pacs in settings.pacs.items()},
        servers={name: _files_beside(server, FILES, folder) for name, server in settings.servers.items()},
    )


_PACS_FILES = ("password_file", "token_file", "certificate", "key", "ca")
_T = TypeVar("_T", Pacs, Server)


def _files_beside(one: _T, fields: tuple[str, ...], folder: Path) -> _T:
    files = {name: getattr(one, name) for name in fields}
    return msgspec.structs.replace(one, **{name: folder / file for name, file in files.items() if file})


def pacs_named(settings: Settings, name: str) -> Pacs:
    """The archive of this name.

    Raises:
        ProblemError: the settings have none.
    """
    if name not in settings.pacs:
        known = ", ".join(sorted(settings.pacs)) or "none yet"
        message = f"names no archive of this name under [pacs.NAME]; those are: {known}"
        raise refuse("not-found", "settings $.pacs", message, rule=RULE)
    return settings.pacs[name]


def server_named(settings: Settings, name: str) -> Server:
    """The FHIR server of this name.

    Raises:
        ProblemError: the settings have none.
    """
    if name not in settings.servers:
        known = ", ".join(sorted(settings.servers)) or "none yet"
        message = f"names no FHIR server of this name under [servers.NAME]; those are: {known}"
        raise refuse("not-found", "settings $.servers", message, rule=RULE)
    return settings.servers[name]


def secret(file: Path | None, variable: str, environ: Mapping[str, str] | None = None) -> str:
    """A secret out of the file (its first line) or the environment variable that the settings name; "" for neither.

    Raises:
        ProblemError: it is not there, or empty.
    """
    if not (file or variable):
        return ""
    where = file.name if file else f"environment variable {variable}"
    try:
        lines = file.read_text("utf-8") if file else (os.environ if environ is None else environ)[variable]
    except (FileNotFoundError, KeyError):
        message = "is not there, and the settings name it for a secret; set it, or mend the settings"
        raise refuse("not-found", where, message, rule=RULE) from None
    except OSError:
        message = "cannot be read; it has to be a file with a secret that you may read"
        raise refuse("no-store", where, message, rule=RULE) from None
    except UnicodeDecodeError:
        lines = ""
    found = lines.partition("\n")[0] if file else lines
    if not found.strip() or not found.strip().isprintable():
        raise refuse("login", where, "holds no secret that can be used; set it, or mend the settings", rule=RULE)
    return found.strip()


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise ValueError
