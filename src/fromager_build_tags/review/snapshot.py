"""One side of a review: settings files as they are, or were, and the lock that they give."""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import InputError, SettingsError, explain_error
from ..plan.lockfile import Lock, LockedStack, parse_lock
from ..stack.variables import VARIANTS_DIR
from .git_objects import read_at_once
from .settings_layout import Layout

if TYPE_CHECKING:
    from ..plan.model import Wanted
    from .git import Repository


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One side of a review.

    Attributes:
        name: what to call it.
        files: the settings files, by their path below the root.
        lock: a lock that is at hand, with no need to evaluate the settings.
    """

    name: str
    layout: Layout
    files: Mapping[str, bytes]
    lock: Lock | None

    def evaluate(
        self,
        more: Sequence[Wanted] = (),
        *,
        use_lock: bool = True,
        instead: Side | None = None,
    ) -> Evaluation:
        """Return the tags: from the lock, or from the settings with the overrides installed.

        Args:
            more: packages and versions of a real build, beside those that the settings know.
            use_lock: take the lock where there is one.
            instead: whose global settings to take if this side's cannot be read.
        """
        if self.lock is not None and (use_lock or not self.has_settings):
            return Evaluation(
                name=self.name,
                lock=self.lock,
                notes=(f"the tags of {self.name} are those of its lock",),
            )
        if not self.has_settings:
            return Evaluation(name=self.name, lock=Lock(stacks=()))
        with self._on_disk() as root:
            try:
                return self._evaluate(root, more, instead)
            except SettingsError as err:
                text = explain_error(err).replace(f"{root}/", "")
                raise SettingsError(f"the tags of {self.name} cannot be told: {text}") from None

    @property
    def has_settings(self) -> bool:
        """Whether there are global settings, or those of a package."""
        return any(
            path == self.layout.settings_file.as_posix() or self.layout.is_package(path)
            for path in self.files
        )

    def _evaluate(
        self, root: pathlib.Path, more: Sequence[Wanted], instead: Side | None
    ) -> Evaluation:
        from packaging.utils import canonicalize_name

        from ..plan.locking import lock_of
        from ..plan.plugins import load_overrides
        from ..settings.tree import broken_package_files, load_settings_tree

        broken = [*self._replaced(root, instead)] if instead else []
        for path, message in broken_package_files(root / self.layout.settings_dir):
            path.unlink()
            place = path.relative_to(root).as_posix()
            package = canonicalize_name(path.stem)
            text = message.replace(f"{root}/", "")
            broken.append(Broken(side=self.name, place=place, message=text, package=package))
        tree = load_settings_tree(
            settings_file=root / self.layout.settings_file,
            settings_dir=root / self.layout.settings_dir,
            patches_dir=root / self.layout.patches_dir,
            variant="cpu",
        )
        load_overrides(tree.settings)
        planned = lock_of(tree, more)
        for variant, message in planned.wrong.items():
            place = (self.layout.variants_dir / f"{variant}.yaml").as_posix()
            text = message.replace(f"{root}/", "")
            broken.append(Broken(side=self.name, place=place, message=text, variant=variant))
        note = f"{self.name} is evaluated with the overrides that are installed here"
        return Evaluation(
            name=self.name,
            lock=Lock(stacks=tuple(_below(root, stack) for stack in planned.lock.stacks)),
            broken=tuple(broken),
            notes=(note,),
        )

    def _replaced(self, root: pathlib.Path, instead: Side) -> Iterator[Broken]:
        """Put another side's global settings in the place of those that cannot be read."""
        from ..settings.tree import broken_settings_file

        place = self.layout.settings_file.as_posix()
        message = broken_settings_file(root / place)
        if message and place in instead.files:
            (root / place).write_bytes(instead.files[place])
            text = f"{message.replace(f'{root}/', '')}: those of {instead.name} are taken instead"
            yield Broken(side=self.name, place=place, message=text)

    @contextlib.contextmanager
    def _on_disk(self) -> Iterator[pathlib.Path]:
        import tempfile  # with random and hashlib: a review of two locks needs no folder

        with tempfile.TemporaryDirectory(prefix="build-tags-") as name:
            root = pathlib.Path(name).resolve()
            read_at_once(self.files, self.files)
            for path, content in self.files.items():
                target = root / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            with _variants_in(root / self.layout.variants_dir):
                yield root


def _below(root: pathlib.Path, stack: LockedStack) -> LockedStack:
    """Return a stack whose reasons name the files of a side, and not the copies below *root*."""
    reasons = {key: reason.replace(f"{root}/", "") for key, reason in stack.reasons.items()}
    return replace(stack, reasons=reasons)


@contextlib.contextmanager
def _variants_in(folder: pathlib.Path) -> Iterator[None]:
    """Let the variable that names the folder of the variant files, if it is set, name this."""
    named = os.environ.get(VARIANTS_DIR)
    if not named:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[VARIANTS_DIR] = str(folder)
    try:
        yield
    finally:
        os.environ[VARIANTS_DIR] = named


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """A part of one side that cannot be read, and is not compared."""

    side: str
    place: str
    message: str
    variant: str = ""
    package: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """The tags of one side, what is missing among them, and how they were told."""

    name: str
    lock: Lock
    broken: tuple[Broken, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def broken_variants(self) -> set[str]:
        """Variants whose stacks are not known."""
        return {each.variant for each in self.broken if each.variant}

    @property
    def broken_packages(self) -> set[str]:
        """Packages whose settings are not known."""
        return {each.package for each in self.broken if each.package}


def side_of_commit(repository: Repository, ref: str, layout: Layout) -> Side:
    """Return the settings of a revision.

    Raises:
        InputError: there is no such revision, or its files or lock cannot be read.
    """
    commit = repository.commit(ref)
    files = repository.files(commit, layout.paths)
    lock = layout.lock_file.as_posix()
    files.read([path for path in files if path == lock or layout.variant_of(path)])
    return _side(ref if ref != commit else commit[:12], layout, files)


def side_of_folder(root: pathlib.Path, layout: Layout, name: str) -> Side:
    """Return the settings of a folder, such as the working tree.

    Raises:
        InputError: a file or the lock cannot be read.
    """
    files: dict[str, bytes] = {}
    for path in layout.paths:
        found = [root / path] if (root / path).is_file() else sorted((root / path).glob("*.yaml"))
        for file in found:
            try:
                files[file.relative_to(root).as_posix()] = file.read_bytes()
            except OSError as err:
                raise InputError(f"{file} cannot be read: {err.strerror}") from None
    return _side(name, layout, files)


def side_of_lock(file: pathlib.Path, layout: Layout) -> Side:
    """Return what a lock file alone says.

    Raises:
        InputError: it is not a lock.
    """
    return _side(str(file), layout, {layout.lock_file.as_posix(): file.read_bytes()})


def _side(name: str, layout: Layout, files: Mapping[str, bytes]) -> Side:
    path = layout.lock_file.as_posix()
    lock = None
    if path in files:
        text = files[path].decode("utf-8", errors="replace")
        lock = parse_lock(text, f"{path} of {name}")
    return Side(name=name, layout=layout, files=files, lock=lock)
