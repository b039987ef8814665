"""The pages of a medium name whom it was made for."""

import msgspec
import pytest

from adapter.config import Office
from adapter.delivery.medium_pages import OnVolumes, index_page, readme
from mappings.domain.party import RelatedPerson
from mappings.domain.values import PersonName
from tests.releases import made_release
from tests.strategies_case import EXAMPLE

ONE = OnVolumes(number=1, documents=(), studies=[{}], case=1, statement=False, signed=False, version="1")
GUARDIAN = RelatedPerson(id="acts", names=(PersonName(family="Testguardian", given=("Ada",)),), relationship="guardian")


@pytest.mark.parametrize(("party", "said"), [("patient", "the patient"), ("acts", "Ada Testguardian")])
def test_whom_it_was_made_for(party: str, said: str) -> None:
    assert EXAMPLE.access is not None
    access = msgspec.structs.replace(EXAMPLE.access, recipient_party=party)
    case = msgspec.structs.replace(EXAMPLE, access=access, related_persons=(*EXAMPLE.related_persons, GUARDIAN))
    released = made_release(case=case)
    lines = readme(released, ONE, 1, Office()).decode("ascii").splitlines()
    assert [line for line in lines if line.startswith("Made for")] == [f"Made for      {said}"]
    assert f"To: {said}. Released:" in index_page(released, ONE, 1).decode()
