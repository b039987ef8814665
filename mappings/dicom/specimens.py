"""Specimen descriptions of images (PS3.3 section C.7.6.22) -> the tree of parts, blocks and slides they name.

The glass slide is the container; what it was cut from is told by the preparation steps. A thing is a block where a step
embeds it or cuts sections of it, and a part otherwise: nothing is told from how a label is built. Whether a slide is an
original or a recut no header says: `Slide.kind` means nothing here.
"""

from collections.abc import Iterable

import msgspec

from mappings.dicom.header import Header, Issued, Tissue, Triplet, triplet_concept
from mappings.dicom.notes import Notes
from mappings.dicom.preparation import Step, step_of
from mappings.dicom.sides import side, side_of
from mappings.dicom.specimen_node import Key, Node, identifiers_of, key_of, name_of
from mappings.dicom.study import Found
from mappings.dicom.times import datetime_moment
from mappings.domain.material import Block, Part, Slide
from mappings.domain.values import Concept, Fact
from mappings.problems import Problem
from mappings.terminology.tables import table

_SLIDES = {("SCT", "433466003"), ("SRT", "A-0101B")}
_CASSETTES = {("SCT", "434464009"), ("SCT", "434708008"), ("SRT", "A-0101E"), ("SRT", "A-01022")}
"""Container types (PS3.16 CID 8101): slides; cassettes for a block and for a microarray."""
_SECTIONING = {"434472006", "434475008", "434474007", "434479002"}
"""Sampling methods (PS3.16 CID 8110) that are done to a block: sectioning, step sectioning, recut, core."""
_TAG = "(0040,0560)"


class Materials(Fact, frozen=True, kw_only=True):
    """What the images of a person show.

    Attributes:
        parts, blocks, slides: the tree; the names of its items are derived from issuer and label.
        shown: series UID -> names of the slides that its images show.
        places: name of each -> the path of the first file of the study that names it, and the tag.
        problems: what is not told, or told twice; `where` is the path of the first file of the study, and the tag.
    """

    parts: tuple[Part, ...] = ()
    blocks: tuple[Block, ...] = ()
    slides: tuple[Slide, ...] = ()
    shown: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    places: dict[str, str] = msgspec.field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def materials(images: Iterable[Found]) -> Materials:
    """The specimens that the studies of one person describe; the same label of the same issuer is one thing."""
    tree = _Tree()
    for image in images:
        for uid, headers in image.headers.items():
            for header in headers:
                tree.take(uid, header, f"{image.identities[0].paths[0]} {_TAG}")
    return tree.made()


