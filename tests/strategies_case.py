"""Whole generated cases: people, tissue, imaging, reports and comparisons whose links all lead somewhere."""

from typing import Any, TypeVar

import msgspec
from hypothesis import strategies as st

from mappings.domain.access import Access, Restriction
from mappings.domain.case import Case
from mappings.domain.native import read_case
from mappings.domain.party import Item, Organization, Practitioner, Role
from mappings.domain.report import Report
from mappings.domain.request import ReviewRequest
from mappings.domain.values import PersonName
from mappings.fhir.wire import dumps
from tests import strategies, strategies_material, strategies_request
from tests.small_case import CASE

T = TypeVar("T", bound=Item)

EXAMPLE = read_case(dumps(CASE))
"""The small case as the domain has it."""


def _named(strategy: st.SearchStrategy[T], stem: str, most: int = 2, **links: Any) -> st.SearchStrategy[tuple[T, ...]]:
    """Up to `most` items with names of their own, their links led to what is there."""

    def named(items: list[T]) -> tuple[T, ...]:
        return tuple(msgspec.structs.replace(item, id=f"{stem}-{n}", **links) for n, item in enumerate(items))

    return st.lists(strategy, max_size=most).map(named)


ORGANIZATIONS = (
    Organization(id="org-holder", name="Holder Hospital (synthetic)"),
    Organization(id="org-center", name="Review Center (synthetic)", kind="review_center"),
)
PRACTITIONERS = (Practitioner(id="prac-asks", names=(PersonName(family="Testdoctor", given=("Ida",)),)),)
ROLES = (Role(id="role-asks", practitioner="prac-asks", organization="org-holder"),)


def _report(report: Report, name: str, examined: tuple[str, ...], studies: tuple[str, ...]) -> Report:
    """The report with its links led to what is there."""
    findings = tuple(
        msgspec.structs.replace(finding, id=f"{name}-{finding.id}", part=next(iter(examined), None), diagnosis=None)
        for finding in report.findings
    )
    links: dict[str, Any] = {"authors": ("role-asks",), "organization": "org-holder", "request": None}
    links |= {"documents": (), "extends": None, "addendum_of": None, "summary_of": ()}
    return msgspec.structs.replace(report, id=name, findings=findings, examined=examined, studies=studies, **links)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any consistent case that a provider may disclose for treatment, with some items under an agreed restriction.

    Nothing hangs on a restricted item: parts and blocks are free of it where there is more below them.
    """
    diagnoses = draw(_named(strategies.diagnoses, "dx", asserter="role-asks", primary=None, evidence=()))
    procedures = draw(_named(strategies.procedures, "proc", performers=("org-holder",), reasons=()))
    parts = draw(_named(strategies_material.tissue_parts, "part", parent=None))
    blocks = draw(_named(strategies_material.blocks, "block", part="part-0")) if parts else ()
    slides = draw(_named(strategies_material.slides, "slide", parent="block-0")) if blocks else ()
    studies = tuple(
        msgspec.structs.replace(
            study,
            series=tuple(msgspec.structs.replace(one, slides=tuple(s.id for s in slides)) for one in study.series),
        )
        for study in draw(_named(strategies_material.studies, "study", most=1, endpoints=()))
    )
    seen = tuple(item.id for item in (*parts, *blocks, *slides))
    drawn = draw(st.lists(strategies_material.reports, max_size=2))
    reports = tuple(_report(r, f"report-{n}", seen, tuple(s.id for s in studies)) for n, r in enumerate(drawn))
    leaves = [item.id for item in (*diagnoses, *procedures, *slides, *studies, *reports)]
    restricted = tuple(draw(st.lists(st.sampled_from(leaves), unique=True))) if leaves else ()
    return Case(
        id="generated",
        test_data=True,
        patient=draw(strategies.patients),
        request=_request(draw(strategies_request.requests()), tuple(item.id for item in diagnoses)),
        access=_access(restricted),
        holder="org-holder",
        organizations=ORGANIZATIONS,
        practitioners=PRACTITIONERS,
        roles=ROLES,
        diagnoses=diagnoses,
        procedures=procedures,
        parts=parts,
        blocks=blocks,
        slides=slides,
        studies=studies,
        reports=reports,
    )


def _request(request: ReviewRequest, diagnoses: tuple[str, ...]) -> ReviewRequest:
    """Between the parties that are here; no emergency, because a restriction gives way to one."""
    plain: dict[str, Any] = {"urgency": "routine", "emergency": None, "coverage": None, "supporting": ()}
    reasons = tuple(reason for reason in request.reasons if reason != "insurance-required") or ("rare-cancer",)
    parties = {"requester": "role-asks", "performer": "org-center"}
    return msgspec.structs.replace(request, **plain, **parties, reasons=reasons, diagnoses=diagnoses)


def _access(restricted: tuple[str, ...]) -> Access:
    assert EXAMPLE.access is not None
    agreed = Restriction(agreed=True, blocks_recipient="review_center", items=restricted)
    return msgspec.structs.replace(EXAMPLE.access, restrictions=(agreed,) if restricted else ())
