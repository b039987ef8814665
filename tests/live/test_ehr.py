"""What the adapter writes, in two FHIR servers that know nothing of it: HAPI FHIR (Java) and SEKMET (Python)."""

import uuid
from collections import Counter
from typing import Any

import msgspec
import pytest

from mappings.fhir.bundle import transaction
from mappings.fhir.context import Writing
from mappings.fhir.wire import ExactDecimal, Json
from tests.golden import scenarios
from tests.live.judging import Exported, hapi_errors
from tests.live.servers import Server

pytestmark = pytest.mark.live

SID = "https://lab.example/sid/accession"
THO = "http://terminology.hl7.org/CodeSystem"
NEWER_THAN_R4 = {
    ("Consent.category[0]", f"Unknown code '{THO}/v3-ActCode#42CFRPart2CD'"),
    ("Consent.category[0]", f"Unknown code '{THO}/v3-ActCode#HIPAAAuthCD'"),
    ("Consent.category[0]", f"Unknown code '{THO}/v3-ActCode#HIPAAROAD'"),
    ("Consent.policyRule", f"Unknown code '{THO}/v3-ActCode#HIPAAROA'"),
    ("Provenance.agent[0].type", f"Unknown code '{THO}/provenance-participant-type#transmitter'"),
}
"""HAPI judges by the code systems printed with R4 in 2019; these codes are in HL7's terminology of today."""


class Ehr(msgspec.Struct, frozen=True):
    """A server and what of a transaction it does not keep as FHIR has it."""

    server: Server
    keeps_digits: bool = True
    rewrites_urls: bool = True

    def expected(self, value: Any, places: dict[str, str], key: str = "") -> Any:
        """What it should have stored: its own references, no id, no meta."""
        if isinstance(value, dict):
            kept = {k: self.expected(item, places, k) for k, item in value.items()}
            return _bare(kept)
        if isinstance(value, list):
            return [self.expected(item, places, key) for item in value]
        if key == "reference" or (key == "url" and self.rewrites_urls):
            return places.get(value, value)
        return self.number(value)

    def stored(self, place: str) -> Any:
        """The resource as it has it, without id, meta, and the hash that HAPI notes on the data of a Binary."""
        answer = self.server.get(place)
        assert answer.status == 200, answer.body
        if answer.body["resourceType"] == "Binary":
            answer.body.pop("_data", None)
        return self.expected(answer.body, {})

    def number(self, value: Any) -> Any:
        """A decimal with its digits, where the server keeps them."""
        if isinstance(value, ExactDecimal):
            return ("decimal", value.text if self.keeps_digits else str(value.normalize()))
        return value

    def count(self, kinds: set[str]) -> dict[str, int]:
        """How many resources of each type it has."""
        return {kind: int(self.server.get(f"{kind}?_summary=count").body["total"]) for kind in sorted(kinds)}


def _bare(value: Json) -> Json:
    return {k: v for k, v in value.items() if k not in ("id", "meta")} if "resourceType" in value else value


@pytest.fixture(params=["hapi", "sekmet"])
def ehr(request: pytest.FixtureRequest) -> Ehr:
    """One server after the other.

    SEKMET writes 1.90 as 1.9 and leaves `urn:uuid` in Attachment.url; R4 wants the digits kept
    (https://hl7.org/fhir/R4/datatypes.html#decimal) and elements of type url rewritten
    (https://hl7.org/fhir/R4/http.html#trules).
    """
    server: Server = request.getfixturevalue(request.param)
    whole = request.param == "hapi"
    return Ehr(server, keeps_digits=whole, rewrites_urls=whole)


def locations(sent: Json, answer: Json) -> dict[str, str]:
    """FullUrl of what was sent -> `Type/id` where the server put it."""
    urls = [entry["fullUrl"] for entry in sent["entry"]]
    places = [entry["response"]["location"].split("/_history/")[0] for entry in answer["entry"]]
    return {url: "/".join(place.split("/")[-2:]) for url, place in zip(urls, places, strict=True)}


