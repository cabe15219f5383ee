"""Add the changelog entries that renamed wheels need to sort above the wheels they replace.

An entry in the changelog of a package raises the build number of one version on every variant; an
entry in the changelog of a variant raises the number of every wheel of the variant.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from packaging.utils import canonicalize_version

from ..errors import EditError, SettingsError, explain_error
from ..files import read_text, refuse_read_only, write_text
from ..plan.locked_tags import public_version
from ..settings.layout import file_to_edit
from ..settings.yamledit import add
from ..settings.yamlfile import parse_yaml_mapping
from ..tag.build_tag import BuildTag
from .change import Change
from .snapshot import Layout


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """A settings file with entries added.

    Attributes:
        path: the file.
        before: its text before the edit.
        after: its text after it.
    """

    path: pathlib.Path
    before: str
    after: str


def missing_entries(change: Change) -> int:
    """Return how many more changelog entries make the new build tag sort above the old one."""
    old, new = change.before, change.after
    if old is None or new is None or not change.sorts_below:
        return 0
    same_number_suffices = old.sorts_below(BuildTag(old.number, new.suffix))
    return (old.number or 0) - (new.number or 0) + (0 if same_number_suffices else 1)


def package_entries(changes: Iterable[Change]) -> dict[tuple[str, str], int]:
    """Return how many entries each listed version of a package lacks.

    fromager looks up a version without its local part, and equal versions are one.
    """
    listed = [each for each in changes if not each.is_open]
    missing = _most_missing(listed, lambda each: (each.package, public_version(each.version)))
    return {(package, str(version)): number for (package, version), number in missing.items()}


def variant_entries(changes: Iterable[Change]) -> dict[tuple[str, str], int]:
    """Return how many entries each variant lacks, so that each of its wheels sorts above.

    A variant has the package "".
    """
    return _most_missing(changes, lambda each: ("", each.variant))


def _most_missing[K](changes: Iterable[Change], key: Callable[[Change], K]) -> dict[K, int]:
    missing: dict[K, int] = {}
    for change in changes:
        if number := missing_entries(change):
            missing[key(change)] = max(number, missing.get(key(change), 0))
    return missing


def changelog_edits(
    layout: Layout, missing: Mapping[tuple[str, str], int], text: str
) -> tuple[list[Edit], list[str]]:
    """Add entries to the changelogs of packages, or of variants; a missing file is created.

    Args:
        layout: the files to edit.
        missing: the numbers of :func:`package_entries` or :func:`variant_entries`.
        text: the text of each entry.

    Returns:
        The edits, and what to add by hand: an entry cannot be added without other changes, or a
        package has two files.
    """
    edits: dict[pathlib.Path, Edit] = {}
    by_hand: list[str] = []
    for (package, key), number in sorted(missing.items()):
        path = pathlib.Path(layout.settings_dir if package else layout.settings_file)
        try:
            if package:
                path = file_to_edit(path, package)
            edit = edits.get(path) or _unedited(path)
            at = _version_key(edit, key) if package else key
            after = add(edit.after, ("changelog", at), [text] * number)
            edits[path] = Edit(path=path, before=edit.before, after=after)
        except EditError as err:
            entries = f"{number} {'entry' if number == 1 else 'entries'}"
            what = f"{package} {key}".lstrip()
            by_hand.append(f"{what} needs {entries} more in {path}: {explain_error(err)}")
    return list(edits.values()), by_hand


def write_edits(edits: Iterable[Edit]) -> None:
    """Write every file, or none: all are checked first.

    Raises:
        EditError: a file changed since it was read.
        OutputError: a file cannot be written.
    """
    edits = list(edits)
    for edit in edits:
        refuse_read_only(edit.path)
        if read_text(edit.path) != edit.before:
            raise EditError(f"{edit.path} changed in the meantime; nothing is written: try again")
    for edit in edits:
        write_text(edit.path, edit.after)


def _unedited(path: pathlib.Path) -> Edit:
    text = read_text(path)
    return Edit(path=path, before=text, after=text)


def _version_key(edit: Edit, version: str) -> str:
    """Return the key of a version as the changelog spells it; fromager uses the last of several."""
    try:
        changelog = parse_yaml_mapping(edit.after, edit.path).data.get("changelog")
    except SettingsError as err:
        raise EditError("the file cannot be read") from err
    for key in reversed(changelog or {}):
        if canonicalize_version(str(key)) == canonicalize_version(version):
            return str(key)
    return version
