"""The documents of the papers (a directive, an authorization, a Part 2 consent): they go with what rests on the paper.

Any other signed consent would tell of what is withheld, so it stays as a record of a privacy decision does; in their
own access the individual gets it, as the policy says (`consent_forms_in_access`). That of a Part 2 consent says that
its patient was in a program: it is a Part 2 record itself (42 CFR 2.11, 2.13(c)(1)).
"""

from collections.abc import Iterator, Mapping

import msgspec

from adapter.consent import basis
from adapter.consent.copies import Found
from adapter.consent.forms import Forms, every_form
from adapter.consent.groups import Material
from adapter.consent.law import is_counseling, is_part2, is_psychotherapy, kinds_of
from adapter.consent.names import Names, meant
from adapter.consent.rules import OUTGOING, RIGHT, Finding, Matter, item_rule, out
from adapter.holding import Loaded

FORM = "consent_form"
PAPERS = {
    "directive": "directive",
    "authorization": "authorization",
    "psychotherapy_authorization": "authorization",
    "part2_consent": "part2_consent",
    "counseling_notes_consent": "part2_consent",
    "proceedings_consent": "part2_consent",
}
"""Fields of the authority that may name the signed document they were taken from -> what kind of paper each is."""
Documents = Mapping[str, frozenset[str]]


def documents_of(loaded: Loaded, names: Names, forms: Forms) -> Documents:
    """Id of a document, in every form -> the papers (as facts of the law) that name it as theirs."""
    found: dict[str, set[str]] = {}
    for paper in PAPERS:
        held = getattr(loaded.case.access, paper, None)
        told = getattr(held, "document", None)
        fact = "psychotherapy_authorization" if getattr(held, "psychotherapy_notes", None) is True else paper
        for name in every_form((*meant(told, names), told), forms) if told else ():
            found.setdefault(name, set()).add(fact)
    return {name: frozenset(papers) for name, papers in found.items()}


def as_paper(item: Material, documents: Documents) -> Material:
    """The item with the papers it is the document of; that of a Part 2 consent is a Part 2 record."""
    papers = documents.get(item.id, frozenset())
    of_part2 = any(PAPERS[paper] == "part2_consent" for paper in papers)
    return msgspec.structs.replace(item, document_of=tuple(sorted(papers)), part2=True if of_part2 else item.part2)


def is_own(matter: Matter) -> bool:
    """Whether the request is the individual's own access, to whom the policy gives consent forms."""
    whom = matter.policy.consent_forms_in_access
    told = whom == "individual" or (whom == "patient" and matter.facts.requester == "patient")
    return told and matter.basis.name == "access"


@item_rule(
    "paper.form",
    "45 CFR 164.530(j)(1)",
    "A signed consent that belongs to no paper of the request stays; the patient gets it in the own access.",
    bases=OUTGOING,
)
def form(matter: Matter, item: Material) -> Iterator[Finding]:
    if FORM in kinds_of(item) and not item.document_of and not is_own(matter):
        label = matter.policy.outside_right_alone if matter.basis.name in RIGHT else "deny_not_permitted"
        yield out("ADMINISTRATIVE_RECORD", item, label)


def rested_on(matter: Matter, going: frozenset[str], found: Found) -> tuple[str, ...]:
    """The papers that something which goes rests on, in the order of PAPERS.

    A paper's own document does not count: it would vouch for itself.
    """
    resting = [item for item in matter.facts.materials if item.id in going and not item.document_of]
    return tuple(paper for paper in PAPERS if any(_rests(matter, item, paper, found) for item in resting))


def _rests(matter: Matter, item: Material, paper: str, found: Found) -> bool:
    if paper == "directive":
        return matter.basis.name == "directive"
    if paper == "authorization":
        return basis.bases_of(matter, item)[-1].name == "authorization"
    if paper == "psychotherapy_authorization":
        return is_psychotherapy(item) and matter.facts.psychotherapy_authorization is not None
    consented = any(finding.code == "PART2_CONSENT_OK" for finding in found[item.id])
    wanted = "part2_consent"
    if is_counseling(item):
        wanted = "counseling_notes_consent"
    elif matter.facts.purpose == "legal_proceedings":
        wanted = "proceedings_consent"
    return consented and is_part2(item) and paper == wanted


def left_behind(matter: Matter, going: frozenset[str], papers: tuple[str, ...]) -> Iterator[Finding]:
    """Exclude the documents of papers that nothing which goes rests on; the individual's own access has no such."""
    if is_own(matter):
        return
    for item in matter.facts.materials:
        if item.id in going and not set(item.document_of) <= set(papers):
            yield out("ADMINISTRATIVE_RECORD", item, "deny_not_permitted")


RULES = (form,)
