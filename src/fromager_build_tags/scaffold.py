"""The smallest right thing for a new package: an annotation, or an override module."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name, is_normalized_name

from . import plugins
from .annotations import DEPENDS_ON
from .errors import EditError, InputError
from .files import read_text, write_text
from .needs import Need, parse_expression
from .plugins import WHEEL_BUILD_TAG
from .speaker import shipped_expression
from .wheel import TorchAbi
from .yamledit import add

if TYPE_CHECKING:
    from .tree import SettingsTree
    from .wheel import Proof, WheelFacts

_MOST_PROOFS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """What a package seems to depend on.

    Attributes:
        expression: as ``build-tags.depends-on`` takes it.
        reasons: what in the wheel says so, a line each.
    """

    expression: str
    reasons: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What was done: the file that was written, if one was, and what to tell about it."""

    text: str
    written: pathlib.Path | None = None


def canonical_name(text: str) -> NormalizedName:
    """Return *text* as the canonical name of a package.

    Raises:
        InputError: it is not a name, or not the canonical one.
    """
    try:
        name = canonicalize_name(text, validate=True)
    except ValueError:
        raise InputError(f"{text!r} is not the name of a package, such as flash-attn") from None
    if not is_normalized_name(text):
        raise InputError(f"{text!r} is not a canonical name; write {name!r}")
    return name


def propose(facts: WheelFacts) -> Proposal:
    """Say what a wheel depends on by what is inside: its libraries, device code, and symbols.

    A wheel that reaches Torch through its stable ABI alone does not depend on one Torch.
    """
    needs = []
    if facts.accelerators and not facts.purelib:
        needs.append(Need.ACCELERATOR)
    if facts.torch.abi is TorchAbi.UNSTABLE and not facts.purelib:
        needs.append(Need.TORCH)
    expression = " ".join(need.value for need in needs) or "none"
    return Proposal(expression=expression, reasons=tuple(_reasons(facts)))


def _reasons(facts: WheelFacts) -> Iterator[str]:
    for use in facts.accelerators:
        yield from _proofs(use.accelerator.value, use.proofs)
    linked = facts.torch.abi is TorchAbi.LINKED
    how = "linked, no symbol of it" if linked else f"{facts.torch.abi.value} ABI"
    yield from _proofs(f"Torch, {how}", facts.torch.proofs)
    if facts.purelib:
        yield "it is a purelib wheel, which gets no segment, whatever it carries"
    elif not facts.accelerators and facts.torch.abi is TorchAbi.NONE:
        yield f"none of its {facts.libraries} libraries needs an accelerator or Torch"
    yield from facts.notes


def _proofs(what: str, proofs: Sequence[Proof]) -> Iterator[str]:
    yield from (f"{what}: {proof}" for proof in proofs[:_MOST_PROOFS])
    if (more := len(proofs) - _MOST_PROOFS) > 0:
        yield f"{what}: {more} more like these"


def annotate(tree: SettingsTree, package: NormalizedName, expression: str) -> Outcome:
    """Write the annotation into the package's settings file, which is made if there is none.

    Nothing that is there is changed: neither another annotation, nor a comment or a quote.

    Raises:
        NeedsError: the expression cannot be read.
        EditError: there is another annotation, or the file cannot be added to.
        OutputError: the file cannot be written.
    """
    parse_expression(expression)
    build_info = tree.settings.package_build_info(package)
    file = tree.package_file(package) or tree.settings_dir / (
        f"{build_info.override_module_name}.yaml"
    )
    present = (tree.settings.package_setting(package).annotations or {}).get(DEPENDS_ON)
    if present is not None and _same(present, expression):
        return Outcome(text=f"{file} says it already: {DEPENDS_ON}: {present!r}")
    if present is not None:
        raise EditError(
            f"{file} says {DEPENDS_ON}: {present!r}, not {expression!r}; "
            "nothing is changed: edit it there if it is wrong"
        )
    if shipped := _shipped(build_info.override_module_name, expression):
        return Outcome(text=shipped)
    try:
        text = add(read_text(file), ("annotations", DEPENDS_ON), expression)
    except EditError as err:
        raise EditError(f"{file} is left as it is: {err}") from None
    write_text(file, text)
    return Outcome(text=f"{file}: {DEPENDS_ON}: {expression!r}", written=file)


def write_module(
    folder: pathlib.Path, package: NormalizedName, proposal: Proposal, plugin: str = "my_plugin"
) -> Outcome:
    """Write an override module for a package, and tell how to register it.

    Raises:
        NeedsError: the expression cannot be read.
        EditError: there is a module of that name.
        OutputError: it cannot be written.
    """
    parse_expression(proposal.expression)
    name = package.replace("-", "_")
    file = folder / f"{name}.py"
    hint = f'[project.entry-points."{plugins.PROJECT_OVERRIDES_GROUP}"]\n{name} = "{plugin}.{name}"'
    if file.exists():
        raise EditError(f"{file} is there already; nothing is changed")
    write_text(file, _module_text(package, proposal))
    return Outcome(text=f"{file}: register it in your pyproject.toml:\n\n{hint}", written=file)


def _module_text(package: NormalizedName, proposal: Proposal) -> str:
    why = "".join(f"- {reason}\n" for reason in proposal.reasons) or (
        "State here what its wheels link, and how you know.\n"
    )
    return (
        f'"""What the wheels of {package} depend on.\n\n{why}"""\n\n'
        "from fromager_build_tags.needs import depends_on\n\n"
        f"{WHEEL_BUILD_TAG} = depends_on({proposal.expression!r})\n"
    ).replace(f"({proposal.expression!r})", f'("{proposal.expression}")')


def _shipped(name: str, expression: str) -> str | None:
    """Return what to say where the shipped override says the same."""
    shipped = shipped_expression(name)
    if shipped is not None and _same(shipped, expression):
        return f"nothing to write: the shipped override of {name} says {shipped!r}"
    return None


def _same(one: str, other: str) -> bool:
    return parse_expression(one) == parse_expression(other)
