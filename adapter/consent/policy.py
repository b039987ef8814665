"""The switches of the law by the day they take effect: `decide` takes one Policy and reads no other setting.

Every switch has a name, the paragraph it stands on, and what it means; one that is a reading of ours says what the
other position would be (`explain consent --switches`).
"""

import datetime as dt
import functools
from pathlib import Path
from typing import Any, Literal

import msgspec

from adapter.consent.groups import StateRule
from adapter.consent.tables import toml, toml_of
from mappings.problems import ProblemError, refuse

RULE = "consent.policy"
TABLE = "policy.toml"


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds from one day on; the meaning and source of each switch stand beside it in policy.toml."""

    effective_from: dt.date
    access_days: int
    extension_days: int
    amendment_days: int
    amendment_extension_days: int
    accounting_days: int
    accounting_extension_days: int
    retention_years: int
    decedent_years: int
    state_access_days: int
    flat_fee_cents: int
    fee_items: tuple[str, ...]
    receipt_day_is_local: bool
    associate_receipt_starts_clock: bool
    clock_waits_for_writing: bool
    overlong_extension_capped: bool
    identity_before_standing: bool
    reviewable_label_first: bool
    outside_right_alone: Literal["deny_not_permitted", "pend"]
    specimens_in_drs: bool
    scanning_owed: bool
    incomplete_report_waits: bool
    directive_needs_ehr: bool
    directive_becomes_treatment: bool
    directive_accounted: bool
    disagreement_in_own_access: bool
    underwriting_bar_on_recipient: bool
    part2_tpo_single_consent: bool
    part2_patient_access: bool
    part2_access_by_representative: bool
    part2_redisclosure_beyond_tpo: bool
    part2_accounting: bool
    counseling_notes_in_access: bool
    administrative_records_leave: bool
    conversion_is_use: bool
    consent_forms_in_access: Literal["patient", "individual", "nobody"]
    carried_denial_binds: bool
    carried_denial_yields_to_emergency: bool
    directive_waits_for_denial: bool
    consent_root_falls_back: bool
    consent_unagreed_denial_waits: bool
    consent_denial_beats_later_permit: bool
    consent_later_replaces_same_number: bool
    consent_denying_exception_wins: bool
    consent_opt_out_denies_the_rest: bool
    consent_day_is_local: bool
    consent_confidentiality_is_ladder: bool
    consent_equal_name_is_same: bool
    consent_to_care_is_silent: bool
    consent_needs_signed_paper: bool
    consent_unverified_carries_nothing: bool
    fiftieth_anniversary_protected: bool
    leap_day_to_march: bool
    state_rules: dict[str, StateRule] = msgspec.field(default_factory=dict)


class Switch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one switch is about.

    Attributes:
        name: the field of Policy.
        paragraph: where the law speaks of it.
        means: what it means as shipped.
        reading: an interpretation of ours, which counsel may turn.
        other: what it means turned; said of readings only.
    """

    name: str
    paragraph: str
    means: str
    reading: bool = False
    other: str = ""


@functools.cache
def switches() -> tuple[Switch, ...]:
    """Return what is said of every switch, in the order of the table: the law's own first, then our readings."""
    return tuple(msgspec.convert({**row, "name": name}, Switch) for name, row in toml(TABLE)["switches"].items())


def policies_from(table: dict[str, Any]) -> tuple[Policy, ...]:
    """Build the policies of a table, earliest first; each takes over what it does not change.

    Raises:
        ProblemError: a switch is unknown, missing in the first table or of the wrong type, or two start on one day.
    """
    made: list[Policy] = []
    known: dict[str, Any] = {}
    for row in sorted(table.get("policy", ()), key=lambda row: row["effective_from"]):
        known = {**known, **row}
        try:
            made.append(msgspec.convert(known, Policy))
        except msgspec.ValidationError as error:
            raise refuse("structure", f"policy[{len(made)}]", f"{error}; correct the table", rule=RULE) from None
    if not made or len({policy.effective_from for policy in made}) != len(made):
        raise refuse("invalid", "policy", "needs one table for each day of effect, and at least one", rule=RULE)
    return tuple(made)


@functools.cache
def load_policy() -> tuple[Policy, ...]:
    """Return the policies packaged with the adapter, earliest first."""
    return policies_from(toml(TABLE))


def policies_of(own: Path | None) -> tuple[Policy, ...]:
    """Return the packaged policies with what a deployment's own table turns, earliest first.

    Args:
        own: a TOML file of `[[policy]]` tables, each with its `effective_from` and the switches it turns from that day
            on; a later packaged table does not turn them back. None: the packaged policies as they are.

    Raises:
        ProblemError: the file cannot be read, is no TOML, or has a switch or a type that does not fit.
    """
    if own is None:
        return load_policy()
    table = toml_of(own)
    theirs = table.get("policy")
    dated = isinstance(theirs, list) and all(isinstance(row, dict) and _is_day(row) for row in theirs)
    if not theirs or not dated or table.keys() != {"policy"}:
        message = "holds [[policy]] tables and nothing else, each with its day: effective_from = 2026-01-01"
        raise refuse("structure", own.name, message, rule=RULE)
    packaged = toml(TABLE)["policy"]
    days = sorted({row["effective_from"] for row in (*packaged, *theirs)})
    try:
        return policies_from({"policy": [{**_by(day, packaged), **_by(day, theirs)} for day in days]})
    except ProblemError as error:  # what is packaged fits: it is a table of theirs
        raise ProblemError(msgspec.structs.replace(found, where=own.name) for found in error.problems) from None


def _is_day(row: dict[str, Any]) -> bool:
    return type(row.get("effective_from")) is dt.date


def _by(day: dt.date, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What the tables up to a day say together, as of that day."""
    told = {"effective_from": day}
    for row in sorted(rows, key=lambda row: row["effective_from"]):
        told |= row if row["effective_from"] <= day else {}
    return told | {"effective_from": day}


def policy_for(day: dt.date, policies: tuple[Policy, ...] | None = None) -> Policy:
    """Pick the policy in effect on a day.

    Raises:
        ProblemError: `not-supported`, the day lies before the first policy.
    """
    in_effect = [policy for policy in policies or load_policy() if policy.effective_from <= day]
    if not in_effect:
        raise refuse("not-supported", "as_of", "lies before the first policy; no rules are kept for it", rule=RULE)
    return in_effect[-1]
