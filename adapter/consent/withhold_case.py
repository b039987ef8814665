"""The native facts without what is withheld: items, links, lines, and the parties that only withheld things name."""

import msgspec

from adapter.consent.case_facts import PHYSICAL, items_of, moving
from adapter.consent.decide import Decision
from adapter.consent.law import is_psychotherapy
from adapter.holding import Loaded
from mappings.domain.access import Access, Authorization
from mappings.domain.case import LISTS, OF_THE_HOLDER, Case, Material
from mappings.domain.links import links_of, rewrite
from mappings.domain.material import CustodyEvent, ImagingStudy
from mappings.domain.party import PATIENT, Item, is_foreign
from mappings.problems import refuse

SUPPORTING_LISTS = ("organizations", "practitioners", "roles", "related_persons", "coverages", "endpoints")


def on_its_papers(loaded: Loaded, decision: Decision) -> Loaded:
    """The case with only those papers that a released item rests on: any other would tell of what was withheld."""
    access = loaded.case.access
    if access is None:
        return loaded
    goes = frozenset(decision.released)
    notes = frozenset(item.id for item in items_of(loaded) if is_psychotherapy(item))
    by_it = notes | {reason.item for reason in decision.reasons if reason.code == "AUTHORIZATION_DISCLOSURE"}
    rests = tuple(name for name in decision.released if name in by_it)
    general = access.authorization
    fact = "psychotherapy_authorization" if general and general.psychotherapy_notes is True else "authorization"
    kept = {
        "directive": access.directive if "directive" in decision.papers else None,
        "authorization": _limited(general, rests, goes) if fact in decision.papers else None,
        "part2_consent": access.part2_consent if "part2_consent" in decision.papers else None,
    }
    case = msgspec.structs.replace(loaded.case, access=msgspec.structs.replace(access, **kept))
    return msgspec.structs.replace(loaded, case=case)


def _limited(paper: Authorization | None, rests: tuple[str, ...], goes: frozenset[str]) -> Authorization | None:
    """The authorization, said to cover what rests on it where other things go on another basis."""
    if paper is None:
        return None
    plain = msgspec.structs.replace(paper, **dict.fromkeys(OF_THE_PAPER))
    if paper.covers is not None or goes == set(rests):
        return plain
    return msgspec.structs.replace(plain, covers=rests)


OF_THE_PAPER = ("expiry_event_occurred", "sought_by_holder", "copy_given", "remuneration", "plain_language")
"""What the holder knows of an authorization beyond what it says."""


def named_by(case: Case, allowed: frozenset[str]) -> frozenset[str]:
    """Every name that the request, the authority and the released native items link to."""
    roots: list[object] = [case.request]
    roots += [_access(case.access, allowed)] if case.access else []
    roots += [i for i in _items(case) if not is_foreign(i.id) and _item_stays(i, allowed, frozenset(), moving(case))]
    return frozenset(link for root in roots for link in links_of(root))


def release_case(case: Case, allowed: frozenset[str], urls: frozenset[str]) -> Case:
    """The case with only released items; links to anything else are taken out, and what cannot stand without goes too.

    Raises:
        ProblemError: the request itself cannot stand without what is withheld.
    """
    lines = tuple(line for line in case.materials if _line_stays(line, case, allowed, urls))
    items = {item.id: item for item in _items(case) if _item_stays(item, allowed, urls, moving(case))}
    while True:
        names = {PATIENT, case.request.id, *items, *urls, *_findings(case, items)}
        names |= {case.access.id} if case.access else set()
        names |= {item.uid for item in items.values() if isinstance(item, ImagingStudy)}
        cleaned = {name: made for name, item in items.items() if (made := _relinked(item, names)) is not None}
        if len(cleaned) == len(items):
            break
        items = {name: items[name] for name in cleaned}
    return _parties(_rebuilt(case, cleaned, names, lines, allowed))


