"""The smallest right thing for a new package: an annotation, or an override module."""

from __future__ import annotations

import ast
import inspect
import pathlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name, is_normalized_name

from ..errors import EditError, InputError, OutputError
from ..files import read_text, write_text
from ..plan import plugins
from ..plan.plugins import WHEEL_BUILD_TAG
from ..plan.source import SourceKind, source_of
from ..settings.annotations import DEPENDS_ON
from ..settings.discover import file_to_edit
from ..settings.yamledit import add
from .proposal import same

if TYPE_CHECKING:
    from ..settings.tree import PackageBuildInfo, PackageSettings, SettingsTree
    from .proposal import Proposal


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What was done: the file that was written, if one was, and what to tell about it.

    Attributes:
        text: the result.
        notes: what follows from it.
        written: the file.
    """

    text: str
    notes: Sequence[str] = ()
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


def annotate(tree: SettingsTree, package: NormalizedName, proposal: Proposal) -> Outcome:
    """Write the annotation into the package's settings file, which is made if there is none.

    Nothing that is there is changed: neither another annotation, nor a comment or a quote.

    Raises:
        NeedsError: the annotation that is there cannot be read.
        PluginError: an override does not load.
        EditError: another annotation is there, the package's own override speaks for it, the file
            cannot be added to, or there are two.
        OutputError: the file cannot be written.
    """
    build_info = tree.settings.package_build_info(package)
    _refuse_unheard(tree, build_info)
    file = file_to_edit(tree.settings_dir, package)
    settings = tree.settings.package_setting(package)
    outcome = _annotate(
        tree, build_info, file, (settings.annotations or {}).get(DEPENDS_ON), proposal
    )
    return replace(outcome, notes=[*outcome.notes, *_on_variants(settings, file)])


def _on_variants(settings: PackageSettings, file: pathlib.Path) -> Iterator[str]:
    """Yield what is said for one variant, where nothing else is heard."""
    for variant, info in settings.variants.items():
        if (says := (info.annotations or {}).get(DEPENDS_ON)) is not None:
            yield f"on {variant} {file} says {DEPENDS_ON}: {says!r}, and that is what counts there"


def _annotate(
    tree: SettingsTree,
    build_info: PackageBuildInfo,
    file: pathlib.Path,
    present: str | None,
    proposal: Proposal,
) -> Outcome:
    if present is not None:
        return _already(file, f"{DEPENDS_ON}: {present!r}", present, proposal)
    if proposal.enough or proposal.expression is None:
        return Outcome(text=proposal.enough)
    try:
        text = add(read_text(file), ("annotations", DEPENDS_ON), proposal.expression)
    except EditError as err:
        raise EditError(f"{file} is left as it is: {err}") from None
    _make_settings_dir(tree)
    notes = () if build_info.has_customizations else (_customized(build_info.package),)
    write_text(file, text)
    replaces = f", which replaces {proposal.replaces}" if proposal.replaces else ""
    said = f"{file}: {DEPENDS_ON}: {proposal.expression!r}{replaces}"
    return Outcome(text=said, notes=notes, written=file)


def write_module(
    folder: pathlib.Path, package: NormalizedName, proposal: Proposal, plugin: str = "my_plugin"
) -> Outcome:
    """Write an override module for a package, and tell how to register it.

    Raises:
        EditError: a module of that name is there, and says something else.
        OutputError: it cannot be written.
    """
    name = package.replace("-", "_")
    file = folder / f"{name}.py"
    if file.exists():
        return _module_is_there(file, proposal)
    if proposal.enough or proposal.expression is None:
        return Outcome(text=proposal.enough)
    write_text(file, _module_text(package, proposal.expression, proposal.reasons))
    hint = f'[project.entry-points."{plugins.PROJECT_OVERRIDES_GROUP}"]\n{name} = "{plugin}.{name}"'
    replaces = f" replaces {proposal.replaces} once it is registered" if proposal.replaces else ""
    said = f"{file}{replaces}: register it in your pyproject.toml:\n\n{hint}"
    return Outcome(text=said, written=file)


def _module_is_there(file: pathlib.Path, proposal: Proposal) -> Outcome:
    present = _expression_in(read_text(file))
    if present is not None:
        return _already(file, repr(present), present, proposal)
    if proposal.expression is None:
        return Outcome(text=f"{file} is there already")
    raise EditError(
        f"{file} has no {WHEEL_BUILD_TAG} = depends_on(…) to compare with "
        f"{proposal.expression!r}; nothing is changed"
    )


def _already(file: pathlib.Path, says: str, present: str, proposal: Proposal) -> Outcome:
    """Tell what is there.

    Raises:
        NeedsError: it cannot be read.
        EditError: it is something else than what is proposed.
    """
    if proposal.expression is None:
        return Outcome(text=f"{file} says {says}")
    if same(present, proposal.expression):
        return Outcome(text=f"{file} says it already: {says}")
    raise EditError(
        f"{file} says {says}, not {proposal.expression!r}; "
        "nothing is changed: edit it there if it is wrong"
    )


def _refuse_unheard(tree: SettingsTree, build_info: PackageBuildInfo) -> None:
    """Refuse to annotate a package whose own override speaks for it."""
    chosen = source_of(tree.ctx, build_info)
    if chosen.kind is SourceKind.OWN_OVERRIDE:
        raise EditError(
            f"{WHEEL_BUILD_TAG} of {_described(chosen.name)} speaks for {build_info.package} "
            "before any annotation is heard; nothing is written: say it there"
        )


def _described(module: str) -> str:
    file = inspect.getsourcefile(sys.modules[module])
    return f"{module} ({file})" if file else module


def _make_settings_dir(tree: SettingsTree) -> None:
    """Make the folder of package settings, if other settings show that this is its place."""
    folder = tree.settings_dir
    if folder.is_dir():
        return
    if not tree.settings_file.is_file() and not folder.parent.is_dir():
        raise EditError(
            f"neither {folder} nor {tree.settings_file} is there; "
            "name the folder with --settings-dir or FROMAGER_SETTINGS_DIR"
        )
    try:
        folder.mkdir(parents=True)
    except OSError as err:
        raise OutputError(f"{folder} cannot be made: {err.strerror}") from None


def _customized(package: NormalizedName) -> str:
    """Source: ``PackageBuildInfo.has_customizations`` of fromager."""
    return (
        f"{package} had no settings; now that it has, fromager stops using the package index's "
        "metadata for it"
    )


def _expression_in(source: str) -> str | None:
    """Return what a module of one line says; None if it is written in another way."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return None
    for node in body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(args=[ast.Constant(value=str(expression))], keywords=[]),
            ) if name == WHEEL_BUILD_TAG:
                return expression
    return None


def _module_text(package: NormalizedName, expression: str, reasons: Sequence[str]) -> str:
    why = "".join(f"- {reason}\n" for reason in reasons) or (
        "State here what its wheels link, and how you know.\n"
    )
    return (
        f'"""What the wheels of {package} depend on.\n\n{why}"""\n\n'
        "from fromager_build_tags.needs import depends_on\n\n"
        f"{WHEEL_BUILD_TAG} = depends_on({expression!r})\n"
    ).replace(f"({expression!r})", f'("{expression}")')
