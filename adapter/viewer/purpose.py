"""What for: the question, the reasons, what is planned, when the answer is due, and what is weighed."""

from adapter.viewer.index import Index
from adapter.viewer.markup import Child, Html, el, fragment, items, joined, pairs, section, table
from adapter.viewer.say import codes, concept, identifier, number, prose, span, when
from adapter.viewer.words import (
    CONFIDENCE,
    CONSEQUENCE,
    COVERAGE,
    COVERAGE_STATUSES,
    COVERED_AS,
    PREFERENCE,
    REASONS,
    SCOPES,
    TIME,
    URGENCIES,
    plain,
    word,
)
from mappings.domain.assessment import DiscordanceRate
from mappings.domain.party import Coverage
from mappings.domain.request import PlannedTreatment
from mappings.problems import ProblemError
from mappings.terminology.rates import rates_for


def purpose(index: Index) -> Html:
    """The request itself."""
    request = index.case.request
    rows: list[tuple[str, Child]] = [
        ("Reasons", items([fragment(REASONS[reason]) for reason in request.reasons])),
        ("Scope", SCOPES[request.scope]),
        ("Urgency", URGENCIES[request.urgency]),
        ("Due window", _window(index)),
        ("Planned treatment", _treatment(index)),
        ("About", index.links(request.diagnoses)),
        ("Insurance", _coverage(index)),
        ("Requested", when(request.authored_on)),
        ("Request numbers", items([identifier(i) for i in request.identifiers])),
        ("See also", index.links(request.supporting)),
    ]
    question = el("div", el("h3", "Question"), el("blockquote", prose(request.question)), class_="question")
    return section("purpose", "What for", question, pairs(rows, "facts wide"), _factors(index))


def _window(index: Index) -> Html:
    window = index.case.request.turnaround
    if window is None:
        return fragment("No date: the start is not known to the day")
    start, earliest, latest = (when(day.isoformat()) for day in (window.start, window.earliest, window.latest))
    soonest = fragment(", earliest ", earliest) if window.earliest < window.latest else None
    return fragment("due by ", el("strong", latest), soonest, ", counted from ", start)


def _treatment(index: Index) -> Html | None:
    planned = index.case.request.planned_treatment
    if planned is None:
        return None
    scheduled = when(planned.scheduled)
    return joined(
        " · ",
        planned.description,
        _coded(planned),
        "cannot be undone" if planned.irreversible else None,
        fragment("scheduled ", scheduled) if scheduled else None,
        "held back until the review" if planned.held else None,
    )


def _coded(planned: PlannedTreatment) -> Html | None:
    same = planned.code is not None and planned.code.label == planned.description
    return codes(planned.code) if planned.code and same else concept(planned.code)


def _coverage(index: Index) -> Html | None:
    coverage = index.get(index.case.request.coverage, Coverage)
    return insurance(index, coverage) if coverage else None


def insurance(index: Index, coverage: Coverage) -> Html:
    """One insurance in a line."""
    return joined(
        " · ",
        index.party(coverage.payer),
        coverage.plan,
        fragment("member ", el("code", coverage.member_id)),
        coverage.relationship and f"insured: {COVERED_AS[coverage.relationship]}",
        COVERAGE_STATUSES[coverage.status],
        span(coverage.period),
    )


def _factors(index: Index) -> Html | None:
    factors = index.case.request.factors
    if factors is None:
        return None
    told = pairs(
        [
            ("Confidence in the diagnosis", word(CONFIDENCE, factors.diagnostic_confidence)),
            ("Consequence of treatment", word(CONSEQUENCE, factors.treatment_consequence)),
            ("Time available", word(TIME, factors.time_available)),
            ("Coverage", word(COVERAGE, factors.coverage)),
            ("Patient", word(PREFERENCE, factors.patient_preference)),
            ("Tumor group", _group(factors.discordance_group)),
        ],
        "facts wide",
    )
    note = el("p", "These inform the people who decide. They decide nothing by themselves.", class_="quiet")
    return fragment(el("h3", "What is weighed"), told, _rates(factors.discordance_group), note)


def _group(group: str | None) -> str | None:
    return "Surgical pathology as a whole" if group == "any" else group and plain(group)


def _rates(group: str | None) -> Html | None:
    try:
        found = rates_for(group) if group else ()
    except ProblemError:
        return None
    rows: list[list[Child]] = [[rate.measure, _percent(rate), rate.source] for rate in found]
    caption = "How often a review changed the diagnosis, as published (percent of reviewed cases)"
    return table(caption, ["Measure", "Percent", "Source"], rows)


def _percent(rate: DiscordanceRate) -> str:
    lower, upper = number(rate.lower), number(rate.upper)
    return lower if lower == upper else f"{lower} to {upper}"
