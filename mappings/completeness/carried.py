"""Evidence out of FHIR that travels as it came: words and specimens of pathology reports, and what the domain has no

place for. Nothing here is written out again.
"""

import base64
import binascii
import html
import re
from collections.abc import Iterable, Iterator, Mapping

from mappings.completeness.evidence import ADDENDA, REPORT_KINDS, Evidence, Holding, Named, Text
from mappings.completeness.labels import mentions, split_number
from mappings.fhir.carried import Carried
from mappings.fhir.context import Reading
from mappings.fhir.datatypes import objects, text
from mappings.fhir.observation import finding_from_fhir
from mappings.fhir.wire import Json
from mappings.problems import ProblemError

WORDS = REPORT_KINDS | ADDENDA
OPERATIVE_NOTE = frozenset(("11504-8",))
"""LOINC: Surgical operation note."""
_TREATMENTS = frozenset(("MedicationAdministration", "MedicationStatement"))
_PLANS = frozenset(("CarePlan",))
_READ = frozenset(("Condition", "DiagnosticReport", "ImagingStudy", "Procedure", "Specimen"))
_STAINED = re.compile(r"(?i)immunohisto|immunostain|\bIHC\b|stain|\bKi-?67\b|in situ hybrid")


def carried_evidence(
    items: Iterable[Carried], kinds: Mapping[str, str], aliases: Mapping[str, str], known: frozenset[str]
) -> Evidence:
    """The evidence of what came as FHIR.

    Args:
        items: the resources; a reference that leads to none of them leads nowhere.
        kinds: fullUrl -> kind in law of those that are decided about.
        aliases: fullUrl of a duplicate -> the one that is kept.
        known: local names of the parts, blocks and slides of the case.
    """
    return _Reader(tuple(items), kinds, aliases, known).evidence()


class _Reader:
    def __init__(
        self, items: tuple[Carried, ...], kinds: Mapping[str, str], aliases: Mapping[str, str], known: frozenset[str]
    ) -> None:
        self.items, self.kinds, self.aliases, self.known = items, kinds, aliases, known
        self.by_url = {item.full_url: item for item in items}
        self.texts: list[Text] = []
        self.unread: list[str] = []
        self.named: list[Named] = []
        self.holdings: list[Holding] = []

    def evidence(self) -> Evidence:
        for item in self.items:
            kind = self.kinds.get(item.full_url, "")
            if kind in WORDS and item.type in ("DiagnosticReport", "DocumentReference"):
                self._report(item)
            self._hold(item, kind)
        return Evidence(
            texts=tuple(self.texts),
            unread=tuple(dict.fromkeys(self.unread)),
            named=tuple(dict.fromkeys(self.named)),
            holdings=tuple(self.holdings),
        )

    def target(self, item: Carried, reference: object) -> Carried | None:
        """The resource that a Reference or an attachment's url leads to."""
        literal = reference.get("reference") if isinstance(reference, dict) else reference
        if not isinstance(literal, str) or literal.startswith("#"):
            return None
        url = item.resolve(literal)
        return self.by_url.get(self.aliases.get(url, url))

    # --- pathology reports

    def _report(self, item: Carried) -> None:
        resource = item.resource
        numbers = tuple(n for n in map(_number, _identifiers(resource)) if n)
        words = [w for w in (text(resource.get("conclusion")), *self._observed(item)) if w]
        forms = [*objects(resource.get("presentedForm")), *(objects_of(resource, "content", "attachment"))]
        told = [self._words(item, form) for form in forms]
        words += [one for one in told if one]
        if any(one is None for one in told):
            self.unread.append(item.full_url)
        if not words and (narrative := _plain(resource)):
            words = [narrative]
        self.texts += [Text(report=item.full_url, words=one, numbers=numbers, specimens=True) for one in words]
        self._specimens(item)

    def _observed(self, item: Carried) -> Iterator[str]:
        """What the results of a report say in words."""
        for observation in self._results(item):
            yield from filter(None, (text(observation.get("valueString")),))

    def _results(self, item: Carried) -> Iterator[Json]:
        contained = {f"#{inner.get('id')}": inner for inner in objects(item.resource.get("contained"))}
        for reference in objects(item.resource.get("result")):
            found = self.target(item, reference)
            inner = found.resource if found else contained.get(str(reference.get("reference")))
            if inner is not None and inner.get("resourceType") == "Observation":
                yield inner

    def _words(self, item: Carried, form: Json) -> str | None:
        """The words of an attachment; None where there are bytes whose words are not read here."""
        kind = str(form.get("contentType") or "").lower()
        data = form.get("data")
        if data is None and (found := self.target(item, form.get("url"))) and found.type == "Binary":
            data, kind = found.resource.get("data"), str(found.resource.get("contentType") or kind).lower()
        if data is None and form.get("url") is None:
            return ""
        return decoded(data, kind)

    def _specimens(self, item: Carried) -> None:
        contained = {f"#{inner.get('id')}": inner for inner in objects(item.resource.get("contained"))}
        owners = [(item, reference) for reference in objects(item.resource.get("specimen"))]
        for observation in self._results(item):
            owners += [(item, ref) for ref in (observation.get("specimen"),) if isinstance(ref, dict)]
        for owner, reference in owners:
            self.named.append(self._specimen(owner, reference, contained))

    def _specimen(self, item: Carried, reference: Json, contained: Mapping[str, Json]) -> Named:
        literal = text(reference.get("reference"))
        if literal and literal.startswith("#"):
            inner = contained.get(literal) or {}
            return Named(report=item.full_url, label=_label(inner))
        url = item.resolve(literal) if literal else None
        name = self.aliases.get(url, url) if url else None
        if name in self.known:
            return Named(report=item.full_url, name=name)
        found = mentions(text(reference.get("display")) or "", specimens=True)
        own = [m.part for m in found if m.sure and m.part] + [_label({"identifier": [reference.get("identifier")]})]
        return Named(report=item.full_url, label=next(filter(None, own), None))

    # --- anything else

    def _hold(self, item: Carried, kind: str) -> None:
        """What meets a need and is no report, study, diagnosis, procedure or specimen of the domain."""
        if item.type in _READ:
            return
        made = kind
        if item.type == "Observation":
            made = _finding(item.resource) or kind
        elif item.type in _TREATMENTS:
            made = "treatment"
        elif item.type in _PLANS:
            made = "treatment_plan"
        elif OPERATIVE_NOTE & _loinc(item.resource):
            made = "operative_note"
        if made in ("clinical_record", "history_letter") and item.type not in _NARRATIVE:
            return
        if made:
            self.holdings.append(Holding(kind=made, name=item.full_url, title=_title(item.resource)))


