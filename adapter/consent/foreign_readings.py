"""How a Consent that came as FHIR is read where FHIR and the law leave it open: switches of policy.toml, as shipped."""

import msgspec

from adapter.consent.policy import Policy


class Readings(msgspec.Struct, frozen=True, kw_only=True):
    """The positions of the switches that reading a Consent hangs on; what each means stands in policy.toml."""

    consent_root_falls_back: bool = True
    consent_unagreed_denial_waits: bool = True
    consent_denial_beats_later_permit: bool = True
    consent_later_replaces_same_number: bool = True
    consent_denying_exception_wins: bool = True
    consent_opt_out_denies_the_rest: bool = True
    consent_day_is_local: bool = True
    consent_confidentiality_is_ladder: bool = True
    consent_equal_name_is_same: bool = True
    consent_to_care_is_silent: bool = True
    consent_needs_signed_paper: bool = True
    consent_unverified_carries_nothing: bool = True


SHIPPED = Readings()


def readings_of(policy: Policy) -> Readings:
    """The positions under a policy."""
    return Readings(**{name: getattr(policy, name) for name in Readings.__struct_fields__})
