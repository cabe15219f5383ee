"""The files that pip and uv select, for a Python on a platform.

Of one version, an installer selects the wheel whose tag the Python prefers; of those, the one with
the highest build tag: by number, then by suffix as a string; a wheel without a build tag is last.
An sdist, which the installer builds, comes after every wheel that fits. Of several versions, it
selects the highest that is not a pre-release; the pin ``==1.0`` selects ``1.0+local``, which is
higher than ``1.0``.

pip and uv differ in these points:

- pip prefers ``linux_x86_64`` to ``manylinux_…`` from 26.3 on; uv, and older pips, the reverse.
- For a pin, pip selects a yanked file only if there is no other, and uv treats yanked files of
  exactly that version like others. Without a pin, neither selects a yanked file.
- pip leaves out files whose Requires-Python does not match. uv selects first, skips the version if
  the selected file's does not match, and tests lower bounds only.
- pip ignores an invalid Requires-Python. uv repairs some (``>=3.6.*``), and leaves the file out
  otherwise.
- pip takes a yank without a value, in HTML, or with an empty one, in JSON, for none.
- pip builds more kinds of sdists than ``.tar.gz`` and ``.zip``. uv requires that the name of an
  sdist is as long as the project's. In a wheel's name, it reads no number of more than 64 bits, no
  tag with capitals, and no build tag but of ASCII letters, digits, ``_`` and ``.``; pip reads no
  wheel of ``a__b``, and no file whose URL ends in another name.
- Of equal files (``1.0`` and ``1.0.0``, or one name twice), pip selects the last on the page, and
  uv the first by name. Of entries with the same URL, pip reads the first alone.
- pip selects a pre-release only if no release fits, and uv also if it may not select any of those
  that fit, such as a yanked one.

Neither reads a wheel with a variant label, except uv with its preview, for which the order of the
labels comes before that of the tags; :mod:`.wheel_variants` returns what a machine accepts.

Source: pip, ``CandidateEvaluator._sort_key``; uv, ``TagPriority``, ``BuildTag`` and
``RequiresPython::is_contained_by``; the tests compare with both.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import canonicalize_name
from packaging.version import Version

from ..http.urls import file_name
from ..tag.build_tag import NO_BUILD_TAG
from ..tag.filename import WheelName, split_label
from ..tag.version_ranges import boundaries_of
from .file_name import sdist_version, wheel_name_or_none
from .listing import IndexFile
from .status import IndexWheel
from .targets import Installer, Target, ranks_of

#: Requires-Python is tested with the newest patch release of a Python.
_NEWEST_PATCH: Final = 99
#: The names of wheels that uv reads: a build tag in ASCII, and tags in lower case.
_UV_WHEEL: Final = re.compile(r"[^-]+-[^-]+(-\d[\w.]*)?(-[a-z0-9_.]+){3}", re.ASCII)
#: The numbers of a wheel's name that may be too large for uv, and the largest that it reads.
_LONG: Final = re.compile(r"\d{20,}", re.ASCII)
_UV_LARGEST: Final = (1 << 64) - 1
#: What uv replaces in an invalid Requires-Python, one after the other until it is valid.
_UV_REPAIRS: Final = (
    (r"(\d)([<>=~^!])", r"\1,\2"),
    (r"!=~((?:\d\.)*\d)", r"!=\1.*"),
    (r"(<=|>=|<|>)\s*(\d+(\.\d+)*)\.\*", r"\1\2"),
    (r"(\d\.\d)+\*", r"\1.*"),
    (r",\s*$", ""),
    (r">dev", ">0.0.0dev"),
    (r"(\d+(\.\d)*(a|b|rc|post|dev)\d+)\.0", r"\1"),
    (r"['\"]", ""),
)
#: Variant labels, the preferred one first; "" is a file without one.
type Labels = Sequence[str]
PLAIN: Final = ("",)
#: The extensions of the sdists that uv builds.
_UV_SDIST: Final = (".tar.gz", ".zip")


def others_of(files: Iterable[IndexFile]) -> Sequence[IndexWheel]:
    """Return the sdists of a project, as wheels without tags, and the wheels for uv alone."""
    found = []
    for file in files:
        filename = file.filename
        if version := sdist_version(filename, file.project):
            name = WheelName(filename, file.project, version, NO_BUILD_TAG, frozenset())
            found.append(IndexWheel(file, name))
        elif "__" in (word := filename.partition("-")[0]) and filename.endswith(".whl"):
            parsed = wheel_name_or_none(filename.replace(word, file.project.replace("-", "_"), 1))
            if parsed and canonicalize_name(word) == file.project:
                found.append(IndexWheel(file, parsed._replace(filename=filename)))
    return found


@functools.lru_cache(maxsize=4096)
def _reads(filename: str, url: str, project: str, is_wheel: bool, installer: Installer) -> bool:
    """Return whether an installer takes a file for a wheel or an sdist of the project."""
    if installer is Installer.PIP:
        renamed = url and file_name(url) != filename
        return not renamed and not (is_wheel and "__" in filename.partition("-")[0])
    if not is_wheel:
        return filename.endswith(_UV_SDIST) and filename[len(project)] == "-"
    large = any(int(number) > _UV_LARGEST for number in _LONG.findall(filename))
    return not large and _UV_WHEEL.fullmatch(split_label(filename)[0]) is not None


def select(
    candidates: Iterable[IndexWheel],
    target: Target,
    installer: Installer = Installer.PIP,
    labels: Labels = PLAIN,
) -> IndexWheel | None:
    """Return the file that an installer selects *of one version*, which is pinned.

    Args:
        candidates: wheels of that version, and sdists, which have no tags.
        target: the Python and platform to install for.
        installer: pip or uv.
        labels: the variant labels that the installer accepts; "" is a plain wheel, or an sdist.

    Returns:
        The file; None if none fits.
    """
    ranks = ranks_of(target, installer)

    def preference(each: IndexWheel) -> tuple[object, ...]:
        last_resort = installer is Installer.PIP and _is_yanked(each.file, installer)
        variant = -labels.index(each.name.label)
        rank = -(_rank(each.name, ranks) or 0)
        return not last_resort, variant, rank, *each.name.build_tag.sort_key

    usable = _usable(candidates, target, installer, labels)
    # of equal files, such as 1.0 and 1.0.0, pip selects the last, and uv the first by name
    if installer is Installer.PIP:
        usable.reverse()
    else:
        usable.sort(key=lambda each: each.file.filename)
    best = max(usable, key=preference, default=None)
    if best is None or not _allows(best.file.requires_python, target.python, installer):
        return None
    return best


def select_newest(
    candidates: Iterable[IndexWheel],
    target: Target,
    installer: Installer = Installer.PIP,
    labels: Labels = PLAIN,
) -> IndexWheel | None:
    """Return the file that an installer selects without a pin; arguments as for ``select``."""
    usable = _usable(candidates, target, installer, labels)
    released = [each for each in usable if not each.name.version.is_prerelease]
    # pip considers pre-releases only where there is no release, not even a yanked one
    tries = [released or usable] if installer is Installer.PIP else [released, usable]
    for some in tries:
        offered = [each for each in some if not _is_yanked(each.file, installer)]
        if best := _highest(offered, target, installer, labels):
            return best
    return None


def select_pinned(
    candidates: Iterable[IndexWheel],
    version: Version,
    target: Target,
    installer: Installer = Installer.PIP,
    labels: Labels = PLAIN,
) -> IndexWheel | None:
    """Return the file that an installer selects for ``==version``, local versions included."""
    usable = [
        each
        for each in _usable(candidates, target, installer, labels)
        if version in {each.name.version, Version(each.name.version.public)}
    ]
    if installer is Installer.PIP:
        offered = [each for each in usable if not _is_yanked(each.file, installer)] or usable
    else:
        offered = [each for each in usable if not each.file.yanked or each.name.version == version]
    return _highest(offered, target, installer, labels)


def _usable(
    candidates: Iterable[IndexWheel], target: Target, installer: Installer, labels: Labels
) -> list[IndexWheel]:
    """Return the files that an installer compares."""
    ranks = ranks_of(target, installer)
    return [
        each
        for each in candidates
        if each.name.label in labels
        and _rank(each.name, ranks) is not None
        and _is_compared(each, target, installer)
    ]


def _highest(
    candidates: Iterable[IndexWheel], target: Target, installer: Installer, labels: Labels
) -> IndexWheel | None:
    """Return the selected file of the highest version that has one."""
    by_version: dict[Version, list[IndexWheel]] = {}
    for each in candidates:
        by_version.setdefault(each.name.version, []).append(each)
    for version in sorted(by_version, reverse=True):
        if best := select(by_version[version], target, installer, labels):
            return best
    return None


def _rank(name: WheelName, ranks: Mapping[Tag, int]) -> int | None:
    """Return the rank of the best tag of a file; None if no tag is accepted."""
    if not name.tags:
        return len(ranks)
    return min((ranks[tag] for tag in name.tags if tag in ranks), default=None)


def _is_compared(each: IndexWheel, target: Target, installer: Installer) -> bool:
    """Return whether an installer compares a file; uv does if its Requires-Python is valid."""
    file, name = each.file, each.name
    url = "" if file.path else file.location
    if not _reads(file.filename, url, file.project, bool(name.tags), installer):
        return False
    if installer is Installer.PIP:
        return not file.repeated and _allows(file.requires_python, target.python, installer)
    return _repaired(file.requires_python) is not None


def _is_yanked(file: IndexFile, installer: Installer) -> bool:
    return file.yanked and not (file.bare_yank and installer is Installer.PIP)


@functools.lru_cache(maxsize=4096)
def _allows(requires: str, python: tuple[int, int], installer: Installer) -> bool:
    """Return whether a Requires-Python matches; pip ignores an invalid one.

    uv compares its Python with the lowest version that matches only, if there is one.
    """
    newest = Version(f"{python[0]}.{python[1]}.{_NEWEST_PATCH}")
    if installer is Installer.PIP:
        specifiers = _specifiers(requires)
        return specifiers is None or specifiers.contains(newest)
    repaired = _repaired(requires) or SpecifierSet()
    ends = {Version("0"), newest, *boundaries_of(str(repaired))}
    above = {Version(f"{each.base_version}.0.1") for each in ends}
    matching = [*filter(repaired.contains, ends | above)]
    return not matching or min(matching) <= newest


def _specifiers(requires: str) -> SpecifierSet | None:
    try:
        return SpecifierSet(requires)
    except ValueError:
        return None


@functools.lru_cache(maxsize=4096)
def _repaired(requires: str) -> SpecifierSet | None:
    """Return a Requires-Python as uv reads it; None if uv cannot repair an invalid one."""
    for pattern, replacement in (("(?!)", ""), *_UV_REPAIRS):  # at first, none
        requires = re.sub(pattern, replacement, requires)
        specifiers = _specifiers(requires)
        # packaging ignores an empty part, and uv does not
        if specifiers is not None and (all(map(str.strip, requires.split(","))) or not requires):
            return specifiers
    return None
