"""Materials: tissue as a tree with the state of every piece, imaging studies, documents."""

from adapter.viewer.index import Index, href
from adapter.viewer.markup import Child, Html, el, fragment, items, joined, pairs, section, table
from adapter.viewer.say import concept, count, label, labels, size, span, when
from adapter.viewer.words import (
    CUSTODY,
    LATERALITIES,
    MODALITIES,
    REMAINING,
    SLIDES,
    STUDY_STATUSES,
    TROUBLE,
    plain,
    word,
)
from mappings.domain.case_record import as_left
from mappings.domain.material import (
    Block,
    CustodyEvent,
    Document,
    Endpoint,
    ImagingStudy,
    Part,
    Series,
    Slide,
    is_told,
)
from mappings.domain.values import Concept


def materials(index: Index) -> Html:
    """Everything there is to review."""
    case = index.case
    none = None if case.parts or case.blocks or case.slides else el("p", "No tissue is listed.", class_="quiet")
    studies = [_study(index, study) for study in case.studies] or [el("p", "No imaging is listed.", class_="quiet")]
    return section(
        "materials",
        "Materials",
        el("h3", "Tissue"),
        _tree(index),
        none,
        el("h3", "Imaging"),
        *studies,
        el("h3", "Documents"),
        _documents(index) or el("p", "No document is listed.", class_="quiet"),
    )


# --- tissue


def _tree(index: Index) -> Html | None:
    case = index.case
    parts, blocks = {part.id for part in case.parts}, {block.id for block in case.blocks}
    roots = [
        *(_part(index, part) for part in case.parts),
        *(_block(index, block) for block in case.blocks if block.part not in parts),
        *(_slide(index, slide) for slide in case.slides if slide.parent not in parts | blocks),
    ]
    return el("ul", *roots, class_="tree") if roots else None


def _node(index: Index, thing: Part | Block | Slide, told: Html, below: list[Html]) -> Html:
    name = labels(thing.identifiers) or thing.id
    line = el(
        "div",
        el("span", type(thing).__name__, class_="rank"),
        " ",
        el("code", name, class_="tag"),
        " ",
        el("span", told),
        " ",
        el("span", "known from the images", class_="quiet") if is_told(thing.id) else _state(index, thing.id),
        class_="node",
    )
    return el("li", line, el("ul", *below) if below else None, id=index.anchors[thing.id])


def _part(index: Index, part: Part) -> Html:
    collected, received = when(part.collected), when(part.received)
    told = joined(
        " · ",
        part.description,
        label(part.tissue),
        joined(", ", label(part.body_site), word(LATERALITIES, part.laterality)),
        label(part.procedure),
        fragment("collected ", collected) if collected else None,
        fragment("received ", received) if received else None,
    )
    below = [
        *(_block(index, block) for block in as_left(index.case).blocks if block.part == part.id),
        *(_slide(index, slide) for slide in index.case.slides if slide.parent == part.id),
    ]
    return _node(index, part, told, below)


def _block(index: Index, block: Block) -> Html:
    told = joined(
        " · ",
        label(block.tissue),
        block.description,
        label(block.fixative),
        word(REMAINING, block.remaining),
        fragment(counted(block.sections), " left") if block.sections is not None else None,
    )
    return _node(index, block, told, [_slide(index, slide) for slide in index.case.slides if slide.parent == block.id])


def counted(sections: int) -> str:
    """A number of sections in words."""
    return f"{sections} section{'' if sections == 1 else 's'}"


def _slide(index: Index, slide: Slide) -> Html:
    scans = [study.id for study in index.case.studies if any(slide.id in series.slides for series in study.series)]
    told = joined(
        " · ",
        el("strong", label(slide.stain)) if slide.stain else None,
        fragment("stained with ", ", ".join(map(_called, slide.stained_with))) if slide.stained_with else None,
        label(slide.tissue),
        slide.description,
        SLIDES[slide.kind] if slide.kind != "original" else None,
        counted(slide.sections) if slide.sections else None,
        fragment("scanned: ", index.links(scans)) if scans else None,
    )
    return _node(index, slide, told, [])


