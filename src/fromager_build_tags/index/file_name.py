"""The file names of an index, which can have a million: those of wheels and sdists."""

from __future__ import annotations

import functools
from typing import Final

from packaging.tags import Tag
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from ..errors import InputError
from ..tag.build_tag import BuildTag
from ..tag.filename import WheelName, parse_wheel_name, split_label

#: File systems take no longer names, and a long compressed tag set expands to millions of tags.
LONGEST_NAME: Final = 255
#: The extensions of the sdists that pip builds.
SDIST: Final = (
    *(".tar.gz", ".tgz", ".zip", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz"),
    *(".tar.lz", ".tlz", ".tar.lzma"),
)


def project_word(filename: str) -> str:
    """Return the part of a file name that names the project.

    Old sdists have a "-" in the project's name.
    """
    if filename.endswith(SDIST):
        return filename.rpartition("-")[0]
    return filename.partition("-")[0]


def sdist_version(filename: str, project: NormalizedName) -> Version | None:
    """Return the version of an sdist of a project, as pip reads its name; None for another file."""
    if not filename.endswith(SDIST) or len(filename) > LONGEST_NAME:
        return None
    stem = filename.removesuffix(next(each for each in SDIST if filename.endswith(each)))
    for dash, character in enumerate(stem):
        if character == "-" and canonicalize_name(stem[:dash]) == project:
            try:
                return Version(stem[dash + 1 :])
            except ValueError:
                return None
    return None


def wheel_name_or_none(filename: str) -> WheelName | None:
    """Return the parts of a wheel's file name; None for an invalid name."""
    if len(filename) > LONGEST_NAME or not filename.endswith(".whl"):
        return None
    # Names repeat their parts: versions for each Python, tags for each version. The tags are the
    # last three parts, so both halves can be parsed, and cached, alone.
    front, *tags = filename.removesuffix(".whl").rsplit("-", 3)
    label = ""
    if not front[front.rfind("-") + 1 :][:1].isdigit():  # neither a version nor a build tag
        plain, label = split_label(filename)
        front, *tags = plain.removesuffix(".whl").rsplit("-", 3)
    try:
        return WheelName(filename, *_front(front), _tags("-".join(tags)), label)
    except InputError:
        return None


@functools.lru_cache(maxsize=4096)
def _front(front: str) -> tuple[NormalizedName, Version, BuildTag]:
    parsed = parse_wheel_name(f"{front}-py3-none-any.whl")
    if parsed.label:  # a part too many
        raise InputError(f"{front!r} is not the beginning of a wheel's name")
    return parsed.name, parsed.version, parsed.build_tag


@functools.lru_cache(maxsize=4096)
def _tags(tags: str) -> frozenset[Tag]:
    return parse_wheel_name(f"a-1-{tags}.whl").tags