class _Tree:
    def __init__(self) -> None:
        self.nodes: dict[Key, Node] = {}
        self.shown: dict[str, list[Key]] = {}
        self.notes = Notes()
        self.told: set[tuple[str, str]] = set()
        self.lost: dict[str, dict[str, None]] = {}

    def node(self, issued: Issued, where: str) -> Node:
        return self.nodes.setdefault(key_of(issued), Node(issued, where))

    def say(self, where: str, message: str) -> None:
        """Inform, once for each file and matter."""
        if (where, message) not in self.told:
            self.told.add((where, message))
            self.notes.tell("incomplete", where, message, "dicom.specimen")

    def take(self, series: str, header: Header, where: str) -> None:
        """Take the specimens of one header."""
        own = header.container or next((t.identifier for t in header.specimens if t.identifier), None)
        if own is None or not own.value:
            return
        holder = self.node(own, where)
        if not own.system:
            self.say(where, "names a container or specimen without its issuer; the issuer is not stated")
        holder.form = holder.form or _form(header)
        if holder.form == "slide" and holder.key not in self.shown.setdefault(series, []):
            self.shown[series].append(holder.key)
        for tissue in header.specimens:
            self.tissue(holder, tissue, header, where)

    def tissue(self, holder: Node, tissue: Tissue, header: Header, where: str) -> None:
        """What is known of one specimen in the container, and of what it was taken from."""
        label = tissue.identifier or holder.issued
        if tissue.uid and tissue.uid not in holder.uids:
            holder.uids.append(tissue.uid)
        same = label.value == holder.issued.value and (not label.system or label.system == holder.issued.system)
        if not same and label not in holder.labels:
            holder.labels.append(label)
        holder.words = holder.words or tissue.short or tissue.detailed
        if tissue.short and tissue.detailed not in ("", tissue.short):
            self.say(f"{where}.(0040,0602)", "describes a specimen at length too; the short description is kept")
        if holder.kind and tissue.kind and holder.kind != tissue.kind:
            self.say(f"{where}.(0040,059A)", "names another specimen type in the same container; the first is kept")
        holder.kind = holder.kind or tissue.kind
        self.site(holder, tissue, where)
        before: Node | None = None
        for step in map(step_of, tissue.steps):
            subject = (
                holder if step.specimen is None or step.specimen.value == label.value else self.like(step, label, where)
            )
            self.step(subject, step, header, (label, where))
            before = subject if subject is not holder else before
            subject.where = subject.where or where
            unread = ("times that cannot be read",) if step.when and datetime_moment(step.when) is None else ()
            self.lost.setdefault(where, {}).update(dict.fromkeys((*step.lost, *unread)))
        if holder.parent is None and before is not None:
            holder.parent = before.key
            self.say(where, "does not say what the specimen was cut from; it is what the step before was done to")
        elif before is not None and before.key not in self.above(holder) and holder.parent not in self.above(before):
            self.say(where, "has tissue of several origins; the first is named as what it was cut from")

    def site(self, holder: Node, tissue: Tissue, where: str) -> None:
        """The anatomic site with its side; of what is not kept it is said that it is there."""
        if tissue.sites and holder.site is None:
            holder.site, holder.modifiers, holder.where = tissue.sites[0], tissue.site_modifiers, where
        elif tissue.sites and (holder.site, holder.modifiers) != (tissue.sites[0], tissue.site_modifiers):
            self.say(f"{where}.(0008,2228)", "names another anatomic site in the same container; the first is kept")
        if len(tissue.sites) > 1:
            self.say(f"{where}.(0008,2228)", "names several anatomic sites of a specimen; the first is kept")
        if any(side(one) is None for one in tissue.site_modifiers):
            self.say(f"{where}.(0008,2230)", "has a modifier of the anatomic site that is no side; it is not kept")
        if len({found for one in tissue.site_modifiers if (found := side(one))}) > 1:
            self.say(f"{where}.(0008,2230)", "names several sides of one anatomic site; none is kept")

    def above(self, node: Node) -> list[Key]:
        """The keys of everything this was taken from; also where somebody says it was taken from itself."""
        found: list[Key] = []
        while node.parent is not None and node.parent not in found and node.parent in self.nodes:
            found.append(node.parent)
            node = self.nodes[node.parent]
        return found

    def like(self, step: Step, label: Issued, where: str) -> Node:
        assert step.specimen is not None
        return self.node(_with_issuer(step.specimen, label), where)

    def step(self, subject: Node, step: Step, header: Header, told: tuple[Issued, str]) -> None:
        """What one step did to its specimen; `told` are the label of the description it stands in, and the place."""
        label, where = told
        when = datetime_moment(step.when)
        if when and when.floating and header.timezone_offset:
            when = datetime_moment(step.when + header.timezone_offset) or when
        if step.parent:
            parent = self.node(_with_issuer(step.parent, label), where)
            parent.kind = parent.kind or step.parent_kind
            if subject.parent is None and parent is not subject and subject.key not in self.above(parent):
                subject.parent = parent.key
            if step.method and step.method.value in _SECTIONING:
                parent.form = parent.form or "block"
        if step.medium and not subject.form:
            subject.form = "block"
        subject.fixative = subject.fixative or step.fixative
        if step.kind == "collection":
            subject.collected = subject.collected or when
            subject.method = subject.method or step.method
        elif step.kind == "receiving":
            subject.received = subject.received or when
        elif step.kind == "staining":
            subject.stains += [one for one in step.substances if one not in subject.stains]

    # --- as items

    def made(self) -> Materials:
        nodes = [self.nodes[key] for key in sorted(self.nodes)]
        parts = [node for node in nodes if node.form not in ("block", "slide")]
        self.say_lost(nodes)
        return Materials(
            parts=tuple(self.part(node) for node in parts),
            blocks=tuple(self.block(node) for node in nodes if node.form == "block"),
            slides=tuple(self.slide(node) for node in nodes if node.form == "slide"),
            shown={series: tuple(map(name_of, keys)) for series, keys in sorted(self.shown.items()) if keys},
            places={name_of(node.key): node.place for node in nodes},
            problems=tuple(self.notes.problems),
        )

    def say_lost(self, nodes: list[Node]) -> None:
        """Say what was told of a thing that its item has no place for, and once per study what its steps tell more."""
        blocks = [node for node in nodes if node.form == "block"]
        fixed = {(key, self.fixative(node)) for node in blocks for key in (node.key, *self.above(node))}
        for node in nodes:
            thing = node.form in ("block", "slide")
            if thing and node.site and self.first_part(node) is None:
                message = "names an anatomic site and no part that is of it; at most the series names it"
                self.say(f"{node.where}.(0008,2228)", message)
            lost = self.lost.setdefault(node.where, {}) if node.where else {}
            if thing and (node.collected or node.received or node.method):
                lost["collection and receipt of a block or slide"] = None
            if node.fixative and (node.key, node.fixative) not in fixed:
                lost["fixatives that no block shows"] = None
        for where, words in sorted(self.lost.items()):
            if words:
                self.say(f"{where}.(0040,0610)", f"has preparation steps with more than is kept: {'; '.join(words)}")

    def up(self, node: Node, *forms: str) -> str | None:
        """The name of the nearest thing of these forms it was taken from."""
        return next((name_of(key) for key in self.above(node) if self.nodes[key].form in forms), None)

    def part(self, node: Node) -> Part:
        below = [one for one in self.nodes.values() if one.site and self.first_part(one) == node.key]
        said = [node] if node.site else below
        sites = [found for one in said if (found := triplet_concept(one.site))]
        sides = {side_of(one.modifiers) for one in said}
        alike = bool(sites) and all(site == sites[0] for site in sites)
        if sites and not (alike and len(sides) == 1):
            message = "names different anatomic sites or sides for one part; what differs is not kept for the part"
            self.say(f"{said[0].where}.(0008,2228)", message)
        return Part(
            id=name_of(node.key),
            parent=self.up(node, ""),
            identifiers=identifiers_of(node),
            description=node.words or None,
            tissue=triplet_concept(node.kind),
            body_site=sites[0] if alike else None,
            laterality=sides.pop() if alike and len(sides) == 1 else None,
            procedure=triplet_concept(node.method),
            collected=node.collected,
            received=node.received,
        )

    def first_part(self, node: Node) -> Key | None:
        return next((key for key in self.above(node) if not self.nodes[key].form), None)

    def block(self, node: Node) -> Block:
        return Block(
            id=name_of(node.key),
            part=self.up(node, ""),
            identifiers=identifiers_of(node),
            description=node.words or None,
            tissue=self.type(node),
            fixative=triplet_concept(self.fixative(node)),
        )

    def type(self, node: Node) -> Concept | None:
        """The specimen type of a block or slide, where it is a code; that it is one, its container says."""
        told = triplet_concept(node.kind)
        if told is not None and not told.codes:
            message = "names a specimen type by words, or by a scheme whose system is not known; it is not kept"
            self.say(f"{node.place}.(0040,059A)", message)
            return None
        return None if told is None or _says_no_more(told) else told

    def fixative(self, node: Node) -> Triplet | None:
        """Its own, else that of the nearest thing it was taken from."""
        above = [self.nodes[key].fixative for key in self.above(node)]
        return next((one for one in (node.fixative, *above) if one), None)

    def slide(self, node: Node) -> Slide:
        return Slide(
            id=name_of(node.key),
            parent=self.up(node, "block", ""),
            identifiers=identifiers_of(node),
            tissue=self.type(node),
            stain=_stain(node.stains),
            stained_with=_substances(node.stains),
            description=node.words or None,
        )


