"""The gate: the only maker of a Release. What was withheld leaves no trace in it.

No trace means: no id, no count, no dangling reference, no party that only withheld things name. What is left is the
same as if the withheld had never been held; tests compare the bytes.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, count
from typing import Any

import msgspec

from adapter.consent import release as _release
from adapter.consent.case_facts import items_of, statements_of
from adapter.consent.decide import Decision, decide
from adapter.consent.enclosed import without_enclosed
from adapter.consent.facts import Facts
from adapter.consent.names import PHYSICAL
from adapter.consent.policy import Policy
from adapter.consent.release import Citation, Contents, HolderUse, Release
from adapter.consent.withhold_carried import Validate, release_carried
from adapter.consent.withhold_case import named_by, on_its_papers, release_case
from adapter.holding import Loaded
from mappings.dicom.in_case import told_names, with_told
from mappings.domain.case import LISTS, Case, SourceSettings
from mappings.domain.material import Document, ImagingStudy
from mappings.domain.party import Item, KnownAs, Patient, is_foreign
from mappings.domain.person import matches
from mappings.domain.values import Moment
from mappings.fhir.carried import Carried
from mappings.problems import refuse

NAME = 200
ENDING = 20
"""Longest file name in documents/, and longest ending that is kept whole when a name is cut, in characters (ASCII)."""

STATEMENT_DUE = "PART2_NOTICE_REQUIRED"
"""The reason that wants the statement of 42 CFR 2.32(a) with what goes."""

DISPUTED = "DISAGREEMENT_MUST_ACCOMPANY"
"""The reason that wants the statement of disagreement of an item with it."""

Read = Callable[[Carried, Mapping[str, str]], dict[str, tuple[Any, ...]]]


def release(loaded: Loaded, decision: Decision, decided_at: Moment, validate: Validate, read: Read) -> Release:
    """Make the Release that a permit allows.

    `validate` judges one resource (see `release_carried`); `read` gives the reading of one by the list it belongs to.

    Raises:
        ProblemError: the decision is no permit, or not about exactly the items of this case, or what is left cannot
            stand as a case.
    """
    if not decision.permits:
        raise refuse("forbidden", "release", "only a permit makes a release", rule="gate")
    decided = (*decision.released, *decision.excluded, *decision.duplicates)
    if sorted(decided) != sorted(item.id for item in items_of(loaded)):
        raise refuse("forbidden", "release", "the decision is not about what this case asks for", rule="gate")
    released = frozenset(decision.released)
    loaded, allowed = without_enclosed(on_its_papers(loaded, decision), released, decision.duplicates)
    withheld = frozenset(decision.excluded) | (released - allowed)
    carried = release_carried(loaded, allowed, withheld, named_by(loaded.case, allowed), validate)
    images = tuple(image for image in loaded.images if _goes(loaded.case, image.study.uid, allowed))
    read_again = _read_again(loaded, carried, read)
    urls = frozenset(item.full_url for item in carried)
    case = release_case(read_again, allowed | told_names(read_again, images), urls)
    case = with_told(case, images).case
    studies = frozenset(study.uid for study in case.studies)
    here = {i.uid for s in case.studies for series in s.series for i in series.instances}
    instances = {uid: file for uid, file in loaded.instances.items() if uid in here}
    documents = {d.id: loaded.documents[d.id] for d in case.documents if d.id in loaded.documents}
    patients = tuple(item.full_url for item in carried if item.type == "Patient")
    identities = [loaded.identities[url] for url in (*patients, *studies) if url in loaded.identities]
    known = tuple(k for k in case.patient.known_as if any(matches(k, case.patient, i) for i in identities))
    settings = _settings(loaded, instances)
    case = msgspec.structs.replace(case, patient=_known_as(case.patient, known), sources=settings)
    items = _gone_out(decision, allowed, case, carried)
    _accompanied(loaded, decision, items)
    contents = Contents(
        case=_laid_out(case),
        carried=carried,
        documents=documents,
        instances=instances,
        basis=_basis(decision, items),
        decided_at=decided_at,
        patients=patients,
        items=items,
        part2_statement=any(r.code == STATEMENT_DUE and r.item in items for r in decision.reasons),
    )
    return Release(_release._KEY, contents)


def _goes(case: Case, uid: str, allowed: frozenset[str]) -> bool:
    return any(s.uid == uid and s.id in allowed and not is_foreign(s.id) for s in case.studies)


def _accompanied(loaded: Loaded, decision: Decision, items: tuple[str, ...]) -> None:
    """Raise ProblemError where a disputed item would go and its statement of disagreement would not."""
    statements = statements_of(loaded)
    disputed = {reason.item for reason in decision.reasons if reason.code == DISPUTED} & {*items}
    if any(statements.get(str(name), frozenset()).isdisjoint(items) for name in disputed):
        message = "names a statement of disagreement that may not go with the item it is about; keep the item back too"
        raise refuse("forbidden", "case.json $.materials.in_law.statement", message, rule="45 CFR 164.526(d)(5)(i)")


def _gone_out(decision: Decision, allowed: frozenset[str], case: Case, carried: Iterable[Carried]) -> tuple[str, ...]:
    """What goes of what may: an item that cannot stand without a withheld one stays, though the law permits it."""
    here = {case.request.id, *(item.id for item in case.items()), *(item.full_url for item in carried)}
    return tuple(name for name in decision.released if name in allowed and name.removesuffix(PHYSICAL) in here)


def _read_again(loaded: Loaded, carried: tuple[Carried, ...], read: Read) -> Case:
    """The case with readings of what goes: of a resource that something was taken out of, the old one tells it."""
    before = {item.full_url: item for item in loaded.carried}
    changed = {item.full_url: read(item, loaded.aliases) for item in carried if item is not before[item.full_url]}
    lists: dict[str, tuple[Item, ...]] = {}
    for name in LISTS if changed else ():
        own = [item for item in getattr(loaded.case, name) if not is_foreign(item.id)]
        theirs = [item for item in getattr(loaded.case, name) if is_foreign(item.id) and item.id not in changed]
        theirs += [item for found in changed.values() for item in found.get(name, ())]
        lists[name] = (*own, *sorted(theirs, key=lambda item: item.id))
    uids = {study.uid for study in loaded.case.studies if not is_foreign(study.id)}
    if "studies" in lists:
        lists["studies"] = tuple(s for s in lists["studies"] if not is_foreign(s.id) or _uid(s) not in uids)
    return msgspec.structs.replace(loaded.case, **lists)


def _uid(item: Item) -> str | None:
    return item.uid if isinstance(item, ImagingStudy) else None


def use(facts: Facts, policy: Policy) -> HolderUse:
    """Decide about the holder's own use (45 CFR 164.506(c)(1)), for converting foreign files inside its walls.

    Raises:
        ProblemError: the facts state another basis, or the law does not permit it.
    """
    decision = decide(facts, policy)
    if facts.pathway != "use" or not decision.permits:
        raise refuse("forbidden", "use", "is not a use inside the holder's own walls", rule="gate")
    kept = {item: tuple(r for r in decision.reasons if r.item == item) for item in decision.excluded}
    return HolderUse(_release._KEY, frozenset((*decision.released, *decision.duplicates)), kept)


def _basis(decision: Decision, items: tuple[str, ...]) -> tuple[Citation, ...]:
    """Why what goes may go, each reason once; no reason of another role ever goes out."""
    found = {
        reason.code: Citation(
            code=reason.code, citation=reason.citation, uri=reason.uri, sentence=reason.ground.sentence
        )
        for reason in decision.basis
        if reason.item is None or reason.item in items
    }
    return tuple(found[code] for code in sorted(found))


def _known_as(patient: Patient, entries: tuple[KnownAs, ...]) -> Patient:
    """Only the other names under which a released source knows the patient."""
    return msgspec.structs.replace(patient, known_as=entries)


def _settings(loaded: Loaded, instances: Iterable[str]) -> tuple[SourceSettings, ...]:
    """The settings of released images, said of where they lie in the bundle."""
    found = {loaded.settings[uid] for uid in instances if uid in loaded.settings}
    told = [(zone, system) for zone, system in sorted(found, key=str) if zone or system]
    if len(found) > 1:
        message = (
            "images from sources with different zones or issuers cannot share one medium; export them as two cases"
        )
        raise refuse("business-rule", "case.json $.sources", message, rule="gate")
    return tuple(SourceSettings(path="DICOM", zone=zone, patient_system=system) for zone, system in told)


def _laid_out(case: Case) -> Case:
    """Documents under `documents/`, each with its own name, derived from nothing but what is released."""
    taken: set[str] = set()
    places: dict[str, str] = {}
    for document in sorted(case.documents, key=lambda d: d.id):
        name = _free(document, taken)
        taken.add(name.casefold())
        places[document.path] = f"documents/{name}"
    documents = tuple(msgspec.structs.replace(d, path=places[d.path]) for d in case.documents)
    lines = tuple(
        msgspec.structs.replace(line, path=places[line.path], id=_id_of(case, line.path)) if line.path else line
        for line in case.materials
    )
    return msgspec.structs.replace(case, documents=documents, materials=lines)


def _free(document: Document, taken: set[str]) -> str:
    """A file name like the document's own that no other has, short enough for any file system."""
    plain = re.sub(r"[^A-Za-z0-9._ ()-]", "_", document.path.rsplit("/", 1)[-1]).lstrip(".") or "document"
    stem, dot, ending = plain.rpartition(".")
    if not stem or len(ending) > ENDING:
        stem, dot, ending = plain, "", ""
    marks = chain(("", f"-{document.sha256[:8]}"), (f"-{document.sha256[:8]}-{number}" for number in count(2)))
    names = (f"{stem[: NAME - len(mark) - len(dot + ending)]}{mark}{dot}{ending}" for mark in marks)
    return next(name for name in names if name.casefold() not in taken)


def _id_of(case: Case, path: str) -> str:
    return next(d.id for d in case.documents if d.path == path)
