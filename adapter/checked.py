"""A loaded case with the decision about it: what the pipeline hands on."""

import msgspec

from adapter.consent.decide import Decision
from adapter.consent.facts import Facts
from adapter.consent.policy import Policy
from adapter.holding import Loaded
from mappings.completeness.assess import Completeness


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A loaded case with the decision about it, and the policy that decided."""

    loaded: Loaded
    facts: Facts
    decision: Decision
    completeness: Completeness
    policy: Policy