_NARRATIVE = frozenset(
    ("DocumentReference", "Composition", "ClinicalImpression", "Communication", "QuestionnaireResponse")
)
"""Clinical records that tell a story; a blood count is no history."""


def decoded(data: object, content_type: str) -> str | None:
    """The words in base64 data of this media type, or None where it holds none that are read here."""
    kind = content_type.partition(";")[0].strip()
    if kind not in ("text/plain", "text/html", "text/markdown") or not isinstance(data, str):
        return None
    try:
        told = base64.b64decode(data, validate=False)
    except (binascii.Error, ValueError):
        return None
    return words_of(told, kind)


def words_of(data: bytes, kind: str = "text/plain") -> str:
    """The words of a text, HTML without its tags; bytes that are no UTF-8 are read as Latin-1."""
    try:
        told = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        told = data.decode("latin-1")
    if kind != "text/html":
        return told
    return html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"(?i)<(?:br|/p|/div|/tr|/li|/h\d)\b[^>]*>", "\n", told)))


def _plain(resource: Json) -> str | None:
    """The narrative's words."""
    narrative = resource.get("text")
    div = narrative.get("div") if isinstance(narrative, dict) else None
    return words_of(div.encode(), "text/html").strip() if isinstance(div, str) else None


def objects_of(resource: Json, *path: str) -> list[Json]:
    """The objects at the end of a path of lists and objects."""
    found = [resource]
    for step in path:
        inner = [one.get(step) for one in found]
        found = [o for one in inner for o in (objects(one) if isinstance(one, list) else objects([one]))]
    return found


def _identifiers(resource: Json) -> list[str]:
    values = [text(one.get("value")) for one in objects(resource.get("identifier"))]
    master = resource.get("masterIdentifier")
    values += [text(master.get("value"))] if isinstance(master, dict) else []
    return [value for value in values if value]


def _number(value: str) -> str | None:
    return split_number(value)[0]


def _label(specimen: Json) -> str | None:
    """The part's label on a Specimen: of its identifiers, its accession and its containers."""
    found = [*objects(specimen.get("identifier")), *objects([specimen.get("accessionIdentifier")])]
    found += objects_of(specimen, "container", "identifier")
    labels = (split_number(value)[1] for one in found if (value := text(one.get("value"))))
    return next((label for label in labels if label and (label.isalpha() or label.isdigit())), None)


def _finding(resource: Json) -> str | None:
    """The kind of an Observation as a finding, or None; a stain without a kind is a biomarker by its words."""
    try:
        kind = finding_from_fhir(resource, Reading({})).kind
    except ProblemError:
        kind = "other"
    if kind not in ("other", "imaging"):
        return kind
    told = " ".join(filter(None, (_called(resource.get("code")), _called(resource.get("method")))))
    return "biomarker" if _STAINED.search(told) else None


def _called(concept: object) -> str:
    if not isinstance(concept, dict):
        return ""
    return " ".join(
        filter(None, (text(concept.get("text")), *(text(c.get("display")) for c in objects(concept.get("coding")))))
    )


def _loinc(resource: Json) -> set[str]:
    codes = objects_of(resource, "type", "coding")
    return {str(c.get("code")) for c in codes if c.get("system") == "http://loinc.org"}


def _title(resource: Json) -> str:
    told = (text(resource.get("description")), text(resource.get("title")), _called(resource.get("type")))
    return " ".join(filter(None, told))
