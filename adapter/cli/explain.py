"""explain mapping, consent, codes: the rules as the code holds them. Nothing is said here that the code does not do."""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import click

from adapter.cli.columns import columns
from adapter.cli.run import emit, guarded, now, settings

Line = dict[str, str]
"""One line of a table: column by name."""

F = TypeVar("F", bound=Callable[..., Any])
PACKAGES = ("fhir", "dicom", "hl7v2", "ccda")
"""Packages of `mappings` whose modules may hold RULES."""


def printed(command: F) -> F:
    """The options every table has."""
    command = click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")(command)
    forms = click.Choice(("text", "markdown"))
    return click.option("--format", "form", type=forms, default="text", help="How the table is printed.")(command)


@click.group("explain")
def explain_command() -> None:
    """Print the rules as the code holds them."""


@explain_command.command("mapping")
@click.option("--summary", is_flag=True, help="One line for each mapper.")
@printed
@guarded
def mapping_command(summary: bool, form: str, as_json: bool) -> None:
    """Where every field of the domain goes in FHIR."""
    if summary and as_json:
        emit([{**line, "profiles": line["profiles"].split()} for line in mappers()])
    else:
        _print(mappers() if summary else mapping(), form, as_json)


@explain_command.command("consent")
@click.option("--switches", "by_switch", is_flag=True, help="The switches of policy.toml, each with what it means.")
@click.option("--carried", is_flag=True, help="How a Consent that came as FHIR is read: the combining rules.")
@click.option(
    "--blocking", is_flag=True, help="Information blocking (45 CFR part 171): the exceptions, what each asks."
)
@printed
@click.pass_context
@guarded
def consent_command(
    ctx: click.Context, by_switch: bool, carried: bool, blocking: bool, form: str, as_json: bool
) -> None:
    """Every rule of the decision with its paragraph; with --switches, what counsel may turn and has turned."""
    if by_switch:
        _print(switches(settings(ctx).policy), form, as_json)
    elif blocking:
        _print(blocking_exceptions(), form, as_json)
    else:
        _print(carried_consents() if carried else consent(), form, as_json)


@explain_command.command("custody")
@click.option("--labels", is_flag=True, help="The schemes by which labels of blocks and slides are read.")
@printed
@click.pass_context
@guarded
def custody_command(ctx: click.Context, labels: bool, form: str, as_json: bool) -> None:
    """How long originals are kept and on what terms slides and blocks leave, as of today."""
    import datetime as dt

    from adapter.custody.explained import policy_lines, scheme_lines

    today = dt.date.fromisoformat(str(now())[:10])
    _print(scheme_lines() if labels else policy_lines(today, settings(ctx).custody), form, as_json)


@explain_command.command("codes")
@printed
@guarded
def codes_command(form: str, as_json: bool) -> None:
    """Every word of the case format with its codes."""
    _print(codes(), form, as_json)


@explain_command.command("completeness")
@printed
@guarded
def completeness_command(form: str, as_json: bool) -> None:
    """What a reviewer needs, for which scope and reasons, why, and where that is published."""
    _print(needs(), form, as_json)


# --- what there is to say


def needs() -> list[Line]:
    """One line for every line of the table of needs."""
    from mappings.completeness.needs import lines

    return [
        {
            "need": line.label,
            "scope": " or ".join(line.scopes),
            "reasons": ", ".join(line.reasons) or "any",
            "level": line.level + (" after surgery" if line.after_surgery else ""),
            "why": line.why,
            "reference": line.reference,
        }
        for line in lines()
    ]


def mapping() -> list[Line]:
    """One line for every RULE of every mapper: mapper, domain, FHIR, note."""
    return [
        {"mapper": name, "domain": rule.domain, "FHIR": rule.fhir, "note": rule.note}
        for name, module in _modules()
        for rule in module.RULES
    ]


def mappers() -> list[Line]:
    """One line for every mapper: its subject, the FHIR resource, the profiles it claims where it satisfies them."""
    return [
        {"domain": _about(module), "FHIR": _resource(module), "profiles": " ".join(_profiles(name, module))}
        for name, module in _modules()
    ]


def _profiles(name: str, module: ModuleType) -> tuple[str, ...]:
    """What claims.csv lists for the mapper, each once; the base type's own where it lists nothing."""
    from mappings.terminology.tables import records

    listed = (row["profile"] for row in records("claims") if f"fhir.{row['mapper']}" == name)
    return tuple(dict.fromkeys(listed)) or (getattr(module, "PROFILE", ""),)


