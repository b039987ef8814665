"""Settings of a deployment: one TOML file and a few environment variables. The only reader of the environment.

`second-opinion.toml` in the working folder, or the file SECOND_OPINION_CONFIG names:

    namespace = "6f6d…"              # UUID: ids of this deployment's resources
    ledger = "sqlite:////var/lib/second-opinion/ledger.sqlite3"
    signing_key = "keys/seal.pem"    # EC P-384 private key (PEM or JWK); bundles are sealed where it is set
    trusted_keys = ["keys/partner.pem"]
    consent_shape = "pcf"            # or "fast"
    log = "off"                      # or "info": JSON lines on stderr, without anything about a patient

SECOND_OPINION_LEDGER, SECOND_OPINION_SIGNING_KEY and SECOND_OPINION_LOG override the file.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from uuid import UUID

import msgspec

from mappings.identity import DEFAULT_NAMESPACE
from mappings.problems import refuse

CONFIG_FILE = "second-opinion.toml"
_RULE = "config"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a deployment configures."""

    namespace: UUID = DEFAULT_NAMESPACE
    ledger: str = ""
    signing_key: Path | None = None
    trusted_keys: tuple[Path, ...] = ()
    consent_shape: Literal["pcf", "fast"] = "pcf"
    log: Literal["off", "info"] = "off"


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
        settings = msgspec.convert(raw, Settings, dec_hook=_path, str_keys=True)
    except OSError:
        raise refuse(
            "not-found", location.name, "cannot be read; name the settings file that exists", rule=_RULE
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise refuse("structure", location.name, "is not TOML; mend the file", rule=_RULE) from None
    except msgspec.ValidationError as error:
        where = str(error).rpartition("`$")[2].rstrip("`") or "."
        message = f"holds a setting that does not fit; it may hold {', '.join(Settings.__struct_fields__)}"
        raise refuse("value", f"{location.name} ${where}", message, rule=_RULE) from None
    return _beside(settings, location.parent)


def _beside(settings: Settings, folder: Path) -> Settings:
    """Relative paths in the file are relative to the file."""
    key = settings.signing_key
    return msgspec.structs.replace(
        settings,
        signing_key=folder / key if key else None,
        trusted_keys=tuple(folder / k for k in settings.trusted_keys),
    )


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise ValueError
