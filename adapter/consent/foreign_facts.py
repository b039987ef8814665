"""What a Consent that came as FHIR says of the items of a case, as facts of the law."""

from adapter.consent.groups import Group


class CarriedConsent(Group, frozen=True, kw_only=True):
    """What one Consent in the record says of some items.

    Attributes:
        id: the name of the Consent in the case.
        says: `denies`, `unclear` (it may deny, and nobody can tell), or `no_authority` (it was named as the paper
            behind a release and cannot carry it). Any other word, and none, is taken for `unclear`.
        rules: the rows of foreign_rules.csv that led there; a reason speaks of each.
        paper: for `no_authority`, which paper named it: directive, authorization, part2_consent, or
            psychotherapy_authorization, counseling_notes_consent, proceedings_consent.
        applies_to: ids of the items; none means every item.
    """

    id: str | None = None
    says: str | None = None
    rules: tuple[str, ...] = ()
    paper: str | None = None
    applies_to: tuple[str, ...] = ()
