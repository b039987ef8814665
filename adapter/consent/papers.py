"""The documents of the papers (a directive, an authorization, a Part 2 consent): they go with what rests on the paper.

Any other signed consent would tell of what is withheld, so it stays as a record of a privacy decision does. That of a
Part 2 consent says that its patient was in a program: it is a Part 2 record itself (42 CFR 2.11, 2.13(c)(1)).
"""

from collections.abc import Mapping

import msgspec

from adapter.consent.decide import Decision
from adapter.consent.forms import every_form, forms_of
from adapter.consent.groups import Material
from adapter.consent.names import Names, meant, names_of
from adapter.holding import Loaded

PAPERS = ("directive", "authorization", "part2_consent")
"""Fields of the authority that may name the signed document they were taken from."""
FORM = "consent_form"
Documents = Mapping[str, frozenset[str]]


def documents_of(loaded: Loaded, names: Names) -> Documents:
    """Id of a document -> the papers that name it as theirs."""
    found: dict[str, set[str]] = {}
    for paper in PAPERS:
        told = getattr(getattr(loaded.case.access, paper, None), "document", None)
        for name in (*meant(told, names), told) if told else ():
            found.setdefault(name, set()).add(paper)
    return {name: frozenset(papers) for name, papers in found.items()}


def as_paper(item: Material, documents: Documents) -> Material:
    """The item as the law sees it: the document of a paper, a consent form that is none, or anything else."""
    papers = documents.get(item.id, frozenset())
    if "part2_consent" in papers:
        return msgspec.structs.replace(item, part2=True)
    if item.kind == FORM and not papers:
        return msgspec.structs.replace(item, kind="administrative_record", in_drs=False)
    return item


def going(loaded: Loaded, decision: Decision, psychotherapy: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The papers that something released rests on, and the released documents that stay since theirs does not go.

    A paper's own document does not count: it would vouch for itself. `psychotherapy` are the items with such notes.
    """
    documents = documents_of(loaded, names_of(loaded))
    forms = forms_of(loaded) if documents else {}
    own = frozenset(every_form(documents, forms))
    goes = frozenset(decision.released) - own
    said = {reason.code for reason in decision.reasons if reason.item is None or reason.item in goes}
    rests = {
        "directive": "THIRD_PARTY_DIRECTIVE" in said,
        "authorization": "AUTHORIZATION_DISCLOSURE" in said or not goes.isdisjoint(psychotherapy),
        "part2_consent": "PART2_CONSENT_OK" in said,
    }
    papers = frozenset(name for name, holds in rests.items() if holds)
    behind = every_form((name for name, of in documents.items() if not of <= papers), forms)
    return papers, frozenset(behind) & frozenset(decision.released)
