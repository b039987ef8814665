"""What the holder is in law, as a deployment says it: facts of every decision, the same in every case."""

import msgspec


class Standing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the holder is in law, in every case alike; None is unknown, and no rule takes unknown for true.

    Attributes:
        covered_entity: a covered entity under HIPAA (45 CFR 160.103).
        clia_laboratory: a laboratory under CLIA: it gives completed reports (42 CFR 493.1291(l)).
        correctional, acts_under_direction: a correctional institution, or a provider acting under the direction of
            one (45 CFR 164.524(a)(2)(ii)).
        federal_privacy_act: its records are under the Privacy Act, 5 U.S.C. 552a (164.524(a)(2)(iv)).
        health_plan: a health plan.
        part2_program: a federally assisted program under 42 CFR part 2.
    """

    covered_entity: bool | None = None
    clia_laboratory: bool | None = None
    correctional: bool | None = None
    acts_under_direction: bool | None = None
    federal_privacy_act: bool | None = None
    health_plan: bool | None = None
    part2_program: bool | None = None
