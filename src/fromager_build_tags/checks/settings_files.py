"""Check the settings files: the hook, the lock, duplicates, and parts that are never read."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Mapping

from packaging.version import Version

from ..errors import DuplicateKeyError, InputError, SettingsError
from ..files import read_text
from ..findings import rules
from ..findings.finding import Finding, Place, Severity
from ..plan.locked_tags import FORMAT
from ..plan.lockfile import lock_file, parse_lock
from ..plan.locking import lock_of
from ..plan.outdated import difference, stale_finding
from ..plan.plugins import HOOKS_GROUP, WHEEL_BUILD_TAG
from ..plan.requirements import named_in
from ..settings.hook import HOOK, HOOK_PATH, NO_HOOK
from ..settings.yamlfile import YamlFile, read_yaml_mapping
from .inventory import Inventory


def check_hook(inventory: Inventory) -> Iterator[Finding]:
    """BT113: the settings configure another hook than ours, or none."""
    hook = inventory.tree.hook
    if not hook.problem:
        return
    remedy = f'set wheels: {{build_tag_hook: "{HOOK}"}} in {inventory.tree.settings_file}'
    if hook != NO_HOOK:
        remedy += (
            f"; register another function as a plugin {WHEEL_BUILD_TAG} in the group {HOOKS_GROUP}"
        )
    yield rules.HOOK_NOT_CONFIGURED.finding(
        hook.problem,
        subject=".".join(HOOK_PATH),
        remedy=remedy,
        place=inventory.settings_place(*HOOK_PATH),
    )


def check_lock(inventory: Inventory) -> Iterator[Finding]:
    """BT208: the lock file, if there is one, is that of the settings without variables."""
    path = lock_file(inventory.tree.settings_file)
    if not path.exists() or inventory.tree.explicit.facts():
        return
    try:
        locked = parse_lock(read_text(path), str(path))
        planned = lock_of(inventory.tree, named_in(locked), every=locked.every)
    except InputError as err:
        yield stale_finding(str(path), f"lock file is unreadable: {err}")
        return
    what = difference(locked, planned.lock)
    if not what and locked.format < FORMAT:
        what = f"it has format {locked.format}, and {FORMAT} is current"
    if what and not planned.wrong:
        yield stale_finding(str(path), f"lock file is out of date: {what}")


def check_keys(inventory: Inventory) -> Iterator[Finding]:
    """BT117, BT123: fromager's files contain each key once, and every changelog entry counts."""
    settings_file = inventory.tree.settings_file
    files: dict[str, pathlib.Path] = {settings_file.name: settings_file}
    for subject, path in (files | dict(inventory.package_files)).items():
        try:
            file = read_yaml_mapping(path)
        except DuplicateKeyError as err:
            yield _duplicate(str(err), subject, Place(file=str(path)))
        except SettingsError:  # fromager has read it: it is only larger than our limit
            continue
        else:
            if path != settings_file:
                yield from _versions(subject, file)


def _duplicate(message: str, subject: str, place: Place) -> Finding:
    return rules.DUPLICATE_KEY.finding(
        message, subject=subject, remedy="merge the two entries", place=place
    )


def _versions(package: str, file: YamlFile) -> Iterator[Finding]:
    """Check that a changelog contains each version once, spelled as fromager looks it up."""
    changelog = file.data.get("changelog")
    seen: dict[Version, str] = {}
    for key in changelog if isinstance(changelog, Mapping) else ():
        version, place = Version(str(key)), file.place(("changelog", str(key)))
        first = seen.setdefault(version, str(key))
        if first != str(key):
            message = f"the changelog contains {key!r} and {first!r}, which are the same version"
            yield _duplicate(message, package, place)
        if version.local:
            yield rules.NEVER_READ.finding(
                f"the changelog entries of {package} for {key!r} are never read: fromager looks up "
                f"{version.public}",
                subject=package,
                remedy=f"write {version.public!r}, and merge the entries of both",
                place=place,
            )


def check_package_files(inventory: Inventory) -> Iterator[Finding]:
    """BT119: every package has one settings file, however its name is spelled."""
    for package, files in inventory.tree.package_files.items():
        for file in files[:-1]:
            yield rules.TWO_FILES.finding(
                f"{package} has another settings file, {files[-1]}: fromager uses only that one",
                subject=package,
                remedy="merge the two files",
                place=Place(file=str(file)),
            )


def check_endings(inventory: Inventory) -> Iterator[Finding]:
    """BT123: the names of settings files end in ``.yaml``."""
    for folder in (inventory.tree.settings_dir, inventory.tree.variants_dir()):
        for file in sorted(folder.glob("*")):
            if file.suffix != ".yaml" and file.suffix.lower() in {".yaml", ".yml"}:
                yield rules.NEVER_READ.finding(
                    f"{file} is never read: its name does not end in .yaml",
                    subject=file.stem,
                    remedy=f"rename it to {file.stem}.yaml, or remove it",
                    place=Place(file=str(file)),
                    severity=Severity.WARNING,
                )
