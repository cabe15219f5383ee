"""Write the dependencies of a package: as an annotation, or as an override module."""

from __future__ import annotations

import ast
import inspect
import pathlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from packaging.utils import NormalizedName, canonicalize_name, is_normalized_name

from ..errors import EditError, InputError, OutputError
from ..files import read_text, write_text
from ..plan import plugins
from ..plan.plugins import WHEEL_BUILD_TAG
from ..plan.source import SourceKind, source_of
from ..settings.layout import DEPENDS_ON, file_to_edit
from ..settings.tree import PackageBuildInfo, PackageSettings, SettingsTree
from ..settings.yamledit import add
from ..text import plain
from .proposal import Proposal, is_same


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaffoldResult:
    """What was written, or why nothing was, and notes on its effects."""

    text: str
    notes: Sequence[str] = ()


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


def annotate(tree: SettingsTree, package: NormalizedName, proposal: Proposal) -> ScaffoldResult:
    """Write the annotation into the package's settings file, which is made if there is none.

    Existing text stays as it is: other annotations, comments and quotes.

    Raises:
        NeedsError: the existing annotation cannot be read.
        PluginError: an override does not load.
        EditError: the existing annotation is another one, the package's own override takes
            precedence, the file cannot be added to, or the package has two files.
        OutputError: the file cannot be written.
    """
    build_info = tree.settings.package_build_info(package)
    _refuse_own_override(tree, build_info)
    file = file_to_edit(tree.settings_dir, package)
    settings = tree.settings.package_setting(package)
    present = (settings.annotations or {}).get(DEPENDS_ON)
    if present is None:
        result = _add_annotation(tree, build_info, file, proposal)
    else:
        result = _compare(file, f"{DEPENDS_ON}: {present!r}", present, proposal)
    return replace(result, notes=[*result.notes, *_of_variants(settings, file)])


def _of_variants(settings: PackageSettings, file: pathlib.Path) -> Iterator[str]:
    """Yield the annotations of variants, which take precedence over that of the package."""
    for variant, info in settings.variants.items():
        if (expression := (info.annotations or {}).get(DEPENDS_ON)) is not None:
            yield f"on {variant}, {DEPENDS_ON}: {expression!r} in {file} takes precedence"


def _add_annotation(
    tree: SettingsTree, build_info: PackageBuildInfo, file: pathlib.Path, proposal: Proposal
) -> ScaffoldResult:
    if proposal.redundant or proposal.expression is None:
        return ScaffoldResult(text=proposal.redundant)
    try:
        text = add(read_text(file), ("annotations", DEPENDS_ON), proposal.expression)
    except EditError as err:
        raise EditError(f"{file} is not changed: {err}") from None
    _make_settings_dir(tree)
    notes = () if build_info.has_customizations else (_customized(build_info.package),)
    write_text(file, text)
    replaces = f", which replaces {proposal.replaces}" if proposal.replaces else ""
    written = f"{file}: {DEPENDS_ON}: {proposal.expression!r}{replaces}"
    return ScaffoldResult(text=written, notes=notes)


def write_module(
    folder: pathlib.Path, package: NormalizedName, proposal: Proposal, plugin: str = "my_plugin"
) -> ScaffoldResult:
    """Write an override module for a package; the result shows how to register it.

    Raises:
        EditError: a module of that name exists, and declares something else.
        OutputError: it cannot be written.
    """
    name = package.replace("-", "_")
    file = folder / f"{name}.py"
    if file.exists():
        return _compare_module(file, proposal)
    if proposal.redundant or proposal.expression is None:
        return ScaffoldResult(text=proposal.redundant)
    write_text(file, _module_text(package, proposal.expression, proposal.evidence))
    hint = f'[project.entry-points."{plugins.PROJECT_OVERRIDES_GROUP}"]\n{name} = "{plugin}.{name}"'
    replaces = f" to replace {proposal.replaces}" if proposal.replaces else ""
    return ScaffoldResult(text=f"{file}: register it in your pyproject.toml{replaces}:\n\n{hint}")


def _compare_module(file: pathlib.Path, proposal: Proposal) -> ScaffoldResult:
    present = _expression_in(read_text(file))
    if present is not None:
        return _compare(file, repr(present), present, proposal)
    if proposal.expression is None:
        return ScaffoldResult(text=f"{file} exists already")
    raise EditError(
        f"{file} has no {WHEEL_BUILD_TAG} = depends_on(…) to compare with "
        f"{proposal.expression!r}; nothing is changed"
    )


def _compare(file: pathlib.Path, shown: str, present: str, proposal: Proposal) -> ScaffoldResult:
    """Return that a file declares what is proposed, or what it declares if nothing is proposed.

    Raises:
        NeedsError: what it declares cannot be read.
        EditError: it declares something else.
    """
    if proposal.expression is None:
        return ScaffoldResult(text=f"{file} contains {shown}")
    if is_same(present, proposal.expression):
        return ScaffoldResult(text=f"{file} already contains {shown}")
    raise EditError(
        f"{file} contains {shown}, not {proposal.expression!r}; "
        "nothing is changed: edit the file if it is wrong"
    )


def _refuse_own_override(tree: SettingsTree, build_info: PackageBuildInfo) -> None:
    """Refuse to annotate a package whose own override takes precedence."""
    chosen = source_of(tree.ctx, build_info)
    if chosen.kind is SourceKind.OWN_OVERRIDE:
        raise EditError(
            f"{WHEEL_BUILD_TAG} of {_described(chosen.name)} takes precedence over an annotation "
            f"of {build_info.package}; nothing is written: edit the override"
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
            f"neither {folder} nor {tree.settings_file} exists; "
            "name the folder with --settings-dir or FROMAGER_SETTINGS_DIR"
        )
    try:
        folder.mkdir(parents=True)
    except OSError as err:
        raise OutputError(f"{folder} cannot be made: {err.strerror}") from None


def _customized(package: NormalizedName) -> str:
    """Source: ``PackageBuildInfo.has_customizations`` of fromager."""
    return (
        f"{package} has settings now, so fromager no longer uses the package index's metadata for "
        "it"
    )


def _expression_in(source: str) -> str | None:
    """Return the expression of a module of one line; None if it is written in another way."""
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


def _module_text(package: NormalizedName, expression: str, evidence: Sequence[str]) -> str:
    # names of files in a wheel can contain quotes, which would end the docstring
    lines = "".join(f"- {_in_docstring(line)}\n" for line in evidence) or (
        "State here what its wheels link, and how you know.\n"
    )
    return (
        f'"""What the wheels of {package} depend on.\n\n{lines}"""\n\n'
        "from fromager_build_tags.needs import depends_on\n\n"
        f'{WHEEL_BUILD_TAG} = depends_on("{expression}")\n'
    )


def _in_docstring(line: str) -> str:
    return plain(line).replace("\\", "\\\\").replace('""', '\\"\\"')