def _called(substance: Concept) -> str:
    return label(substance) or ""


def _state(index: Index, name: str) -> Html | None:
    events = [event for event in index.case.custody if name in event.items]
    if not events:
        return None
    trouble = events[-1].kind in TROUBLE
    return el("span", handover(index, events[-1]), class_="state trouble" if trouble else "state")


def handover(index: Index, event: CustodyEvent, dated: bool = True) -> Html:
    """A custody event in words: what happened, when, where to, when it is due back."""
    to, due = index.party(event.to), when(event.due_back)
    return fragment(
        CUSTODY[event.kind],
        fragment(" ", when(event.at)) if dated else None,
        fragment(" by " if event.kind == "received" else " to ", to) if to else None,
        fragment(", due back ", due) if due else None,
    )


# --- imaging


def _study(index: Index, study: ImagingStudy) -> Html:
    held = sum(i.uid in index.release.instances for s in study.series for i in s.instances)
    listed = sum(len(series.instances) for series in study.series)
    here = count(held, "file") + " in this bundle" if held else "no file in this bundle"
    facts = joined(
        " · ",
        ", ".join(word(MODALITIES, m) or m for m in study.modalities),
        when(study.started),
        count(len(study.series), "series", "series"),
        count(listed, "image"),
        here,
    )
    more = pairs(
        [
            ("Procedure", concept(study.procedure)),
            ("Numbers", labels(study.identifiers)),
            ("Referrer", study.referrer),
            ("Status", STUDY_STATUSES[study.status] if study.status != "available" else None),
            ("Fetch from", items([_endpoint(index, name) for name in study.endpoints])),
            ("Study UID", el("code", study.uid)),
        ]
    )
    rows = [_series(index, series) for series in study.series]
    series_table = table("Series of this study", ["Series", "Modality", "Body site", "Images"], rows, "series")
    title = el("h4", index.title(study.id))
    return el("div", title, el("p", facts), series_table, more, class_="study", id=index.anchors[study.id])


def _series(index: Index, series: Series) -> list[Child]:
    number = None if series.number is None else str(series.number)
    name = joined(" ", number, series.description) or el("code", series.uid)
    shows = fragment("shows ", index.links(series.slides)) if series.slides else None
    site = joined(", ", label(series.body_site), word(LATERALITIES, series.laterality))
    told = joined(" · ", name, shows, when(series.started), series.performer)
    return [told, word(MODALITIES, series.modality), site or "–", str(len(series.instances))]


def _endpoint(index: Index, name: str) -> Html:
    endpoint = index.get(name, Endpoint)
    if endpoint is None:
        return fragment(index.title(name))
    return joined(" ", endpoint.name, el("code", endpoint.address), endpoint.connection, f"({endpoint.status})")


# --- documents


def _documents(index: Index) -> Html | None:
    rows = [_document(index, document) for document in index.case.documents]
    return table("Documents in this bundle", ["Document", "Kind", "Date", "File"], rows, "documents")


def _document(index: Index, document: Document) -> list[Child]:
    title = el("span", index.title(document.id), id=index.anchors[document.id], lang=language(document.language))
    told = joined(" · ", title, index.parties(document.authors), index.links(document.about))
    dated = when(document.date) or span(document.period) or "–"
    return [told, plain(document.kind), dated, file_link(index, document)]


def file_link(index: Index, document: Document) -> Html:
    """A link to the file when it is in the bundle; its type and size beside it."""
    name = document.path.rsplit("/", 1)[-1]
    facts = el("span", f"{document.content_type}, {size(document.size)}", class_="quiet")
    if document.id not in index.release.documents:
        return fragment(name, " ", facts)
    return fragment(el("a", name, href=href(document)), " ", facts)


def language(tag: str | None) -> str | None:
    """A language tag as HTML takes it, or None where it is none."""
    fits = tag and len(tag) <= 35 and all(p.isalnum() and p.isascii() and len(p) <= 8 for p in tag.split("-"))
    return tag if fits else None
