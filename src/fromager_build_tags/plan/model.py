"""The model of a plan: the wanted packages, and the tag of each of their versions."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from ..stack.stack import Stack
from ..tag.build_tag import BuildTag
from ..tag.expression import Need
from ..tag.filename import stem
from ..tag.segment import Order, Segment, variant_label
from ..tag.version_ranges import REST
from .source import SourceKind

#: Stands for every version without a changelog entry: newer than all, dates and times of day, too.
ANY_VERSION: Final = Version("99999999999999")
#: Stands for every package that neither the settings nor an override names.
ANY_PACKAGE: Final = NormalizedName("package-that-nothing-names")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A package to plan, and which of its versions, where None stands for all unlisted ones.

    Without *versions*, each that has a changelog entry and satisfies the *specifier*, and None.
    """

    package: NormalizedName
    versions: tuple[Version | None, ...] | None = None
    specifier: SpecifierSet = field(default_factory=SpecifierSet)


class PlannedTag(NamedTuple):
    """The build tag of one version of a package on one stack: a tuple, since plans are long.

    Attributes:
        version: None for versions without a changelog entry.
        span: which of these, such as ``<0.29``; ``*`` for all others.
        sample: the version that stands for all of them.
        number: fromager's build number; None if fromager assigns none, and calls no hook.
        platlib: the segments of a platlib wheel; None if they are unknown.
        purelib: the segments of a purelib wheel: () unless another plugin returns one.
        source: the kind of source of its dependencies; None if there is none, or it is wrong.
        note: why there is no build number, or why segments are unknown, and the fix.
        error: why the hook fails, and with it a build; "" if it does not.
        lacks_fact: whether it fails only because a fact is unknown, which a machine may report.
        needs: the dependencies of a platlib wheel; None if a function decides.
        pre_built: whether fromager keeps a wheel as it is, with its own tag.
        pattern: of a shipped override that is for a family of packages; "" for any other source.
    """

    package: NormalizedName
    version: Version | None
    variant: str
    stack: Stack
    number: int | None
    platlib: tuple[Segment, ...] | None = ()
    purelib: tuple[Segment, ...] | None = ()
    source: SourceKind | None = None
    note: str = ""
    error: str = ""
    lacks_fact: bool = False
    needs: frozenset[Need] | None = None
    pre_built: bool = False
    span: str = REST
    sample: Version = ANY_VERSION
    pattern: str = ""

    @property
    def version_text(self) -> str:
        """The version, or the span of versions."""
        return self.span if self.version is None else str(self.version)

    @property
    def is_wrong(self) -> bool:
        """Whether a build fails, whatever a machine reports."""
        return bool(self.error) and not self.lacks_fact

    @property
    def reason(self) -> str:
        """Why segments are unknown, or a build fails; "" if neither is so."""
        return self.error or (self.note if None in {self.platlib, self.purelib} else "")

    @property
    def build_tag(self) -> BuildTag:
        """The build tag of a platlib wheel; its suffix is unknown where its segments are."""
        return _build_tag(self.number, self.platlib)

    @property
    def label(self) -> str:
        """The label of a platlib wheel in an index of all accelerators; "" for a plain wheel."""
        return variant_label(self.build_tag.by_order.get(Order.ACCELERATOR))

    @property
    def platlib_stem(self) -> str:
        """The file name of a platlib wheel up to its tags; "" where it is unknown."""
        return self._stem(self.build_tag)

    @property
    def purelib_stem(self) -> str:
        """The file name of a purelib wheel up to its tags; "" where it is unknown."""
        return self._stem(_build_tag(self.number, self.purelib))

    def _stem(self, build: BuildTag) -> str:
        version = "*" if self.version is None else self.version
        if build.is_none and not self.pre_built:
            build = NUMBER_0
        return stem(self.package, version, build) if build.is_known else ""


#: fromager packs a wheel without a number with ``--build-number 0``
#: (``fromager/wheels.py``, ``add_extra_metadata_to_wheels``).
NUMBER_0: Final = BuildTag(0)


_build_tag: Final = functools.lru_cache(maxsize=4096)(BuildTag.of)  # packages share most tags
