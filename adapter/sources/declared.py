"""Lines under `materials` that name a file of which no document can be made: why not, and what to do."""

from collections.abc import Iterable, Iterator

from adapter.sources.gather import Gathered
from mappings.problems import Problem, problem

_RULE = "case.materials"
_SAYS = "(a line under `materials` in case.json names it)"


def unfit(paths: Iterable[str], found: Gathered) -> Iterator[Problem]:
    """One Problem for each path that is not among the documents of the folder."""
    aside = (draft for draft in found.drafts if draft.problems and (draft.refused or draft.source.endswith("/")))
    refused = {draft.source.rstrip("/"): draft.problems[0] for draft in aside}
    read = {file.path for file in found.images} | {draft.source.partition("#")[0] for draft in found.drafts}
    for path in sorted(paths):
        around = (path[:end] for end in range(len(path), 0, -1) if path[end : end + 1] in ("", "/"))
        why = next((refused[place] for place in around if place in refused), None)
        if why is not None:
            where = path if why.where == path else f"{path}, because of {why.where}"
            yield problem(why.code, where, f"{why.message} {_SAYS}", rule=_RULE)
        elif path in read:
            message = "is FHIR or DICOM and is read as such, not as a document: to say more of what it holds, name that"
            yield problem("business-rule", path, f"{message} by `item` in place of `path` {_SAYS}", rule=_RULE)
        else:
            message = "is not in the case folder: add the file or mend the path"
            yield problem("not-found", path, f"{message} {_SAYS}", rule=_RULE)
