"""Is a bundle intact, and by whom is it sealed? Offline."""

from pathlib import Path

import msgspec

from adapter.delivery.manifest import SIGNATURE, Signer, check_signature, compare, read_manifest
from adapter.delivery.tree import opened
from mappings.problems import Problem, ProblemError, problem


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` found; `files` is how many the manifest lists."""

    files: int
    signer: Signer | None
    problems: tuple[Problem, ...]

    @property
    def intact(self) -> bool:
        """Whether every file is as it was sealed and the signature, if there is one, fits."""
        return not self.problems

    @property
    def seal(self) -> str:
        """By whom it is sealed, in words."""
        if self.signer is None:
            return "not signed"
        known = {
            True: "a trusted key",
            False: "a key that is not trusted here",
            None: "a key (none is configured as trusted)",
        }
        return f"signed by {known[self.signer.trusted]}, thumbprint {self.signer.thumbprint}"


def verify(bundle: Path, trusted: tuple[Path, ...] = ()) -> Verified:
    """Compare a bundle with its manifest and check its signature against `trusted` public keys.

    Raises:
        ProblemError: it is no case bundle at all, or cannot be opened safely.
    """
    with opened(bundle) as tree:
        return verify_tree(tree, trusted)


def verify_tree(tree: Path, trusted: tuple[Path, ...] = ()) -> Verified:
    """The same for an opened bundle."""
    manifest, data = read_manifest(tree)
    problems = compare(manifest, tree)
    signer = None
    seal = tree / SIGNATURE
    if seal.is_file():
        try:
            signer = check_signature(data, seal.read_bytes(), trusted or None)
        except ProblemError as error:
            problems.extend(error.problems)
    elif trusted:
        message = "is missing, and only bundles sealed with a trusted key are taken; ask the sender for a sealed one"
        problems.append(problem("security", SIGNATURE, message, rule="bundle.signature"))
    return Verified(files=len(manifest.files), signer=signer, problems=tuple(problems))
