"""Generated values of tissue, imaging, reports and concordances, and a Writing that knows every name they use."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from mappings.domain.concordance import Concordance, Difference
from mappings.domain.material import Block, ImagingStudy, Instance, Part, Series, Slide
from mappings.domain.report import Finding, Report, Section
from mappings.domain.values import Code, Concept, Identifier, Moment, Quantity
from mappings.fhir.context import URN, Writing
from mappings.identity import DEFAULT_NAMESPACE, resource_id

NAMES = ("patient", "request", "item", "one", "two", "three", "item#binary", "one#binary", "two#binary")
WRITING = Writing({name: URN + resource_id(DEFAULT_NAMESPACE, "test", name) for name in NAMES})
"""Where the things of the tests are: the item itself, and what it may point at."""

links = st.sampled_from(("one", "two", "three"))
lists_of_links = st.lists(st.sampled_from(("one", "two")), unique=True, max_size=2).map(tuple)
words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=30).filter(
    lambda text: text.strip() == text
)
tokens = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.-]{0,11}", fullmatch=True)
numbers = st.integers(0, 2**31 - 1)
uids = st.from_regex(r"2\.25\.[1-9][0-9]{0,30}", fullmatch=True)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The strategy or None."""
    return st.none() | strategy


days = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(str)
clocks = st.builds("{:02}:{:02}:{:02}{}".format, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59),
                   st.sampled_from(("", ".5", ".250", ".000001")))  # fmt: skip
offsets = st.sampled_from(("Z", "+00:00", "-05:00", "+05:30", "-11:00", "+14:00"))
instants = st.builds(lambda d, t, z: Moment(f"{d}T{t}{z}"), days, clocks, offsets)
moments = st.one_of(
    instants,
    days.map(Moment),
    days.map(lambda d: Moment(d[:7])),
    days.map(lambda d: Moment(d[:4])),
    st.builds(lambda d, t: Moment(f"{d}T{t}"), days, clocks),
)
codes = st.builds(
    Code,
    system=st.sampled_from(("http://snomed.info/sct", "http://loinc.org", "http://example.org/codes")),
    code=tokens,
    display=maybe(words),
    version=maybe(tokens),
)
concepts = st.one_of(
    st.builds(Concept, codes=st.lists(codes, min_size=1, max_size=2).map(tuple), text=maybe(words)),
    st.builds(Concept, text=words),
)
coded = st.builds(
    Concept, codes=st.lists(codes, min_size=1, max_size=2, unique_by=lambda c: (c.system, c.code)).map(tuple)
)
sites = st.one_of(st.builds(lambda code: Concept(codes=(code,)), codes), st.builds(Concept, text=words))
labels = st.builds(
    Identifier,
    system=st.just("http://example.org/labels"),
    value=tokens,
    kind=maybe(st.sampled_from(("FILL", "PLAC"))),
    assigner=maybe(words),
)
accessions = st.builds(Identifier, system=st.just("http://example.org/accession"), value=tokens, kind=st.just("ACSN"))
identifiers = st.builds(
    lambda first, rest: (*first, *rest),
    st.lists(accessions, max_size=1),
    st.lists(labels | accessions, max_size=2),
).map(lambda found: tuple(sorted(found, key=lambda i: i.kind != "ACSN")))
quantities = st.builds(
    Quantity,
    value=st.decimals(Decimal("-1e9"), Decimal("1e9"), places=3),
    unit=maybe(words),
    code=maybe(st.sampled_from(("mm", "%", "1"))),
    comparator=maybe(st.sampled_from(("<", "<=", ">=", ">"))),
)


def literal(struct: type, field: str) -> st.SearchStrategy[Any]:
    """A value of the words a field allows, None where it allows that."""
    import typing

    hint = typing.get_type_hints(struct)[field]
    options: list[Any] = []
    for option in (hint, *typing.get_args(hint)):
        if typing.get_origin(option) is typing.Literal:
            options += typing.get_args(option)
        elif option is type(None):
            options.append(None)
    return st.sampled_from(options)


