"""What a check has to say about settings files: what is there twice, and what nobody reads."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Mapping

from packaging.version import Version

from ..errors import DuplicateKeyError, SettingsError
from ..findings import settings_rules as rules
from ..findings.finding import Finding, Place, Severity
from ..settings.discover import package_files
from ..settings.yamlfile import YamlFile, read_yaml_mapping
from .checkup import Checkup


def check_keys(checkup: Checkup) -> Iterator[Finding]:
    """Every key of fromager's own files is given once, and every entry of a changelog counts."""
    files: dict[str, pathlib.Path] = {checkup.tree.settings_file.name: checkup.tree.settings_file}
    for subject, path in (files | dict(checkup.package_files)).items():
        try:
            file = read_yaml_mapping(path)
        except DuplicateKeyError as err:
            yield _given_twice(str(err), subject, path)
        except SettingsError:  # fromager has read it: it is only larger than a variant file
            continue
        else:
            if path != checkup.tree.settings_file:
                yield from _versions(subject, file)


def _given_twice(message: str, subject: str, path: pathlib.Path) -> Finding:
    return rules.DUPLICATE_KEY.finding(
        message, subject=subject, remedy="put the two together", place=Place(file=str(path))
    )


def _versions(package: str, file: YamlFile) -> Iterator[Finding]:
    """The changelog of a package names each version once, and as fromager looks it up."""
    changelog = file.data.get("changelog")
    seen: dict[Version, str] = {}
    for key in changelog if isinstance(changelog, Mapping) else ():
        version, place = Version(str(key)), file.place(("changelog", str(key)))
        first = seen.setdefault(version, str(key))
        if first != str(key):
            message = f"{place} gives the version {first!r} again, as {key!r}"
            yield _given_twice(message, package, file.path)
        if version.local:
            yield rules.NEVER_READ.finding(
                f"the changelog of {package} has {key!r}, and fromager looks up {version.public}: "
                "no wheel gets a number from these entries",
                subject=package,
                remedy=f"write {version.public!r}, and put it together with what stands there",
                place=Place.parse(place),
            )


def check_package_files(checkup: Checkup) -> Iterator[Finding]:
    """Every package has one settings file, however its name is spelled."""
    for package, files in package_files(checkup.tree.settings_dir).items():
        for file in files[:-1]:
            yield rules.TWO_FILES.finding(
                f"{package} has the settings {files[-1]} as well, which fromager takes instead",
                subject=package,
                remedy="put the two together",
                place=Place(file=str(file)),
            )


def check_endings(checkup: Checkup) -> Iterator[Finding]:
    """Files of settings end in ``.yaml``: fromager and variants read no others."""
    for folder in (checkup.tree.settings_dir, checkup.tree.variants_dir()):
        for file in sorted(folder.glob("*")):
            if file.suffix != ".yaml" and file.suffix.lower() in {".yaml", ".yml"}:
                yield rules.NEVER_READ.finding(
                    f"{file} is never read: its name does not end in .yaml",
                    subject=file.stem,
                    remedy=f"rename it to {file.stem}.yaml, or remove it",
                    place=Place(file=str(file)),
                    severity=Severity.WARNING,
                )
