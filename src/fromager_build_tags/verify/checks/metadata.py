"""The name against what is written inside: ``WHEEL``, ``METADATA``, and fromager's notes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from packaging.tags import Tag, parse_tag
from packaging.utils import canonicalize_name
from packaging.version import Version

from ...findings import wheel_rules as rules
from ...findings.finding import Finding, Severity
from ...tag.filename import WheelName
from ...tag.platform import parse_linux
from ...wheel import accelerator_of, is_torch, stem
from .examined import Examined, shown

_LONGEST: Final = 255


def build_mismatch(wheel: Examined) -> Iterator[Finding]:
    """BT321: another build tag in ``WHEEL`` than in the name."""
    named, builds = str(wheel.name.build_tag), wheel.facts.builds
    if len(builds) <= 1 and _same_tag(named, builds[0] if builds else ""):
        return
    absent = not builds  # what renaming a file leaves behind; no installer reads the field
    yield wheel.finding(
        rules.BUILD_MISMATCH,
        f"the name's build tag is {named!r}, yet WHEEL has "
        + ("no Build" if absent else f"Build: {shown(each[:_LONGEST] for each in builds)}"),
        remedy="let fromager, or `wheel tags --build`, set it: they write both",
        severity=Severity.WARNING if absent else None,
    )


def _same_tag(named: str, written: str) -> bool:
    # the number is a number: 08 is 8, as in the name that was taken apart
    return named == re.sub(r"^0+(?=\d)", "", written)


def metadata_mismatch(wheel: Examined) -> Iterator[Finding]:
    """BT322: another name or version in ``METADATA`` than in the name."""
    name, facts = wheel.name, wheel.facts
    if (name.name, name.version) != (facts.name, facts.version):
        yield wheel.finding(
            rules.METADATA_MISMATCH,
            f"the file name says {name.name} {name.version}, "
            f"yet METADATA says {facts.name} {facts.version}",
            remedy="build it again: installers refuse it",
        )
    elif not _is_folder_of(name, facts.dist_info):
        yield wheel.finding(
            rules.METADATA_MISMATCH,
            f"the file name says {name.name} {name.version}, yet METADATA is in the folder "
            f"{facts.dist_info!r}",
            remedy="build it again: installers refuse it",
            inside=facts.dist_info,
        )


def _is_folder_of(name: WheelName, folder: str) -> bool:
    package, _, version = folder.removesuffix(".dist-info").rpartition("-")
    try:
        return (canonicalize_name(package), Version(version)) == (name.name, name.version)
    except ValueError:  # InvalidVersion, or a number that is too long for int()
        return False


def tag_mismatch(wheel: Examined) -> Iterator[Finding]:
    """BT326: other compatibility tags in ``WHEEL`` than in the name."""
    named = wheel.name.tags
    written, unreadable = _parsed(wheel.facts.tags)
    if written == named and not unreadable:
        return
    texts = [*unreadable, *(sorted(map(str, written - named)) or sorted(map(str, written)))]
    yield wheel.finding(
        rules.TAG_MISMATCH,
        f"the name says {shown(sorted(map(str, named - written)) or sorted(map(str, named)))}, "
        f"yet WHEEL has {f'Tag: {shown(texts)}' if texts else 'no Tag'}",
        remedy="let auditwheel, or `wheel tags`, rename it: they write both; or build it again",
        severity=Severity.ERROR if _contradict(named, written) else None,
    )


def _parsed(texts: Iterable[str]) -> tuple[frozenset[Tag], list[str]]:
    """Return the tags of ``WHEEL``, which may be compressed as in a name, and what is none."""
    tags: set[Tag] = set()
    wrong = []
    for text in dict.fromkeys(texts):
        try:
            # a name of 255 bytes has no longer ones, and a few kilobytes make millions of tags
            tags |= parse_tag(text if len(text) < _LONGEST else "")
        except ValueError:
            wrong.append(text[:_LONGEST])
    return frozenset(tags), wrong


def _contradict(named: frozenset[Tag], written: frozenset[Tag]) -> bool:
    """Whether one side speaks of a machine or a Python that the other does not mention."""
    return any(
        not any(_alike(one, other) for other in others)
        for some, others in ((named, written), (written, named))
        for one in some
        if others
    )


def _alike(one: Tag, other: Tag) -> bool:
    generic = one.interpreter.startswith("py") or other.interpreter.startswith("py")
    same = generic or one.interpreter == other.interpreter
    return same and _system(one.platform) == _system(other.platform)


def _system(platform: str) -> str:
    """Return a platform without the version of its system: ``linux_x86_64``, ``macosx``."""
    if platform.startswith("macosx_"):
        return "macosx"  # a universal binary is for two machines
    linux = parse_linux(platform)
    return f"linux_{linux.machine}" if linux else platform


def stale_elf_requires(wheel: Examined) -> Iterator[Finding]:
    """BT325: a library that fromager noted, and that nothing needs now."""
    facts = wheel.facts
    used = {each.library for use in facts.accelerators for each in use.evidence}
    now = {stem(library) for library in (*facts.needed, *used)}
    gone = sorted(
        library
        for library in facts.noted or ()
        if (accelerator_of(library) or is_torch(library)) and stem(library) not in now
    )
    if gone:
        yield wheel.finding(
            rules.STALE_ELF_REQUIRES,
            f"fromager-elf-requires.txt says {shown(gone)}, which nothing in the wheel needs",
            remedy="find what changed the wheel after fromager had built it",
            inside="fromager-elf-requires.txt",
        )