tissue_parts = st.builds(
    Part,
    id=st.just("item"),
    parent=maybe(links),
    identifiers=identifiers,
    description=maybe(words),
    tissue=maybe(concepts),
    body_site=maybe(concepts),
    laterality=literal(Part, "laterality"),
    procedure=maybe(concepts),
    collected=maybe(moments),
    received=maybe(moments),
)
formalin = Concept(codes=(Code(system="http://snomed.info/sct", code="431510009"),))
blocks = st.builds(
    Block,
    id=st.just("item"),
    part=maybe(links),
    identifiers=identifiers,
    description=maybe(words),
    tissue=maybe(coded),
    fixative=maybe(concepts | st.just(formalin)),
    remaining=st.sampled_from((None, "ample", "limited")),
    sections=maybe(st.integers(0, 9999)),
)
slides = st.builds(
    Slide,
    id=st.just("item"),
    parent=maybe(links),
    identifiers=identifiers,
    tissue=maybe(coded),
    stain=maybe(concepts),
    stained_with=st.lists(concepts, max_size=2).map(tuple),
    kind=literal(Slide, "kind"),
    description=maybe(words),
    sections=maybe(st.integers(1, 9999)),
)
instances = st.builds(Instance, uid=uids, sop_class=uids, number=maybe(numbers), title=maybe(words))
series = st.builds(
    Series,
    uid=uids,
    modality=st.sampled_from(("SM", "CT", "MR", "OT", "ANN")),
    instances=st.lists(instances, max_size=3).map(tuple),
    number=maybe(numbers),
    description=maybe(words),
    body_site=maybe(sites),
    laterality=literal(Series, "laterality"),
    started=maybe(moments),
    performer=maybe(words),
    slides=lists_of_links,
)


def _once(all_series: list[Series]) -> tuple[Series, ...]:
    """Drop series that repeat a UID."""
    seen: set[str] = set()
    kept = []
    for one in all_series:
        uids_here = [one.uid, *(instance.uid for instance in one.instances)]
        if seen.isdisjoint(uids_here) and len(set(uids_here)) == len(uids_here):
            seen.update(uids_here)
            kept.append(one)
    return tuple(kept)


studies = st.builds(
    ImagingStudy,
    id=st.just("item"),
    uid=uids,
    series=st.lists(series, max_size=3).map(_once),
    identifiers=identifiers,
    started=maybe(moments),
    description=maybe(words),
    procedure=maybe(concepts),
    referrer=maybe(words),
    endpoints=lists_of_links,
    status=literal(ImagingStudy, "status"),
)


@st.composite
def _findings(draw: st.DrawFn, name: str = "item") -> Finding:
    kind = draw(literal(Finding, "kind"))
    value = draw(
        st.one_of(
            st.fixed_dictionaries({"value": concepts}),
            st.fixed_dictionaries({"quantity": quantities}),
            st.fixed_dictionaries({"text": words}),
            st.fixed_dictionaries({"absent": literal(Finding, "absent").filter(bool)}),
        )
    )
    return Finding(
        id=name,
        kind=kind,
        code=draw(concepts if kind == "other" else maybe(concepts)),
        interpretation=draw(literal(Finding, "interpretation")),
        body_site=draw(maybe(concepts)),
        method=draw(maybe(concepts)),
        part=draw(maybe(links)),
        diagnosis=draw(maybe(links)),
        **value,
    )


findings = _findings()


@st.composite
def _reports(draw: st.DrawFn) -> Report:
    role = draw(literal(Report, "role"))
    return Report(
        id="item",
        role=role,
        kind=draw(literal(Report, "kind")),
        status=draw(literal(Report, "status")),
        identifiers=draw(identifiers),
        effective=draw(maybe(moments)),
        issued=draw(maybe(instants)),
        authors=draw(lists_of_links),
        organization=draw(maybe(links)),
        sections=draw(st.lists(st.builds(Section, kind=literal(Section, "kind"), text=words), max_size=4).map(tuple)),
        findings=tuple(draw(_findings(name)) for name in draw(lists_of_links)),
        conclusion=draw(maybe(words)),
        conclusion_codes=draw(st.lists(concepts, max_size=2).map(tuple)),
        examined=draw(lists_of_links),
        studies=draw(lists_of_links),
        documents=draw(lists_of_links),
        extends=draw(maybe(links)) if role == "review" else None,
        addendum_of=draw(maybe(links)),
        summary_of=draw(lists_of_links),
        request=draw(maybe(st.just("request"))),
    )


reports = _reports()


@st.composite
def _concordances(draw: st.DrawFn) -> Concordance:
    degree = draw(literal(Concordance, "degree"))
    one = st.builds(Difference, aspect=literal(Difference, "aspect"), original=maybe(words), review=maybe(words))
    least = 1 if degree in ("minor", "major") else 0
    return Concordance(
        id="item",
        original="one",
        review="two",
        degree=degree,
        differences=() if degree == "agree" else tuple(draw(st.lists(one, min_size=least, max_size=4))),
        impact=draw(literal(Concordance, "impact")),
        findings=draw(lists_of_links),
        stated_by=draw(maybe(links)),
        at=draw(maybe(moments)),
        comment=draw(maybe(words)),
    )


concordances = _concordances()