def consent() -> list[Line]:
    """One line for every rule of the decision."""
    from adapter.consent.inquiry import explain

    return [
        {"rule": row.rule, "paragraph": row.paragraph, "does": row.does, "bases": ", ".join(row.bases)}
        for row in explain()
    ]


def carried_consents() -> list[Line]:
    """One line for every rule by which a Consent that came as FHIR is read; reasons name them as carried_consents.X."""
    from adapter.consent.foreign import rules

    return [dict(row) for row in rules().values()]


def blocking_exceptions() -> list[Line]:
    """One line for every exception to information blocking: when it may hold, what it asks, which reasons it is for."""
    from adapter.consent.blocking import exceptions

    return [
        {
            "exception": row.exception,
            "citation": row.citation,
            "verified": "yes" if row.verified else "no",
            "when": row.when,
            "says": row.says,
            "asks": row.asks,
            "proof": row.proof,
            "codes": " ".join(row.codes),
        }
        for row in exceptions()
    ]


def switches(own: Path | None = None) -> list[Line]:
    """One line for every switch: its value in the latest policy, since when, what it means and what it could mean."""
    from adapter.consent.policy import policies_of, switches

    policies = policies_of(own)
    lines = []
    for switch in switches():
        value = getattr(policies[-1], switch.name)
        changed = [
            p.effective_from
            for p, before in zip(policies[1:], policies, strict=False)
            if _differ(p, before, switch.name)
        ]
        since = changed[-1] if changed else policies[0].effective_from
        lines.append(
            {
                "switch": switch.name,
                "value": _value(value),
                "since": since.isoformat(),
                "paragraph": switch.paragraph,
                "reading": "ours" if switch.reading else "",
                "means": switch.means,
                "turned": switch.other,
            }
        )
    return lines


def _differ(one: object, other: object, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _value(value: object) -> str:
    """A switch's value as policy.toml writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(map(str, value)) if isinstance(value, (tuple, dict)) else str(value)


def codes() -> list[Line]:
    """One line for every row of every table."""
    from mappings.terminology.tables import table, table_names

    return [
        {
            "table": name,
            "value": row.value,
            "equivalence": row.equivalence,
            "system": row.system,
            "code": row.code,
            "display": row.display,
        }
        for name in table_names()
        for row in table(name).rows
    ]


def _modules() -> Iterator[tuple[str, ModuleType]]:
    """Every mapper that has RULES, as `fhir.task`, sorted within its package."""
    import importlib
    import pkgutil

    for package in PACKAGES:
        parent = importlib.import_module(f"mappings.{package}")
        for name in sorted(found.name for found in pkgutil.iter_modules(parent.__path__)):
            module = importlib.import_module(f"mappings.{package}.{name}")
            if hasattr(module, "RULES"):
                yield f"{package}.{name}", module


def _about(module: ModuleType) -> str:
    """The first line of the docstring up to the arrow: what of the domain the mapper is about."""
    first = (module.__doc__ or "").partition("\n")[0]
    return re.split(r"\s*<?->", first)[0].rstrip(".")


def _resource(module: ModuleType) -> str:
    """The resource type the mapper's rules write to most."""
    roots = [root for rule in module.RULES if (root := re.match(r"[A-Z]\w+", rule.fhir))]
    counted = Counter(root.group() for root in roots).most_common(1)
    return counted[0][0] if counted else ""


# --- how it is printed


def _print(lines: list[Line], form: str, as_json: bool) -> None:
    if as_json:
        emit(lines)
    elif form == "markdown":
        click.echo("\n".join(_markdown(lines)))
    elif sys.stdout.isatty():
        _table(lines)
    else:
        click.echo("\n".join(columns([list(lines[0]), *(list(line.values()) for line in lines)])))


def _markdown(lines: list[Line]) -> list[str]:
    titles = list(lines[0])
    head = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    return head + [f"| {' | '.join(_cell(title, text) for title, text in line.items())} |" for line in lines]


def _cell(title: str, text: str) -> str:
    """A cell of a markdown table: codes and paths as code, profiles as links, everything else as it is."""
    safe = text.replace("|", "\\|")
    if title == "profiles":
        return "<br>".join(f"[{url.rpartition('/')[2]}]({url})" for url in safe.split())
    return (
        f"`{safe}`"
        if title in ("mapper", "FHIR", "rule", "switch", "table", "value", "code", "system") and text
        else safe
    )


def _table(lines: list[Line]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from adapter.cli.show import console

    made = Table(box=None, pad_edge=False, show_edge=False)
    for title in lines[0]:
        made.add_column(title, overflow="fold")
    for line in lines:
        made.add_row(*(escape(text) for text in line.values()))
    console().print(made)
