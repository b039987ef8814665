"""The record of custody of a case, followed; and its blocks with what is left in them."""

import msgspec

from mappings.domain.case import Case
from mappings.domain.custody import Record, Setting, follow
from mappings.domain.material import Block, Slide


def record_of(case: Case) -> Record:
    """The record of custody of a case, followed."""
    return follow(case.custody, setting_of(case))


def setting_of(case: Case) -> Setting:
    """What following a record takes of the case."""
    blocks = {block.id for block in case.blocks}
    counted: tuple[Block | Slide, ...] = (*case.blocks, *case.slides)
    return Setting(
        holder=case.holder,
        organizations={role.id: role.organization for role in case.roles},
        slides=frozenset(slide.id for slide in case.slides),
        sections={thing.id: thing.sections for thing in counted if thing.sections is not None},
        cut_from={slide.id: slide.parent if slide.parent in blocks else "" for slide in case.slides},
    )


def as_left(case: Case, record: Record | None = None) -> Case:
    """The case whose blocks have as many sections as are left after its record; without a number where nobody knows."""
    if not any(block.sections is not None for block in case.blocks):
        return case
    left = (record or record_of(case)).left
    return msgspec.structs.replace(case, blocks=tuple(_left(block, left.get(block.id)) for block in case.blocks))


def _left(block: Block, sections: int | None) -> Block:
    remaining = "exhausted" if sections == 0 else block.remaining
    return msgspec.structs.replace(block, sections=sections, remaining=remaining)
