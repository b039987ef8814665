"""Why a second opinion is weighed: the six decision factors. They inform people and never decide for a clinician."""

from decimal import Decimal
from typing import Literal

from mappings.domain.values import Fact, need


class DiscordanceRate(Fact, frozen=True, kw_only=True):
    """How often a review changed the diagnosis in a published series; percent of reviewed cases, with its source."""

    tumor_group: str
    measure: str
    lower: Decimal
    upper: Decimal
    source: str

    def check(self) -> None:
        need(0 <= self.lower <= self.upper <= 100, "`lower` and `upper` are percent, lower first")


class DecisionFactors(Fact, frozen=True, kw_only=True):
    """The six factors: confidence, consequence, published discordance, time, coverage, the patient's preference."""

    diagnostic_confidence: Literal["low", "moderate", "high"] | None = None
    treatment_consequence: Literal["reversible", "irreversible", "life-altering"] | None = None
    discordance_group: str | None = None
    """Value of the table `discordance-rates` that fits the tumour; its rates travel with the request."""
    time_available: Literal["hours", "days", "weeks", "no-limit"] | None = None
    coverage: Literal["required-by-payer", "covered", "self-pay", "not-covered", "unknown"] | None = None
    patient_preference: Literal["wants", "indifferent", "declines"] | None = None
