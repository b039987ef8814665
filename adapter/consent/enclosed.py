"""Documents that images enclose: a document goes only with the image around it, and the image only with the document.

A document is an item of its own. What keeps its image study back keeps it back too, in every form (here, before it is
decided); where it stays, the instance around it stays, and whatever names that (in the gate).
"""

import re
from collections.abc import Collection, Mapping

import msgspec

from adapter.consent.copies import Found
from adapter.consent.forms import every_form, forms_of
from adapter.consent.groups import Material
from adapter.holding import Loaded
from mappings.dicom.found import Found as FoundStudy
from mappings.dicom.found import image_identity
from mappings.dicom.in_case import less, merged
from mappings.dicom.study import without
from mappings.domain.material import ImagingStudy
from mappings.domain.party import is_foreign
from mappings.domain.person import Identity
from mappings.fhir.wire import dumps

STAY = frozenset(("exclude", "wait"))
"""Effects of findings by which an item stays."""


def bind_enclosed(found: Found, materials: tuple[Material, ...]) -> None:
    """Restate why an image study stays for what it encloses, and for a study why all that there is of it stays."""
    for item in materials:
        for outer in item.enclosed_in:
            _restate(found, outer, item.id)
    for item in materials:
        if item.encloses and all(_stays(found, inner) for inner in item.encloses):
            _restate(found, item.encloses[0], item.id)


def _stays(found: Found, item: str) -> bool:
    return any(finding.effect in STAY for finding in found.get(item, ()))


def _restate(found: Found, one: str, other: str) -> None:
    said = {finding.code for finding in found[other]}
    told = [each for each in found.get(one, ()) if each.effect in STAY and each.code not in said]
    found[other].extend(msgspec.structs.replace(finding, item=other) for finding in told)


def resting(loaded: Loaded) -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]]]:
    """`enclosed_in` of every form of an enclosed document, and `encloses` of studies that are nothing but such."""
    forms, inside, whole = forms_of(loaded), dict[str, dict[str, None]](), dict[str, tuple[str, ...]]()
    for study in loaded.case.studies:
        uids = _uids(study)
        documents = tuple(dict.fromkeys(loaded.enclosed[uid] for uid in uids if uid in loaded.enclosed))
        for form in every_form(documents, forms):
            inside.setdefault(form, {})[study.id] = None
        if documents and all(uid in loaded.enclosed for uid in uids):
            whole[study.id] = documents
    return {name: tuple(studies) for name, studies in inside.items()}, whole


def _uids(study: ImagingStudy) -> tuple[str, ...]:
    return tuple(instance.uid for series in study.series for instance in series.instances)


# --- what goes


def without_enclosed(
    loaded: Loaded, allowed: frozenset[str], elsewhere: Collection[str]
) -> tuple[Loaded, frozenset[str]]:
    """The case without the instances around documents that stay (no image, no number, no count), and what still goes.

    `elsewhere` are items that are not produced again, since another that goes has the same content. Whatever came as
    FHIR stays too where it is another form of such a study, or names such an instance.
    """
    gone = frozenset(uid for uid, document in loaded.enclosed.items() if document not in {*allowed, *elsewhere})
    if not gone:
        return loaded, allowed
    zones = {source.path: source.zone for source in loaded.case.sources if source.zone}
    torn = {image.study.uid: without(image, gone, zones) for image in loaded.images if gone & image.files.keys()}
    images = [torn.get(image.study.uid, image) for image in loaded.images]
    studies = {study.uid: _left(loaded, study, torn[study.uid], gone) for study in _native(loaded) if study.uid in torn}
    case = loaded.case
    kept = tuple(studies.get(s.uid) or s if not is_foreign(s.id) else s for s in case.studies)
    stays = {study.id for study in _native(loaded) if study.uid in studies and studies[study.uid] is None}
    forms = forms_of(loaded)
    stays |= {form for s in _native(loaded) if s.uid in torn for form in forms.get(s.id, ()) if form != s.id}
    named = re.compile("|".join(rf"(?<![\d.]){re.escape(uid)}(?!\.?\d)" for uid in sorted(gone)))
    stays |= {item.full_url for item in loaded.carried if named.search(dumps(item.resource).decode())}
    made = msgspec.structs.replace(
        loaded,
        case=msgspec.structs.replace(case, studies=kept),
        images=tuple(image for image in images if image is not None),
        instances={uid: file for uid, file in loaded.instances.items() if uid not in gone},
        identities={**loaded.identities, **{uid: _identity(loaded, image) for uid, image in torn.items() if image}},
    )
    return made, allowed - stays


def _native(loaded: Loaded) -> tuple[ImagingStudy, ...]:
    return tuple(study for study in loaded.case.studies if not is_foreign(study.id))


def _left(loaded: Loaded, study: ImagingStudy, seen: FoundStudy | None, gone: frozenset[str]) -> ImagingStudy | None:
    """What the case has of a study without these instances; None where that is nothing."""
    told = loaded.declared.get(study.uid)
    made = merged(less(told, gone) if told else None, seen, loaded.case.slides)
    return msgspec.structs.replace(made, id=study.id) if made and made.series else None


def _identity(loaded: Loaded, image: FoundStudy) -> Identity:
    """Whose the rest of a study is, as its first file says."""
    first = min(image.files, key=image.files.__getitem__)
    return image_identity(image.identity, loaded.settings.get(first, (None, None))[1])
