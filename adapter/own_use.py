"""Which files the holder may convert inside its own walls: all but session notes that need a paper of their own.

Psychotherapy notes serve no use of the holder without an authorization but three (45 CFR 164.508(a)(2)(i)), SUD
counseling notes likewise (42 CFR 2.31(b)). What is one of them by a label, in any form, is not converted unless the use
is said. What no label tells (a letter, an image) cannot be told apart.
"""

import datetime as dt
from collections.abc import Mapping

import msgspec

from adapter.account import Unit
from adapter.consent.case_facts import classify_carried
from adapter.consent.facts import holder_use
from adapter.consent.forms import bound, forms_of_files
from adapter.consent.gate import use
from adapter.consent.groups import Material
from adapter.consent.law import material, material_of
from adapter.consent.policy import Policy, policy_for
from adapter.consent.release import HolderUse
from adapter.holding import Draft, File
from adapter.sources.gather import Gathered
from mappings.fhir.carried import Carried
from mappings.problems import Problem, problem

WHOLE = "the files as a whole"
"""That there are files, and what their formats are, is known by looking: a use too, of nothing in particular."""


class Usable(msgspec.Struct, frozen=True, kw_only=True):
    """What may be used of what was found, and the gate's yes to it."""

    found: Gathered
    permitted: HolderUse
    out: tuple[tuple[str, File], ...] = ()
    studies: Mapping[str, str] = {}

    def image_kept(self, path: str) -> tuple[Problem, ...]:
        """Why the image in a file is not converted; `studies` leads from its path to its study."""
        return self.kept(self.studies.get(path, ""))

    def files_kept(self) -> list[Unit]:
        """The units of the files that are not converted: another form of such notes."""
        return [
            Unit(source=file.path, sha256=file.sha256, outcome="withheld", problems=self.kept(name))
            for name, file in self.out
        ]

    def kept(self, name: str) -> tuple[Problem, ...]:
        """Why something is not converted, for the account; nothing where it is."""
        reasons = self.permitted.kept.get(name, ())
        telling = (reason for reason in reasons if reason.ground.role in ("open", "exclusion"))
        return tuple(
            problem(
                "suppressed",
                name,
                f"{reason.sentence} Next: {reason.next_step} ({reason.citation})",
                rule=reason.code,
                severity="information",
            )
            for reason in telling
        )

    def withheld(self, unit: Unit, draft: Draft) -> Unit:
        """The unit with why what is in it stays out; withheld where nothing of it is converted."""
        notes = tuple(note for name in draft.names for note in self.kept(name))
        if not notes:
            return unit
        outcome = unit.outcome if unit.resources or draft.refused else "withheld"
        return msgspec.structs.replace(unit, outcome=outcome, problems=(*unit.problems, *notes))


def usable(
    found: Gathered, today: dt.date, policies: tuple[Policy, ...] | None = None, own_use: str = "conversion"
) -> Usable:
    """Decide about the use of every resource, image and file; `own_use` is a word of `words.OWN_USES`."""
    files = {f"file {number}": file for number, file in enumerate(found.opaque)}
    more: list[tuple[str, object]] = [(image.study.id, ("study", image.study.uid)) for image in found.studies]
    for name, file in files.items():
        more += [(name, ("bytes", file.sha256)), (name, ("bytes", file.sha1.hex()))]
    items = {item.full_url: _of_carried(item) for item in found.carried}
    items |= {name: material(name, "clinical_record") for name in (*(n for n, _ in more), WHOLE)}
    more += [(item.full_url, ("attachment", item.full_url)) for item in found.carried if item.type == "Binary"]
    forms = forms_of_files(found.carried, found.contested, found.aliases, more)
    facts = holder_use(bound(tuple(items.values()), forms), own_use)
    permitted = use(facts, policy_for(today, policies))
    left = msgspec.structs.replace(
        found,
        carried=tuple(item for item in found.carried if item.full_url in permitted.items),
        studies=tuple(image for image in found.studies if image.study.id in permitted.items),
        opaque=tuple(file for name, file in files.items() if name in permitted.items),
    )
    out = tuple((name, file) for name, file in files.items() if name not in permitted.items)
    studies = {path: image.study.id for image in found.studies for path in image.files.values()}
    return Usable(found=left, permitted=permitted, out=out, studies=studies)


def _of_carried(item: Carried) -> Material:
    law = classify_carried(item)
    return material_of(item.full_url, law) if law else material(item.full_url, "clinical_record")
