"""Is a bundle intact, and by whom is it signed? Offline."""

from collections.abc import Set
from pathlib import Path

import msgspec

from adapter.delivery.manifest import (
    LIST,
    MANIFEST,
    SEAL,
    SIGNATURE,
    Signer,
    check_signature,
    compare,
    describe,
    read_list,
    read_manifest,
    thumbprints,
)
from adapter.delivery.medium_read import Read, absent, volumes_of
from adapter.delivery.tree import opened
from mappings.problems import Problem, ProblemError, problem


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` found.

    Attributes:
        files: how many the manifest lists.
        volumes: of how many volumes, where it is a medium; 0 where it is a bundle, or one volume by itself.
        signer: who signed; None where there is no signature, or none that fits.
        problems: files that are not as the manifest says, and a signature that does not fit it.
        objection: why a bundle is not taken here whatever its bytes: not signed, or not with a trusted key.
    """

    files: int
    volumes: int = 0
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
        files = f"{self.volumes} volumes, {self.files} files" if self.volumes else f"{self.files} files"
        if not self.intact:
            broken = any(found.where.rpartition("/")[2] in (SIGNATURE, SEAL) for found in self.problems)
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
    """Compare a bundle or a medium with its manifest and check its signature against `trusted` public keys.

    Raises:
        ProblemError: a trusted key is none; or it is no case bundle at all, or cannot be opened safely.
    """
    keys = thumbprints(trusted)
    with opened(bundle) as tree:
        return verify_opened(tree, volumes_of(tree), keys)


def verify_opened(tree: Path, volumes: tuple[Read, ...], trusted: Set[str] = frozenset()) -> Verified:
    """The same for what is opened already, whose volumes are these."""
    return verify_tree(tree, trusted) if not volumes or not volumes[0].name else _verify_volumes(volumes, trusted)


def verify_tree(tree: Path, trusted: Set[str] = frozenset()) -> Verified:
    """The same for an opened bundle, or a volume of a medium, and the thumbprints of trusted keys."""
    if (tree / LIST).is_file() and not (tree / MANIFEST).is_file():
        told, data = read_list(tree)
        return _judged(len(told), data, _differing(told, tree), tree / SEAL, trusted)
    manifest, data = read_manifest(tree)
    return _judged(len(manifest.files), data, compare(manifest, tree), tree / SIGNATURE, trusted)


def _verify_volumes(volumes: tuple[Read, ...], trusted: Set[str]) -> Verified:
    """All volumes of a medium: each by itself, that they are all there, and that one key signed them."""
    each = [(volume, verify_tree(volume.folder, trusted)) for volume in volumes]
    problems = [_on(volume, found) for volume, judged in each for found in judged.problems]
    objections = [_on(volume, judged.objection) for volume, judged in each if judged.objection]
    message = "is missing; add it, or name a volume by itself"
    problems += [problem("not-found", f"VOLUME{n}", message, rule="medium.volumes") for n in absent(volumes)]
    signers = {judged.signer for _, judged in each}
    if len(signers) > 1 and not problems:
        told = "is not by the key that signed the other volumes, or is missing; ask the sender for the medium again"
        problems.append(problem("security", SEAL, told, rule="bundle.signature"))
    return Verified(
        files=sum(judged.files for _, judged in each),
        volumes=len(volumes),
        signer=signers.pop() if len(signers) == 1 else None,
        problems=tuple(problems),
        objection=objections[0] if objections else None,
    )


def _on(volume: Read, found: Problem) -> Problem:
    return msgspec.structs.replace(found, where=volume.place(found.where))


def _judged(files: int, data: bytes, problems: list[Problem], signature: Path, trusted: Set[str]) -> Verified:
    """The finding: how the files are, and what the signature over `data` says."""
    signer, objection = None, None
    if signature.is_file():
        try:
            signer = check_signature(data, signature.read_bytes(), trusted or None)
        except ProblemError as error:
            problems.extend(msgspec.structs.replace(found, where=signature.name) for found in error.problems)
    elif trusted:
        message = "is missing, and a signature is required here; ask the sender for a signed bundle"
        objection = _objection(signature.name, message)
    if signer is not None and signer.trusted is False:
        message = "is by a key that is not trusted here; add it to `trusted_keys` if you know whose it is"
        objection = _objection(signature.name, message)
    return Verified(files=files, signer=signer, problems=tuple(problems), objection=objection)


def _differing(told: dict[str, str], tree: Path) -> list[Problem]:
    """What differs between the list of a volume and its files."""
    there = {file.path: file.sha256 for file in describe(tree) if file.path not in (LIST, SEAL)}
    what = {path: "is missing" for path in told if path not in there}
    what |= {path: "is not on the list" for path in there if path not in told}
    what |= {path: "is not as the list says" for path in told if there.get(path, told[path]) != told[path]}
    message = "ask the sender for the medium again"
    return [problem("conflict", path, f"{what[path]}; {message}", rule="medium.list") for path in sorted(what)]


def _objection(where: str, message: str) -> Problem:
    return problem("security", where, message, rule="bundle.signature")
