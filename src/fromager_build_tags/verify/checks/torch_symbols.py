"""The symbols of Torch that a wheel imports, against the Torch that it is for.

A missing symbol proves that the wheel cannot be loaded. Nothing is reported about a Torch that is
not in the table. A wheel has one finding of these rules at most, since they share their cause.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from packaging.requirements import Requirement
from packaging.version import Version

from ...findings import rules
from ...findings.finding import Finding, Rule, Severity
from ...text import counted
from ...wheel.symbols import has_old_string, readable
from ...wheel.torch.torch_loads import TorchLoads, short, stands_for
from .examined import ExaminedWheel, listed
from .required import admits, named_torch

_NEW_ABI: Final = "_GLIBCXX_USE_CXX11_ABI"
#: Symbols of a wheel that are looked at for a message: a file can contain a million.
_EXAMPLES: Final = 10_000
_EXACT: Final = {"==", "==="}
_BOUNDED: Final = {*_EXACT, "~=", ">=", ">"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Target:
    """The Torch that a wheel is for.

    Attributes:
        versions: those that are compared with the wheel; none if the table has none of them.
        fact: what names the Torch, for messages.
        remedy: how to get a wheel for this Torch, or a Torch for the wheel.
        any_of: whether one of the versions is enough.
    """

    rule: Rule
    versions: Sequence[Version]
    fact: str
    remedy: str
    any_of: bool = False


def symbols_of_torch(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT305 to BT308: imported symbols that the Torch of the wheel, or any Torch, lacks."""
    if (loads := wheel.loads) is not None:
        targets = [each for each in (_own(wheel, loads), _required(wheel, loads)) if each]
        found = [_unknown(wheel, loads, targets)]
        found += [_lacking(wheel, loads, each) for each in targets]
        yield from [each for each in found if each][:1]


def not_in_table(wheel: ExaminedWheel) -> str:
    """Return the note that the shipped table does not have the Torch of a wheel, or ""."""
    loads, named = wheel.loads, named_torch(wheel)
    if not loads or not loads.missing or wheel.torch_table is not None:
        return ""
    first, last = min(loads.missing), max(loads.missing)
    for version in [named] if named else wheel.variant_torch:
        if version > last and not _matching(loads, version):
            return f"; {version} is newer than the table, which ends with {last}"
        if version < first:
            return f"; {version} is older than the table, which begins with {first}"
        if not _matching(loads, version):
            return f"; the table does not have {version}"
    return ""


def _own(wheel: ExaminedWheel, loads: TorchLoads) -> _Target | None:
    """Return the Torch of the name, else of the variant, else the only ones to compare with."""
    target, rule = None, rules.LACKING_TORCH
    if version := named_torch(wheel):
        remedy = f"build it again with Torch {version}, or correct torch_version of the variant"
        versions = _matching(loads, version)
        target = _Target(
            rule=rule, versions=versions, fact=f"the name contains {wheel.torch}", remedy=remedy
        )
    elif wheel.variant_torch:
        torch = " and ".join(map(str, wheel.variant_torch))
        remedy = f"build it again with Torch {torch}, or use a version that loads with it"
        fact = f"the wheel is for the variant {wheel.variant}"
        versions = [each for version in wheel.variant_torch for each in _matching(loads, version)]
        target = _Target(rule=rule, versions=versions, fact=fact, remedy=remedy)
    if wheel.torch_table is None or (target and target.versions):
        return target
    remedy = "build it again with this Torch, or use a version that loads with it"
    fact = f"the wheel is compared with {wheel.torch_table.source}"
    return _Target(rule=rule, versions=list(loads.missing), fact=fact, remedy=remedy, any_of=True)


def _matching(loads: TorchLoads, wanted: Version) -> Sequence[Version]:
    """Return the compared versions that a version stands for: ``2.10`` is each ``2.10.x``."""
    return [each for each in loads.missing if stands_for(wanted, each)]


def _required(wheel: ExaminedWheel, loads: TorchLoads) -> _Target | None:
    """Return the Torch that ``Requires-Dist`` pins, or for the stable ABI bounds from below."""
    requirements = [Requirement(text) for text in wheel.facts.requires_torch]
    limiting = _BOUNDED if loads.minimum else _EXACT
    is_limiting = [any(one.operator in limiting for one in each.specifier) for each in requirements]
    compared_by_name = named_torch(wheel) and not loads.minimum  # BT304
    if not requirements or not all(is_limiting) or compared_by_name:
        return None
    return _Target(
        rule=rules.LACKING_REQUIRED_TORCH,
        versions=[
            version
            for version in loads.missing
            if any(admits(each.specifier, version) for each in requirements)
        ],
        fact=f"METADATA requires {listed(requirements)}",
        remedy="build it again with the required Torch, or correct Requires-Dist",
        any_of=len(requirements) > 1,  # their markers differ, and one of them is for this wheel
    )


