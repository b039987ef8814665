"""How often a review changed the diagnosis, as published: figures and sources of `data/discordance-rates.csv`.

Percent of the cases reviewed. The column `verified` says what of the source was seen when the line was written. The
rates inform the people who weigh a second opinion; nothing is computed from them.
"""

from decimal import Decimal
from functools import cache

from mappings.domain.assessment import DiscordanceRate
from mappings.problems import refuse
from mappings.terminology.tables import records


@cache
def _rates() -> dict[str, tuple[DiscordanceRate, ...]]:
    made: dict[str, tuple[DiscordanceRate, ...]] = {}
    for line in records("discordance-rates"):
        rate = DiscordanceRate(
            tumor_group=line["group"],
            measure=line["measure"],
            lower=Decimal(line["lower"]),
            upper=Decimal(line["upper"]),
            source=line["source"],
        )
        made[rate.tumor_group] = (*made.get(rate.tumor_group, ()), rate)
    return made


def groups() -> tuple[str, ...]:
    """The tumour groups with published rates; `any` is surgical pathology as a whole."""
    return tuple(_rates())


def rates_for(group: str) -> tuple[DiscordanceRate, ...]:
    """The published rates of a tumour group, in the order of the file.

    Raises:
        ProblemError: `code-invalid`, naming the groups there are.
    """
    found = _rates().get(group)
    if found is None:
        message = f"no published rates for this group; there are {', '.join(groups())}"
        raise refuse("code-invalid", "discordance_group", message, rule="table.discordance-rates")
    return found