def statuses(answer: Json) -> Counter[str]:
    """How often each status stands in the answer to a transaction."""
    return Counter(entry["response"]["status"][:3] for entry in answer["entry"])


@pytest.mark.parametrize("name", scenarios())
def test_what_is_stored_is_what_was_sent(name: str, ehr: Ehr, exported: dict[str, Exported]) -> None:
    sent = exported[name].transaction
    answer = ehr.server.post("", sent)
    assert answer.status == 200, answer.body
    places = locations(sent, answer.body)
    assert len(places) == len(set(places.values())) == len(exported[name].ours)
    want = {entry["fullUrl"]: ehr.expected(entry["resource"], places) for entry in sent["entry"]}
    assert {url: ehr.stored(place) for url, place in places.items()} == want


@pytest.mark.parametrize("name", scenarios())
def test_the_same_transaction_again_creates_nothing(name: str, ehr: Ehr, exported: dict[str, Exported]) -> None:
    sent = exported[name].transaction
    kinds = {entry["resource"]["resourceType"] for entry in sent["entry"]}
    first = ehr.server.post("", sent)
    before = ehr.count(kinds)
    second = ehr.server.post("", sent)
    assert second.status == 200, second.body
    assert statuses(second.body) == {"200": len(sent["entry"])}
    assert locations(sent, second.body) == locations(sent, first.body)
    assert ehr.count(kinds) == before
    assert min(before.values()) >= 1


def _specimens(*numbers: str) -> Json:
    """A transaction of specimens with these accession numbers."""
    made = []
    for place, number in enumerate(numbers):
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{place} of {numbers}"))
        resource = {"resourceType": "Specimen", "id": key, "identifier": [{"system": SID, "value": number}]}
        made.append((f"urn:uuid:{key}", resource))
    return transaction(made, Writing({}, True), "00000000-0000-4000-8000-00000000ffff")


@pytest.mark.parametrize(
    "number", ["A&B", "A+B", "A B", "A%41", "A#1", "A?b=c", "A/B", "É", "A,B", "A$B", "A|B", "A\\B", "A:B"]
)
def test_numbers_with_signs_of_searches_are_found_again(number: str, ehr: Ehr) -> None:
    first = ehr.server.post("", _specimens(number))
    again = ehr.server.post("", _specimens(number))
    assert (first.status, statuses(first.body)) == (200, {"201": 1})
    assert (again.status, statuses(again.body)) == (200, {"200": 1})
    assert locations(_specimens(number), again.body) == locations(_specimens(number), first.body)


def test_a_comma_in_a_number_does_not_match_another(ehr: Ehr) -> None:
    ehr.server.post("", _specimens("C1"))
    assert statuses(ehr.server.post("", _specimens("C1,C2")).body) == {"201": 1}


def test_two_entries_with_one_number_stay_two(ehr: Ehr) -> None:
    sent = _specimens("twin", "twin")
    answer = ehr.server.post("", sent)
    assert len(set(locations(sent, answer.body).values())) == 2


# --- HAPI's validation


@pytest.mark.parametrize("name", scenarios())
def test_hapi_validates_every_resource(name: str, hapi: Server, exported: dict[str, Exported]) -> None:
    found = {error for _, resource in exported[name].ours for error in hapi_errors(hapi, resource)}
    assert found - NEWER_THAN_R4 == set()


def test_hapi_objects_to_what_is_wrong(hapi: Server, exported: dict[str, Exported]) -> None:
    request = next(r for _, r in exported["soft-tissue-sarcoma"].ours if r["resourceType"] == "ServiceRequest")
    assert hapi_errors(hapi, request) == set()
    ((place, text),) = hapi_errors(hapi, {key: value for key, value in request.items() if key != "intent"})
    assert place == "ServiceRequest"
    assert text.startswith("ServiceRequest.intent: minimum required = 1")
    ((place, text),) = hapi_errors(hapi, {**request, "status": "bogus"})
    assert (place, "Unknown ServiceRequestStatus code" in text) == ("body", True)