def _items(case: Case) -> list[Item]:
    return [item for name in LISTS for item in getattr(case, name)]


def _findings(case: Case, items: dict[str, Item]) -> set[str]:
    return {finding.id for report in case.reports if report.id in items for finding in report.findings}


def _item_stays(item: Item, allowed: frozenset[str], urls: frozenset[str], going: frozenset[str]) -> bool:
    if isinstance(item, CustodyEvent):
        return all((f"{name}{PHYSICAL}" if name in going else name) in allowed for name in item.items)
    if is_foreign(item.id):
        return item.id in urls
    return type(item).__name__ in _UNDECIDED or item.id in allowed


_UNDECIDED = frozenset(("Organization", "Practitioner", "Role", "RelatedPerson", "Coverage", "Endpoint"))


def _line_stays(line: Material, case: Case, allowed: frozenset[str], urls: frozenset[str]) -> bool:
    if line.path is not None:
        return any(d.path == line.path and d.id in allowed for d in case.documents)
    studies = {s.uid: s.id for s in case.studies}
    name = studies.get(str(line.item), str(line.item))
    return name in allowed or name in urls


def _relinked(item: Item, names: set[str]) -> Item | None:
    try:
        return rewrite(item, lambda name: name if name in names else None)
    except ValueError:
        return None


def _rebuilt(
    case: Case, items: dict[str, Item], names: set[str], lines: tuple[Material, ...], allowed: frozenset[str]
) -> Case:
    lists = {name: tuple(items[i.id] for i in getattr(case, name) if i.id in items) for name in LISTS}
    try:
        request = rewrite(case.request, lambda name: name if name in names else None)
        access = _access(case.access, allowed) if case.access else None
        access = rewrite(access, lambda name: name if name in names else None)
        told = (msgspec.structs.replace(line, in_law=None) for line in lines)
        about = (
            line for line in told if line.item is None or (line.item in names and line != Material(item=line.item))
        )
        made = tuple(rewrite(line, lambda name: name if name in names else None) for line in about)
        lists |= dict.fromkeys(OF_THE_HOLDER, ())
        return msgspec.structs.replace(case, **lists, request=request, access=access, materials=made, schema_=None)
    except ValueError as error:
        raise refuse(
            "business-rule", "case.json", f"cannot stand without what is withheld: {error}", rule="gate"
        ) from None


def _access(access: Access, allowed: frozenset[str]) -> Access:
    """The authority as the recipient gets it: what is not listed in GOES stays with the holder."""
    told = {name: getattr(access, name) for name in GOES}
    plain = Access(id=access.id, **told)
    if not any(name.endswith(PHYSICAL) for name in allowed):
        plain = msgspec.structs.replace(plain, loan=None)
    return plain


GOES = (
    "pathway", "requester", "recipient", "recipient_party", "purpose", "requested_by", "recipient_is_provider",
    "engaged_by_payer", "identity_verified", "authority_verified", "request_form", "received_at", "holder_tz",
    "directive", "authorization", "part2_consent", "representative", "loan",
)  # fmt: skip
"""The fields of the authority that travel; any other stays with the holder."""


def _parties(case: Case) -> Case:
    """Drop the parties (and coverages, endpoints) that nothing released leads to."""
    supporting = {item.id: item for name in SUPPORTING_LISTS for item in getattr(case, name)}
    roots: list[object] = [case.request, case.access, *case.materials]
    roots += [item for item in _items(case) if item.id not in supporting]
    wanted = {case.holder, *(link for root in roots if root is not None for link in links_of(root))}
    queue = list(wanted)
    while queue:
        item = supporting.get(queue.pop())
        fresh = links_of(item) - wanted if item is not None else set()
        wanted |= fresh
        queue.extend(fresh)
    lists = {name: tuple(i for i in getattr(case, name) if i.id in wanted) for name in SUPPORTING_LISTS}
    return msgspec.structs.replace(case, **lists)
