"""Check that wheels of Torch's stable ABI load with each Torch that their name is for.

Without a Torch segment, builds against several Torch releases give one name. Torch's headers use
the newest functions of the stable ABI that they have, unless ``TORCH_TARGET_VERSION`` limits them
(``torch/csrc/stable/version.h``): a wheel that was built against Torch 2.14 may need 2.13.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from packaging.utils import NormalizedName
from packaging.version import Version

from ..errors import BuildTagError
from ..findings import rules
from ..findings.finding import Finding
from ..needs import DependsOn, Need
from ..plan.model import ANY_VERSION
from ..plan.plugins import WHEEL_BUILD_TAG, load_shipped_override
from ..plan.source import source_of
from ..settings.layout import DEPENDS_ON
from ..settings.tree import PackageBuildInfo
from ..stack.stack import DeclaredTorch, Stack
from ..tag.segment import accelerator_word
from ..wheel.torch.torch_loads import short
from .inventory import Inventory

_MACRO: Final = "TORCH_TARGET_VERSION"
#: ``0x020a000000000000`` has a byte for each number of 2.10.0; some builds read 2.10 or 2_10.
_VALUE: Final = re.compile(rf"{_MACRO}=['\"]?(?:0x([0-9a-fA-F]{{16}})|(\d{{1,3}}[._]\d{{1,3}}))")
#: The variables of flags for C++: setuptools and Torch's BuildExtension read the first, CMake the
#: second. The compilers of device code read one of their own.
_CXX_FLAGS: Final = ("CPPFLAGS", "CXXFLAGS")
_FLAGS: Final[Mapping[str, tuple[str, ...]]] = {
    "cuda": (*_CXX_FLAGS, "NVCC_APPEND_FLAGS"),
    "rocm": (*_CXX_FLAGS, "HIPCC_COMPILE_FLAGS_APPEND"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Build:
    """A build of a package, whose name has no Torch segment.

    Attributes:
        name: what distinguishes the name from others: its index and its accelerator segment.
        settings: the texts of the package's settings that set the target.
    """

    torch: DeclaredTorch
    name: tuple[str, str]
    settings: tuple[str, ...]

    @property
    def target(self) -> Version | None:
        """The highest target that the settings set; None for none, or one of another form."""
        found = [each for text in self.settings for each in _VALUE.findall(text)]
        return max((_version(*each) for each in found), default=None)


def _version(digits: str, text: str) -> Version:
    numbers = text.replace("_", ".")
    return Version(numbers or ".".join(str(each) for each in bytes.fromhex(digits)[:3]))


def check_torch_targets(inventory: Inventory) -> Iterator[Finding]:
    """BT125: a wheel of the stable ABI loads with each Torch that its name is for."""
    indexes = {variant: inventory.tree.on(variant).index for variant in inventory.stacks}
    for wanted in inventory.wanted:
        builds: dict[tuple[str, str], list[_Build]] = {}
        for version in wanted.versions or (None,):
            for build in _builds(inventory, indexes, wanted.package, version or ANY_VERSION):
                builds.setdefault(build.name, []).append(build)
        source = _target_of_source(inventory, wanted.package)
        for group in builds.values():
            yield from _check(inventory, wanted.package, group, source)


def _builds(
    inventory: Inventory, indexes: Mapping[str, str], package: NormalizedName, version: Version
) -> Iterator[_Build]:
    """Yield the builds without a Torch segment whose index and Torch are declared."""
    for variant, index in indexes.items():
        info = inventory.build_info(package, variant)
        for stack in inventory.stacks[variant] if index and not info.pre_built else ():
            torch, needs = DeclaredTorch.of(stack), _needs(inventory, info, version, stack)
            if torch is not None and needs is not None and Need.TORCH not in needs:
                segment = stack.key.accelerator if Need.ACCELERATOR in needs else ""
                settings = tuple(_settings_with_target(inventory, package, variant))
                yield _Build(torch=torch, name=(index, segment), settings=settings)


def _needs(
    inventory: Inventory, info: PackageBuildInfo, version: Version, stack: Stack
) -> frozenset[Need] | None:
    """Return the needs of a version on a stack; None if they are unknown."""
    with contextlib.suppress(BuildTagError):  # BT106, BT109 or BT118 reports it
        function = source_of(inventory.tree.ctx, info).function
        return function.needs_on(stack, version) if isinstance(function, DependsOn) else None
    return None


def _settings_with_target(
    inventory: Inventory, package: NormalizedName, variant: str
) -> Iterator[str]:
    settings = inventory.tree.settings.package_setting(package)
    env = dict(settings.env)
    for name, of_variant in settings.variants.items():
        env |= of_variant.env if str(name) == variant else {}
    texts = [f"{key}={value}" for key, value in env.items()]
    for value in settings.config_settings.values():
        texts += [value] if isinstance(value, str) else value
    yield from (text for text in texts if _MACRO in text)


def _target_of_source(inventory: Inventory, package: NormalizedName) -> str:
    """Return the ``torch_target`` of a package's override; "" if none is known."""
    info = inventory.tree.settings.package_build_info(package)
    with contextlib.suppress(BuildTagError):  # BT120 reports it
        for module in (info.plugin, load_shipped_override(info.override_module_name)):
            function = getattr(module, WHEEL_BUILD_TAG, None)
            if isinstance(function, DependsOn) and function.torch_target:
                return function.torch_target
    return ""


def _check(
    inventory: Inventory, package: NormalizedName, builds: list[_Build], source: str
) -> Iterator[Finding]:
    """Yield a finding if a wheel of one build may not load with the lowest Torch."""
    lowest = min((each.torch for each in builds), key=lambda each: each.version)
    for each in builds:
        is_higher = each.torch.version.release[:2] > lowest.version.release[:2]
        if is_higher and (problem := _problem(each, lowest, source)):
            yield _finding(inventory, package, each, lowest, problem)
            return


def _finding(
    inventory: Inventory,
    package: NormalizedName,
    build: _Build,
    lowest: DeclaredTorch,
    problem: str,
) -> Finding:
    index, segment = build.name
    return rules.TORCH_TARGET.finding(
        f"wheels of {package} for {build.torch} and for {lowest} have one name in the index "
        f"{index!r}, but {problem}",
        subject=package,
        remedy=f"write {_env(segment, lowest)} in the settings of {package}, or set {DEPENDS_ON} "
        "to 'accelerator torch'",
        place=inventory.place(package, "env"),
    )


def _problem(build: _Build, lowest: DeclaredTorch, source: str) -> str | None:
    """Return why a wheel may not load with the lowest Torch; None if it does."""
    where, target = "the settings set", build.target
    if build.settings and target is None:
        return None  # a variable, or a form of another build system
    if target is None and re.fullmatch(r"\d{1,3}\.\d{1,3}", source):
        where, target = "the source sets", Version(source)
    if target is None and not source:
        return None  # not known to use the stable ABI
    if target is None:
        return f"nothing sets {_MACRO}, so the headers decide which Torch a wheel needs"
    if target > lowest.version:
        return f"{where} {_MACRO} to {short(target)}, which is above {lowest}"
    return None


def _env(segment: str, lowest: DeclaredTorch) -> str:
    major, minor = lowest.version.release[:2]
    flag = f'"-D{_MACRO}=0x{major:02x}{minor:02x}000000000000"'
    names = _FLAGS.get(accelerator_word(segment), _CXX_FLAGS)
    return f"env: {{{', '.join(f'{name}: {flag}' for name in names)}}}"
