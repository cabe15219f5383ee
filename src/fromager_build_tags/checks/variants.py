"""What a check has to say about a settings tree: its variants and packages."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from packaging.specifiers import Specifier
from packaging.utils import NormalizedName
from packaging.version import Version

from .. import hooks
from ..findings import settings_rules as rules
from ..findings.finding import Finding, Place, Severity
from ..needs import Need
from ..settings.context import this_machine
from ..stack.facts import Fact, Missing
from ..stack.stack import Stack
from ..stack.versions import Precision, agree, allows, is_exact, parse_version
from .checkup import Checkup
from .computed_tags import check_tags
from .package_annotations import check_annotations
from .settings_files import check_endings, check_keys, check_package_files

_TORCH: Final = NormalizedName("torch")


def check_hook(checkup: Checkup) -> Iterator[Finding]:
    """Fromager asks the one hook that its settings name."""
    configured = checkup.tree.settings.build_tag_hook
    if configured is hooks.build_tag_hook:
        return
    remedy = (
        'set wheels: {build_tag_hook: "fromager_build_tags.hooks:build_tag_hook"} in '
        f"{checkup.tree.settings_file}"
    )
    if configured is None:
        yield rules.HOOK_NOT_CONFIGURED.finding(
            "no hook is configured, so no wheel gets a suffix",
            subject="wheels.build_tag_hook",
            remedy=remedy,
            place=checkup.settings_place("wheels"),
        )
    else:
        name = f"{configured.__module__}.{getattr(configured, '__qualname__', configured)}"
        yield rules.HOOK_NOT_CONFIGURED.finding(
            f"another hook is configured: {name}",
            subject="wheels.build_tag_hook",
            remedy=f"{remedy}, unless that one calls ours",
            place=checkup.settings_place("wheels", "build_tag_hook"),
            severity=Severity.WARNING,
        )


def check_variants(checkup: Checkup) -> Iterator[Finding]:
    """Every variant has a file and a use, and every name is the name of one."""
    used = {*checkup.changelog_variants, *checkup.package_variants}
    for variant in sorted(used - checkup.variant_files.keys()):
        yield from _without_file(checkup, variant)
    for variant in sorted(checkup.variant_files.keys() - used):
        yield rules.UNUSED_VARIANT_FILE.finding(
            f"no changelog and no package names {variant}",
            subject=variant,
            remedy=f"add changelog.{variant} to {checkup.tree.settings_file}, or remove the file",
            place=Place(file=str(checkup.variant_files[variant])),
        )
    for variant, message in checkup.wrong_variants.items():
        yield rules.BAD_VARIANT_FILE.finding(
            message,
            subject=variant,
            remedy="mend it: a build of this variant would stop",
            place=Place(file=str(checkup.variant_files.get(variant, ""))),
        )


def _without_file(checkup: Checkup, variant: str) -> Iterator[Finding]:
    in_changelog = variant in checkup.changelog_variants
    known = {*checkup.variant_files, *checkup.changelog_variants} - {variant}
    close = difflib.get_close_matches(variant, known, n=1, cutoff=0.75)
    if in_changelog and not close:
        yield rules.VARIANT_WITHOUT_FILE.finding(
            f"{variant} has no file",
            subject=variant,
            remedy=f"write {checkup.tree.variants_dir()}/{variant}.yaml, with distro and versions",
            place=checkup.settings_place("changelog", variant),
        )
        return
    places: dict[str, Place] = {
        package: checkup.place(package, "variants", variant)
        for package in checkup.package_variants.get(variant, ())
    }
    if in_changelog:
        places[variant] = checkup.settings_place("changelog", variant)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    for subject, place in places.items():
        yield rules.UNKNOWN_VARIANT.finding(
            f"there is no variant {variant!r}{hint}",
            subject=subject,
            remedy="correct the name, or give the variant a changelog entry and a file",
            place=place,
        )


def check_stacks(checkup: Checkup) -> Iterator[Finding]:
    """Every stack says its distribution, and stacks of a variant give different tags."""
    for variant, found in checkup.stacks.items():
        if variant not in checkup.variant_files:
            continue  # check_variants says so
        for stack in found:
            if isinstance(stack.distro, Missing):
                yield rules.UNPINNED_DISTRIBUTION.finding(
                    f"{variant} does not declare its distribution",
                    subject=variant,
                    remedy=f"add distro to {checkup.tree.variants_dir()}/{variant}.yaml",
                    place=Place.parse(stack.place),
                )
        for stack, other in _equal(checkup, variant, found):
            yield rules.EQUAL_STACKS.finding(
                f"this stack of {variant} gives the same tags as that at {other.place}",
                subject=variant,
                remedy="remove one, or say what differs",
                place=Place.parse(stack.place),
            )


def _equal(
    checkup: Checkup, variant: str, stacks: Sequence[Stack]
) -> Iterator[tuple[Stack, Stack]]:
    """Return each stack with the first that gives the same tags to all packages, known or not.

    A tag that one of them does not tell is no difference: a machine tells it of both.
    """
    if len(stacks) < 2:
        return
    told = [
        {
            (tag.package, tag.version_text): tag.build_tag
            for tag in tags
            if tag.number is not None and not tag.error
        }
        for tags in (checkup.locked(variant, stack) for stack in stacks)
    ]
    for number, tags in enumerate(told):
        for first in range(number):
            both = tags.keys() & told[first].keys()
            if both and all(tags[key] == told[first][key] for key in both):
                yield stacks[number], stacks[first]
                break


def check_numbers(checkup: Checkup) -> Iterator[Finding]:
    """A package that depends on the stack has a build number, or the hook is never asked."""
    known = {*checkup.variant_files, *checkup.changelog_variants}
    for variant, found in checkup.stacks.items():
        if variant not in known:
            continue  # there is no such variant, as check_variants says
        for stack in found[:1]:  # the number does not depend on the stack
            for tag in checkup.planned(variant, stack):
                info = checkup.build_info(tag.package, variant)
                sensitive = checkup.needs(tag.package, variant) != frozenset()
                if tag.number is None and sensitive and not info.pre_built:
                    version = "any version without an entry of its own"
                    named = version if tag.version is None else str(tag.version)
                    yield rules.NO_BUILD_NUMBER.finding(
                        f"{tag.package} has no build number on {variant} in {named}: fromager "
                        "never asks the hook, and accepts any wheel that it finds",
                        subject=tag.package,
                        remedy=f"add an entry to changelog.{variant} in "
                        f"{checkup.tree.settings_file}, or to the package's changelog",
                        place=checkup.place(tag.package, "changelog"),
                    )


def check_pre_built(checkup: Checkup) -> Iterator[Finding]:
    """What it means that torch is pre-built, where other packages are built against it."""
    for variant in checkup.stacks:
        if not checkup.build_info(_TORCH, variant).pre_built:
            continue
        tied = [
            each.package
            for each in checkup.wanted
            if Need.TORCH in (checkup.needs(each.package, variant) or ())
        ]
        if tied:
            yield rules.PRE_BUILT.finding(
                f"torch is pre-built on {variant}: its wheel keeps its publisher's name, and "
                f"nothing but torch_version tells what {len(tied)} packages are built against",
                subject=_TORCH,
                remedy="keep torch_version of the variant the version of the pre-built wheel",
                place=checkup.place(_TORCH, "variants", variant),
            )


def check_pin(checkup: Checkup) -> Iterator[Finding]:
    """The constraints on Torch allow a stack of the variant that is selected."""
    variant = str(checkup.tree.ctx.variant)
    constraint = this_machine(checkup.tree.ctx).torch
    told = [
        (stack.torch_version, stack.torch_precision)
        for stack in checkup.stacks.get(variant, ())
        if isinstance(stack.torch_version, Fact)
    ]
    if told and not any(_fits(constraint, fact.value, precision) for fact, precision in told):
        versions = ", ".join(str(fact) for fact, _ in told)
        yield rules.PIN_CONTRADICTS_VARIANT.finding(
            f"the constraints say torch{constraint}, yet {variant} is built for {versions}",
            subject=variant,
            remedy="correct the constraints or torch_version",
            place=Place.parse(told[0][0].source),
        )


def _fits(constraint: Iterable[Specifier], torch: Version, precision: Precision) -> bool:
    try:
        return all(
            agree(parse_version(each.version), torch, precision)
            if is_exact(each)
            else allows(each, torch)
            for each in constraint
        )
    except ValueError:  # such as ===nightly
        return False


#: Every check, in the order of what users mend first.
CHECKS: Final[tuple[Callable[[Checkup], Iterator[Finding]], ...]] = (
    check_hook,
    check_variants,
    check_stacks,
    check_numbers,
    check_tags,
    check_pre_built,
    check_annotations,
    check_keys,
    check_package_files,
    check_endings,
    check_pin,
)
