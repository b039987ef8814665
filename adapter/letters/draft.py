"""A letter while it is written: parts are said one after the other, and what is missing is noted, not made up."""

import datetime as dt

from adapter.letters.model import Kind, Letter, Party, Section, Table
from adapter.letters.occasion import Lack, Occasion
from adapter.letters.parties import addressee, holder
from adapter.letters.texts import line, long_date, paragraphs, words_of
from mappings.domain.party import PATIENT
from mappings.problems import ProblemError

OFFICE = "second-opinion.toml $.office"
ACCESS = "case.json $.access"
CONTACT = "45 CFR 164.530(a)(1)(ii)"


class Draft:
    """One letter on its way.

    Attributes:
        occasion: what it is a function of.
        lack: the elements it still lacks.
        to: the addressee, where one is known.
    """

    def __init__(self, occasion: Occasion, kind: Kind) -> None:
        self.occasion, self.kind, self.lack = occasion, kind, Lack()
        self.to: Party | None = addressee(occasion, kind, self.lack)
        self.words = words_of(kind)
        self.citations = list(self.words.citations)
        self.sections: list[Section] = []

    def say(
        self,
        name: str,
        *,
        items: tuple[str, ...] = (),
        quote: tuple[str, ...] = (),
        table: Table | None = None,
        common: bool = False,
        **values: str,
    ) -> None:
        """Add a part of the letter's template (of the common one where told so) with these values in it."""
        part = (words_of("common") if common else self.words).part[name]
        known = {"record": self.record, "whom": self._whom} | {key: line(value) for key, value in values.items()}
        self.sections.append(
            Section(
                name=name,
                heading=part.heading,
                paragraphs=paragraphs(part.text, known),
                quote=quote,
                items=items,
                table=table,
                after=paragraphs(part.after, known),
            )
        )

    def worded(self, text: str) -> str:
        """Plain words of a table, said of whom this letter is about."""
        return " ".join(paragraphs(text, {"record": self.record, "whom": self._whom}))

    def cite(self, *citations: str) -> None:
        """Name what a part rests on."""
        self.citations.extend(citations)

    @property
    def record(self) -> str:
        """Whose record, as the addressee would say it."""
        return "your record" if self._to_patient else f"the record of {self._patient}"

    @property
    def _whom(self) -> str:
        return "you" if self._to_patient else self._patient

    @property
    def _to_patient(self) -> bool:
        return self.to is not None and self.to.id == PATIENT

    @property
    def _patient(self) -> str:
        return line(self.occasion.case.patient.names[0].label)

    @property
    def place(self) -> str:
        """Where the request that is answered stands in the case."""
        return self.occasion.place

    def received(self, paragraph: str = "45 CFR 164.524(b)(2)(i)") -> str:
        """The day of receipt in words, noted as missing where it is not known."""
        where = "received_at" if self.occasion.facts.received_at is None else "holder_tz"
        message = "is missing: without it the local day on which the request was received is not known"
        day = self.lack.need(self.occasion.received, f"{self.place}.{where}", message, paragraph)
        return long_date(day) if day else ""

    def deadline(self) -> str:
        """The last day to act in words, noted as missing where no term runs."""
        message = "leads to no term for acting; this letter is for requests that have one"
        day = self.lack.need(self.occasion.deadline, f"{ACCESS}.pathway", message, "45 CFR 164.524(b)(2)")
        return long_date(day) if day else ""

    def contact(self, paragraph: str = CONTACT) -> tuple[str, str]:
        """Name or title, and telephone, of the contact."""
        office = self.occasion.office
        message = "is missing: say the name or the title of the contact person or office"
        name = self.lack.need(office.name or office.title, f"{OFFICE}.title", message, paragraph)
        phone = self.lack.need(office.phone, f"{OFFICE}.phone", "is missing: say the telephone number", paragraph)
        titled = f"{office.name}, {office.title}" if office.name.strip() and office.title.strip() else name
        return line(titled or ""), line(phone or "")

    def questions(self) -> None:
        """The part that says whom to ask."""
        office, phone = self.contact()
        self.say("contact", common=True, office=office, reach=f"{phone}{self._also}")

    def complaints(self, paragraph: str = "45 CFR 164.524(d)(2)(iii)") -> None:
        """The parts on complaints, to the holder and to the Secretary."""
        office, phone = self.contact(paragraph)
        message = "is missing: say how to complain to you (your procedure under 45 CFR 164.530(d)), in plain words"
        how = self.lack.need(self.occasion.office.complaints, f"{OFFICE}.complaints", message, paragraph) or ""
        self.say("complaint", common=True, complaints=how, office=office, phone=phone, also=self._also)
        self.say("secretary", common=True)
        self.cite(paragraph, "45 CFR 164.530(d)", "45 CFR 160.306")

    @property
    def _also(self) -> str:
        return f" or {line(self.occasion.office.email)}" if self.occasion.office.email.strip() else ""

    def finished(self) -> Letter:
        """The letter.

        Raises:
            ProblemError: an element is missing; one Problem each.
        """
        message = "is not known: the letter has no date; say when the request was received"
        today: dt.date | None = self.lack.need(
            self.occasion.today, f"{self.place}.received_at", message, "letters.date"
        )
        if self.lack.problems or today is None or self.to is None:
            raise ProblemError(self.lack.problems)
        sender = holder(self.occasion)
        office = self.occasion.office
        signed = tuple(line(part) for part in (office.name, office.title) if part.strip())
        return Letter(
            kind=self.kind,
            title=self.words.title,
            date=today.isoformat(),
            reference=line(self.occasion.case.id),
            sender=sender,
            addressee=self.to,
            sections=tuple(self.sections),
            signed=(*signed, sender.name),
            citations=tuple(dict.fromkeys(self.citations)),
        )
