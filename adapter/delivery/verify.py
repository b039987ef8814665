"""Is a bundle intact, and by whom is it signed? Offline."""

from collections.abc import Set
from pathlib import Path

import msgspec

from adapter.delivery.manifest import SIGNATURE, Signer, check_signature, compare, read_manifest, thumbprints
from adapter.delivery.tree import opened
from mappings.problems import Problem, ProblemError, problem


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` found.

    Attributes:
        files: how many the manifest lists.
        signer: who signed; None where there is no signature, or none that fits.
        problems: files that are not as the manifest says, and a signature that does not fit it.
        objection: why a bundle is not taken here whatever its bytes: not signed, or not with a trusted key.
    """

    files: int
    signer: Signer | None
    problems: tuple[Problem, ...]
    objection: Problem | None = None

    @property
    def intact(self) -> bool:
        """Whether every file is as the manifest says and the signature, if there is one, fits the manifest."""
        return not self.problems

    @property
    def signed(self) -> bool:
        """Whether it carries a signature that fits, of whomever."""
        return self.signer is not None

    @property
    def refusals(self) -> tuple[Problem, ...]:
        """Everything that stands against taking it."""
        return (*self.problems, *((self.objection,) if self.objection else ()))

    @property
    def summary(self) -> str:
        """The finding in one line."""
        files = f"{self.files} files"
        if not self.intact:
            broken = any(found.where == SIGNATURE for found in self.problems)
            return f"NOT intact: {files}, {'the signature does not fit' if broken else self._signature}"
        if self.signed:
            return f"intact: {files}, {self._signature}"
        if self.objection:
            return f"intact but not signed, and a signature is required here: {files}"
        return f"intact: {files}, not signed (this shows accidental change only)"

    @property
    def _signature(self) -> str:
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
        ProblemError: a trusted key is none; or it is no case bundle at all, or cannot be opened safely.
    """
    keys = thumbprints(trusted)
    with opened(bundle) as tree:
        return verify_tree(tree, keys)


def verify_tree(tree: Path, trusted: Set[str] = frozenset()) -> Verified:
    """The same for an opened bundle and the thumbprints of trusted keys."""
    manifest, data = read_manifest(tree)
    problems = compare(manifest, tree)
    signer, objection = None, None
    signature = tree / SIGNATURE
    if signature.is_file():
        try:
            signer = check_signature(data, signature.read_bytes(), trusted or None)
        except ProblemError as error:
            problems.extend(error.problems)
    elif trusted:
        objection = _objection("is missing, and a signature is required here; ask the sender for a signed bundle")
    if signer is not None and signer.trusted is False:
        objection = _objection("is by a key that is not trusted here; add it to `trusted_keys` if you know whose it is")
    return Verified(files=len(manifest.files), signer=signer, problems=tuple(problems), objection=objection)


def _objection(message: str) -> Problem:
    return problem("security", SIGNATURE, message, rule="bundle.signature")