def _form(header: Header) -> str:
    """Slide or block by the type of the container; a whole-slide image whose container has none shows a slide."""
    kind = header.container_type
    stated = (kind.scheme, kind.value) if kind else ("", "")
    if stated in _SLIDES or (kind is None and header.modality == "SM"):
        return "slide"
    return "block" if stated in _CASSETTES else ""


def _says_no_more(told: Concept) -> bool:
    """Whether it is the code by which every block or slide is written."""
    listed = table("specimen-type")
    ours = {(code.system, code.code) for word in listed.values for code in listed.codings(word)}
    return all((code.system, code.code) in ours for code in told.codes)


def _with_issuer(found: Issued, label: Issued) -> Issued:
    """What a step names without an issuer has that of the specimen whose steps these are."""
    if found.system:
        return found
    return Issued(
        value=found.value, issuer=label.issuer, universal=label.universal, universal_type=label.universal_type
    )


def _stain(stains: list[Triplet]) -> Concept | None:
    """One substance by its code; several, which no one code says, in words, and each by its code beside."""
    if len(stains) == 1:
        return triplet_concept(stains[0])
    words = "; ".join(stain.meaning or stain.value for stain in stains)
    return Concept(text=words) if words else None


def _substances(stains: list[Triplet]) -> tuple[Concept, ...]:
    """Each of several substances, where one of them has a code that the words do not tell."""
    found = tuple(meant for one in stains if (meant := triplet_concept(one)))
    return found if len(stains) > 1 and any(one.codes for one in found) else ()
