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
    target_strict = false            # true: nothing leaves that is not valid FHIR, carried resources included
    log = "off"                      # or "info": JSON lines on stderr, without anything about a patient

    [office]                         # whom letters name: the contact of 45 CFR 164.530(a)(1)(ii), and how to reach it
    title = "Privacy Officer"
    phone = "+1 505 555 0100"
    complaints = "Call or write to the Privacy Officer; no form is needed."
    reviews = "Write to the Privacy Officer and ask for a review."

SECOND_OPINION_LEDGER, SECOND_OPINION_SIGNING_KEY and SECOND_OPINION_LOG override the file.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from mappings.identity import DEFAULT_NAMESPACE
from mappings.problems import Problem, ProblemError, problem, refuse

CONFIG_FILE = "second-opinion.toml"
_RULE = "config"
Family = Literal["own", "us-core", "mcode", "consent", "task", "audit"]
"""Families of profiles; `consent` and `task` are those of the configured shape."""


class Office(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contact that letters name (45 CFR 164.530(a)(1)(ii)), and the procedures they tell of.

    Attributes:
        name, title: of the person or office; one of them is needed.
        phone, email, address: how to reach it; a denial needs the telephone number.
        complaints: how to complain to the holder (164.530(d)), in plain words.
        reviews: how to have a denial reviewed (164.524(a)(4)), in plain words.
    """

    name: str = ""
    title: str = ""
    phone: str = ""
    email: str = ""
    address: tuple[str, ...] = ()
    complaints: str = ""
    reviews: str = ""


OFFICE: tuple[str, ...] = Office.__struct_fields__
_MUST_BE = {
    "namespace": "must be a UUID, as a text",
    "ledger": "must be a text: a SQLAlchemy URL",
    "signing_key": "must be a text: the path of a key file",
    "trusted_keys": "must be a list of texts: the paths of key files",
    "policy": "must be a text: the path of a table of switches",
    "claims": f"must be a list of texts out of {', '.join(get_args(Family))}",
    "target_strict": "must be true or false",
    "office": f"must be a table of texts: {', '.join(OFFICE)} (lines of address are a list)",
}


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a deployment configures."""

    namespace: UUID = DEFAULT_NAMESPACE
    ledger: str = ""
    signing_key: Path | None = None
    trusted_keys: tuple[Path, ...] = ()
    policy: Path | None = None
    consent_shape: Literal["pcf", "fast"] = "pcf"
    task_shape: Literal["none", "cow", "bser"] = "none"
    claims: tuple[Family, ...] = get_args(Family)
    target_strict: bool = False
    log: Literal["off", "info"] = "off"
    office: Office = Office()


def load_settings(explicit: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Raises:
        ProblemError: the file named is missing, no TOML, or has a field or value that does not fit (never shown).
    """
    env = os.environ if environ is None else environ
    named = explicit or (Path(env["SECOND_OPINION_CONFIG"]) if env.get("SECOND_OPINION_CONFIG") else None)
    location = named or Path(CONFIG_FILE)
    found = _read(location) if named or location.is_file() else Settings()
    ledger = env.get("SECOND_OPINION_LEDGER") or found.ledger or _default_ledger(env)
    key = env.get("SECOND_OPINION_SIGNING_KEY")
    level = env.get("SECOND_OPINION_LOG", found.log)
    if level not in ("off", "info"):
        raise refuse("value", "SECOND_OPINION_LOG", "is neither off nor info", rule=_RULE)
    signing = Path(key) if key else found.signing_key
    return msgspec.structs.replace(found, ledger=ledger, signing_key=signing, log=level)


def _default_ledger(env: Mapping[str, str]) -> str:
    state = Path(env.get("XDG_STATE_HOME") or Path(env.get("HOME", ".")) / ".local" / "state")
    return f"sqlite:///{state / 'second-opinion' / 'ledger.sqlite3'}"


def _read(location: Path) -> Settings:
    try:
        raw = tomllib.loads(location.read_text(encoding="utf-8"))
    except OSError:
        raise refuse(
            "not-found", location.name, "cannot be read; name the settings file that exists", rule=_RULE
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise refuse("structure", location.name, "is not TOML; mend the file", rule=_RULE) from None
    problems = [_unknown(name, location.name) for name in raw if name not in Settings.__struct_fields__]
    values: dict[str, Any] = {}
    for name, kind in get_type_hints(Settings).items():
        try:
            values |= {name: msgspec.convert(raw[name], kind, dec_hook=_path)} if name in raw else {}
        except msgspec.ValidationError as error:
            problems.append(_unfit(name, kind, str(error), location.name))
    if problems:
        raise ProblemError(problems)
    return _beside(Settings(**values), location.parent)


def _unknown(name: str, file: str) -> Problem:
    where = f"{file} $.{name}" if re.fullmatch(r"[\w-]{1,60}", name) else file
    message = f"is no setting; the settings are {', '.join(Settings.__struct_fields__)}"
    return problem("structure", where, message, rule=_RULE)


def _unfit(name: str, kind: Any, error: str, file: str) -> Problem:
    """Name the place and what may stand there; msgspec's own text quotes the value."""
    inner = re.search(r" - at `\$([^`]*)`$", error)
    words = get_args(kind) if get_origin(kind) is Literal else ()
    message = f"must be one of {', '.join(words)}" if words else _MUST_BE[name]
    return problem("value", f"{file} $.{name}{inner[1] if inner else ''}", message, rule=_RULE)


def _beside(settings: Settings, folder: Path) -> Settings:
    """Relative paths in the file are relative to the file."""
    key = settings.signing_key
    return msgspec.structs.replace(
        settings,
        signing_key=folder / key if key else None,
        trusted_keys=tuple(folder / k for k in settings.trusted_keys),
        policy=folder / settings.policy if settings.policy else None,
    )


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise ValueError
