"""Write the dependencies of a package: as an annotation, or as an override module."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName

from ..errors import EditError, OutputError
from ..files import read_text, write_text, write_texts
from ..plan.plugins import PROJECT_OVERRIDES_GROUP, WHEEL_BUILD_TAG
from ..plan.source import SourceKind, source_of
from ..settings.layout import DEPENDS_ON, file_to_edit
from ..settings.tree import SettingsTree
from ..settings.yamledit import add
from ..tag.expression import parse_expression
from ..text import plain
from .proposal import Proposal


def annotate(
    tree: SettingsTree, package: NormalizedName, proposal: Proposal
) -> tuple[str, list[str]]:
    """Write the annotation into the package's settings file, which is made if there is none.

    Existing text stays as it is: other annotations, comments and quotes.

    Returns:
        What was written, or why nothing was; and notes on its effects.

    Raises:
        NeedsError: the existing annotation cannot be read.
        PluginError: an override does not load.
        EditError: the existing annotation is another one, the package's own override takes
            precedence, the file cannot be added to, or the package has two files.
        OutputError: the file cannot be written.
    """
    build_info = tree.settings.package_build_info(package)
    source = source_of(tree.ctx, build_info)
    if source.kind is SourceKind.OWN_OVERRIDE:
        raise EditError(
            f"{WHEEL_BUILD_TAG} of {source.name} takes precedence over an annotation of {package}; "
            "nothing is written: edit the override"
        )
    file = file_to_edit(tree.settings_dir, package)
    settings = tree.settings.package_setting(package)
    notes = [
        f"on {variant}, {DEPENDS_ON}: {info.annotations[DEPENDS_ON]!r} in {file} takes precedence"
        for variant, info in settings.variants.items()
        if info.annotations and DEPENDS_ON in info.annotations
    ]
    present = (settings.annotations or {}).get(DEPENDS_ON)
    if present is not None:
        return _compare(file, present, proposal), notes
    if proposal.redundant or proposal.expression is None:
        return proposal.redundant, notes
    write_all([_annotation(file, proposal.expression)])
    if not build_info.has_customizations:  # its docstring describes the effect
        notes.insert(
            0,
            f"{package} has settings now, so fromager no longer uses the package index's metadata "
            "for it",
        )
    replaces = f", which replaces {proposal.replaces}" if proposal.replaces else ""
    return f"{file}: {DEPENDS_ON}: {proposal.expression!r}{replaces}", notes


def _compare(file: pathlib.Path, present: str, proposal: Proposal) -> str:
    """Return what a file declares already; refuse to change it."""
    proposed = proposal.expression
    if proposed is None or parse_expression(present) == parse_expression(proposed):
        return f"{file} contains {DEPENDS_ON}: {present!r}"
    raise EditError(
        f"{file} contains {DEPENDS_ON}: {present!r}, not {proposed!r}; "
        "nothing is changed: edit the file if it is wrong"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class FileEdit:
    """A file, and its text before and after an edit."""

    file: pathlib.Path
    before: str
    after: str


def annotations_for(
    tree: SettingsTree, expressions: Mapping[NormalizedName, str]
) -> tuple[list[FileEdit], list[NormalizedName]]:
    """Return the edits that annotate packages without any annotation; nothing is written.

    Returns:
        The edits, and the packages that have no settings so far: fromager no longer uses the
        package index's metadata for them.

    Raises:
        EditError: a file cannot be added to, or a package has two files.
    """
    edits, first = [], []
    for package, expression in expressions.items():
        if not tree.settings.package_build_info(package).has_customizations:
            first.append(package)
        edits.append(_annotation(file_to_edit(tree.settings_dir, package), expression))
    return edits, first


def write_all(edits: Sequence[FileEdit]) -> None:
    """Write every file, or none.

    Raises:
        OutputError: a file is read-only or cannot be written.
    """
    for folder in {each.file.parent for each in edits}:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise OutputError(f"{folder} cannot be made: {err.strerror}") from None
    write_texts({each.file: each.after for each in edits})


def _annotation(file: pathlib.Path, expression: str) -> FileEdit:
    before = read_text(file)
    try:
        after = add(before, ("annotations", DEPENDS_ON), expression)
    except EditError as err:
        raise EditError(f"{file} is not changed: {err}") from None
    return FileEdit(file=file, before=before, after=after)


def write_module(folder: pathlib.Path, package: NormalizedName, proposal: Proposal) -> str:
    """Write an override module for a package, and return how to register it.

    Raises:
        EditError: there is a file of that name with other content.
        OutputError: it cannot be written.
    """
    name = package.replace("-", "_")
    file = folder / f"{name}.py"
    if proposal.redundant or proposal.expression is None:
        return proposal.redundant
    text = _module_text(package, proposal)
    if file.exists() and read_text(file) != text:
        raise EditError(f"{file} has other content; nothing is changed: edit it, or delete it")
    write_text(file, text)
    hint = f'[project.entry-points."{PROJECT_OVERRIDES_GROUP}"]\n{name} = "my_plugin.{name}"'
    replaces = f" to replace {proposal.replaces}" if proposal.replaces else ""
    return f"{file}: register it in your pyproject.toml{replaces}:\n\n{hint}"


def _module_text(package: NormalizedName, proposal: Proposal) -> str:
    # names of files in a wheel can contain quotes, which would end the docstring
    lines = [
        plain(line).replace("\\", "\\\\").replace('""', '\\"\\"') for line in proposal.evidence
    ]
    evidence = [f"- {line}" for line in lines] or [
        "State here what its wheels link, and how you know."
    ]
    return "\n".join(
        [
            f'"""What the wheels of {package} depend on.\n',
            *evidence,
            '"""\n',
            "from fromager_build_tags.needs import depends_on\n",
            f'{WHEEL_BUILD_TAG} = depends_on("{proposal.expression}")\n',
        ]
    )
