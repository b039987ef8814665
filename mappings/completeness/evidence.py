"""What a case holds beside its facts, as the shell found it: words of reports, files, what was refused."""

from mappings.completeness.states import State
from mappings.domain.values import Fact


class Text(Fact, frozen=True, kw_only=True):
    """Words of a pathology report. `numbers` are the accession numbers that are the report's own."""

    report: str
    words: str
    numbers: tuple[str, ...] = ()
    specimens: bool = False
    """Whether the words stand where a report speaks of specimens (gross, microscopic, diagnosis)."""


class Named(Fact, frozen=True, kw_only=True):
    """A specimen that a report names: `name` where it is one of the case, `label` as it is printed."""

    report: str
    name: str | None = None
    label: str | None = None


class Holding(Fact, frozen=True, kw_only=True):
    """Something that came in another form than the domain has: `kind` is its kind in law or that of a finding."""

    kind: str
    name: str
    state: State = "here"
    title: str = ""


class Evidence(Fact, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        texts: words of pathology reports.
        unread: pathology reports whose words are not read here (PDF, pictures), by local name.
        named: specimens that reports name by reference.
        holdings: what came as FHIR and has no place in the domain, and what was refused.
        files: the SOP Instance UIDs whose files are there.
        broken: Documents whose bytes nobody can read.
    """

    texts: tuple[Text, ...] = ()
    unread: tuple[str, ...] = ()
    named: tuple[Named, ...] = ()
    holdings: tuple[Holding, ...] = ()
    files: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


PATHOLOGY = frozenset(("surgical-pathology", "cytology", "hematopathology"))
REPORT_KINDS = frozenset(("pathology_report", "trial_biopsy_report"))
ADDENDA = frozenset(("immunohistochemistry_addendum",))