def _unknown(wheel: ExaminedWheel, loads: TorchLoads, targets: Sequence[_Target]) -> Finding | None:
    """BT307: no known Torch exports a symbol; a warning if the Torch of the wheel is unknown."""
    is_for_another = targets and not targets[0].versions
    if wheel.torch_table or not loads.unknown or is_for_another or loads.has_one_for_each:
        return None
    known = f"{min(loads.missing)} to {max(loads.missing)}"
    return wheel.finding(
        rules.UNKNOWN_TORCH_SYMBOLS,
        f"no Torch from {known} exports {_symbols(wheel, loads.unknown)}",
        remedy=f"build it again with a Torch from {known}{_with_new_abi(wheel, loads.unknown)}",
        inside=next(iter(loads.unknown)),
        severity=None if targets else Severity.WARNING,
    )


def _lacking(wheel: ExaminedWheel, loads: TorchLoads, target: _Target) -> Finding | None:
    """BT305, BT306 or BT308: a version lacks symbols; a warning if another one has them."""
    lacking = [version for version in target.versions if loads.missing[version]]
    is_partial = len(lacking) < len(target.versions)
    if not lacking or (target.any_of and is_partial):
        return None
    version = lacking[0]
    missing = loads.missing[version]
    with_which = f"; the wheel {loads}" if len(loads.missing) > 1 else ""
    return wheel.finding(
        rules.TORCH_BELOW_MINIMUM if loads.minimum else target.rule,
        f"{target.fact}, but Torch {version}{_source(wheel, target)} lacks "
        f"{_symbols(wheel, missing)}{with_which}",
        remedy=_remedy(loads, target, version) + _with_new_abi(wheel, missing),
        inside=next(iter(missing)),
        severity=Severity.WARNING if is_partial or loads.has_one_for_each else None,
    )


def _source(wheel: ExaminedWheel, target: _Target) -> str:
    """Return where the Torch is, if the wheel is compared with that one alone."""
    table = wheel.torch_table
    is_new = table and len(table.releases) == 1 and table.source not in target.fact
    return f" in {table.source}" if table and is_new else ""


def _remedy(loads: TorchLoads, target: _Target, version: Version) -> str:
    if loads.has_one_for_each:
        declare = f'build-tags.verify: "{target.rule.code}: REASON"'
        return f"{target.remedy}; if it loads the library that fits, declare it: {declare}"
    if loads.minimum is None:
        return target.remedy
    define = f"-DTORCH_TARGET_VERSION={_target_version(version)}"
    compiled = f"compile it with {define} or the headers of Torch {version}"
    if target.rule is rules.LACKING_REQUIRED_TORCH:
        return f"correct Requires-Dist to torch>={short(loads.minimum)}, or {compiled}"
    return f"{compiled}; or use Torch {short(loads.minimum)} or later"


def _target_version(version: Version) -> str:
    """Return the number that headers of Torch compare: a byte for each part of the release.

    Source: ``torch/headeronly/version.h``.
    """
    return f"0x{version.major:02x}{version.minor:02x}{version.micro:02x}{0:010x}"


def _symbols(wheel: ExaminedWheel, missing: Mapping[str, Sequence[str]]) -> str:
    """Return how many symbols are missing, and three names."""
    symbols = sorted({each for of_member in missing.values() for each in of_member})
    names = list(dict.fromkeys(map(readable, itertools.islice(symbols, _EXAMPLES))))[:3]
    such_as = ", such as" if len(symbols) > len(names) else ":"
    old = f"; it uses the old C++ string ABI ({_NEW_ABI}=0)" if _is_old(wheel, missing) else ""
    return (
        f"{counted(len(symbols), 'symbol')} that the wheel imports{such_as} {', '.join(names)}{old}"
    )


def _with_new_abi(wheel: ExaminedWheel, missing: Mapping[str, Sequence[str]]) -> str:
    return f", and compile it with -D{_NEW_ABI}=1" if _is_old(wheel, missing) else ""


def _is_old(wheel: ExaminedWheel, missing: Mapping[str, Sequence[str]]) -> bool:
    """Return whether a wheel is of the old C++ string ABI, and the Torch that lacks symbols not.

    Such a Torch lacks each symbol that contains a string.
    """
    absent = {each for of_member in missing.values() for each in of_member}
    imports = itertools.chain.from_iterable(each.symbols for each in wheel.facts.torch_imports)
    old = {each for each in itertools.islice(imports, _EXAMPLES) if has_old_string(each)}
    return bool(old) and old <= absent
