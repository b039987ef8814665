"""Bundles of generated cases for the reference validator: `python -m tests.generated_bundles DIR` writes 40.

The cases are always the same (one seed). They are exported in every shape of Consent and Task in turn, each with the
AuditEvent of its release in a file of its own; what they claim is theirs, so that a claim that does not hold is found
where no fixture has it.
"""

import itertools
import sys
import tempfile
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from adapter.errors import NotPermitted
from mappings.domain.case import Case
from mappings.domain.native import encode_case
from mappings.domain.values import Address
from tests import golden, strategies
from tests.strategies_case import cases

MANY = 40
SEED = 40
SHAPES: tuple[dict[str, str], ...] = ({}, *golden.SHAPES)


_stated = st.builds(Address, city=strategies.words, state=st.sampled_from(("MA", "PR", "Ontario", "ma")))


@st.composite
def _addressed(draw: st.DrawFn) -> Case:
    """A case whose organizations and practitioners can be reached."""
    case = draw(cases())
    addresses = strategies.some(strategies.addresses.filter(lambda one: one.use != "home"))
    placed = strategies.some(_stated, 1)
    contacts = strategies.some(strategies.contacts.filter(lambda one: one.use != "home"))
    return msgspec.structs.replace(
        case,
        organizations=tuple(
            msgspec.structs.replace(one, addresses=draw(placed), contacts=draw(contacts)) for one in case.organizations
        ),
        practitioners=tuple(
            msgspec.structs.replace(one, addresses=draw(addresses), contacts=draw(contacts))
            for one in case.practitioners
        ),
    )


def generated() -> list[Case]:
    """Cases in the order they are made; the first are the simplest, some are alike."""
    made: list[Case] = []

    @seed(SEED)
    @settings(max_examples=2 * MANY, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(_addressed())
    def take(case: Case) -> None:
        made.append(case)

    take()
    return made


def bundles(target: Path, most: int = MANY) -> int:
    """Write the first `most` that may leave, and how many they are."""
    target.mkdir(parents=True)
    written = 0
    for case, shape in zip(generated(), itertools.cycle(SHAPES), strict=False):
        if written == most:
            break
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "case"
            folder.mkdir()
            (folder / "case.json").write_bytes(encode_case(case))
            try:
                files = golden.in_shape(folder, Path(scratch), **shape)
            except NotPermitted:
                continue
            for name, data in files.items():
                (target / f"{written:02}-{name}").write_bytes(data)
            written += 1
    return written


if __name__ == "__main__":
    assert bundles(Path(sys.argv[1])) == MANY, "too few of the generated cases may leave"
