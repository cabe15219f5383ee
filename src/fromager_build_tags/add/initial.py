"""Write the files of a new settings tree, at fromager's default places, and those of CI services.

The longer texts are files in ``templates``. An existing file is never changed.
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

from ..errors import InputError, OutputError
from ..files import refuse_links, refuse_read_only, write_text
from ..settings.layout import variant_file, variants_dir
from ..settings.yamledit import add
from ..stack.fact import VERSION_KEYS, Declaration, Precision, segment_text
from ..tag.segment import KNOWN_ACCELERATORS, Order, classify

SETTINGS_FILE: Final = pathlib.Path("overrides/settings.yaml")
SETTINGS_DIR: Final = pathlib.Path("overrides/settings")
_PRE_COMMIT: Final = pathlib.Path(".pre-commit-config.yaml")
#: The files of each CI service, and the template of each.
_CI_FILES: Final[Mapping[str, Mapping[pathlib.Path, str]]] = {
    "github": {pathlib.Path(".github/workflows/build-tags.yml"): "github.yaml"},
    "gitlab": {
        pathlib.Path("build-tags.gitlab-ci.yml"): "gitlab.yaml",
        pathlib.Path(".gitlab-ci.yml"): "gitlab-include.yaml",
    },
}
#: The keys of a variant file: an example, and where the fact comes from without the key.
_KEYS: Final[Mapping[str, tuple[str, str]]] = {
    "distro": ("el9.6", "default: os-release of the build machine"),
    "accelerator": ("cpu", "or cuda, rocm, or another word"),
    "cuda_version": ("13.0", "default: CUDA_VERSION of the build machine"),
    "rocm_version": ("7.1", "default: ROCM_VERSION of the build machine"),
    "torch_version": ("2.10.0", "default: TORCH_VERSION, or a torch== pin in the constraints"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class InitialFile:
    """A file of a new tree.

    Attributes:
        path: relative to the folder of the tree.
        text: its content.
        is_shared: whether it is also for other tools: an existing one needs the text, too.
    """

    path: pathlib.Path
    text: str
    is_shared: bool = False


def settings_files(variants: Sequence[str], distro: str | None) -> Iterator[InitialFile]:
    """Yield the variant files and the global settings file: last, since it marks a complete tree.

    Args:
        variants: the names.
        distro: the distribution of this machine, such as ``el9.6``; None if it is unknown.

    Raises:
        SettingsError: a name cannot be the name of a file.
        InputError: a name is given twice.
    """
    settings = _template("settings.yaml")
    for variant in variants:
        if variants.count(variant) > 1:
            raise InputError(f"the variant {variant!r} is named twice: name it once")
        path = variant_file(variant, variants_dir(SETTINGS_DIR))
        yield InitialFile(path=path, text=variant_text(variant, distro))
        settings = add(settings, ("changelog", variant), ["initial"])
    yield InitialFile(path=SETTINGS_FILE, text=settings)


def ci_files(service: str | None, *, pre_commit: bool) -> Iterator[InitialFile]:
    """Yield the files of a CI service, ``github`` or ``gitlab``, and those of pre-commit."""
    for path, template in _CI_FILES.get(service or "", {}).items():
        is_shared = path.name == ".gitlab-ci.yml"
        yield InitialFile(path=path, text=_template(template), is_shared=is_shared)
    if pre_commit:
        yield InitialFile(path=_PRE_COMMIT, text=_template("pre-commit.yaml"), is_shared=True)


def _template(name: str) -> str:
    return resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def variant_text(variant: str, distro: str | None) -> str:
    """Return the text of a variant file: the known facts, and a comment for each other one."""
    facts = _facts(variant, distro)
    lines = [f"# What the wheels of variant {variant} are built for. All keys are optional."]
    for key in _keys(variant):
        example, about = _KEYS[key]
        if key not in facts:
            lines.append(f"# {key}: {json.dumps(example)}  # {about}")
        elif key == "distro" and facts[key] not in variant:
            lines.append(
                f"{key}: {json.dumps(facts[key])}  # detected on the machine that ran init"
            )
        else:
            lines.append(f"{key}: {json.dumps(facts[key])}")
    return "\n".join(lines) + "\n"


def _facts(variant: str, distro: str | None) -> dict[str, str]:
    """Return the facts in a variant's name, by key.

    Without a distribution in the name it is that of this machine, unless a part of the name can
    mean another one, such as ``ubi9``.
    """
    name = Declaration(variant=variant, file=pathlib.Path(), stacks=(), explicit={})
    precision = {"torch_version": Precision.PATCH}
    facts = {
        key: str(fact.value)
        for key, fact in name.named.items()
        if segment_text(fact.value, precision.get(key, Precision.MINOR)) is not None
    }
    kinds = {part: classify(part) for part in re.split("[-_+]", variant)}
    distros = [part for part, kind in kinds.items() if kind is Order.DISTRIBUTION]
    if distro is not None and not distros and None not in kinds.values():
        distros = [distro]
    return facts | ({"distro": distros[0]} if len(distros) == 1 else {})


def _keys(variant: str) -> list[str]:
    """Return the keys that a variant can use: one for CUDA has no ROCm version."""
    accelerator = re.split(r"[\d._-]", variant, maxsplit=1)[0]
    if accelerator not in KNOWN_ACCELERATORS:
        return [*_KEYS]
    others = {"accelerator", *VERSION_KEYS.values()} - {VERSION_KEYS.get(accelerator)}
    return [key for key in _KEYS if key not in others]


def write_initial(
    folder: pathlib.Path, files: Iterable[InitialFile]
) -> tuple[list[pathlib.Path], list[InitialFile]]:
    """Write the files that do not exist, and the folder of package settings: all, or none.

    The folder gets no file that would keep it in git: ``fromager lint`` refuses every other file
    there, and fromager does not need the folder.

    Returns:
        The paths that are written, and the files that existed.

    Raises:
        InputError: a path is, or leads through, a symbolic link, or is of another kind.
        OutputError: a file cannot be written; then nothing is.
    """
    new: list[InitialFile] = []
    kept: list[InitialFile] = []
    for file in files:
        path = folder / file.path
        _refuse(path, folder)
        (kept if path.exists() else new).append(file)
    _refuse(folder / SETTINGS_DIR / "any", folder)
    with contextlib.ExitStack() as undo:
        written = [folder / SETTINGS_DIR] if _make(folder / SETTINGS_DIR, undo) else []
        for file in new:
            path = folder / file.path
            _make(path.parent, undo)
            write_text(path, file.text)
            undo.callback(path.unlink)
            written.append(path)
        undo.pop_all()
    return written, kept


def _refuse(path: pathlib.Path, root: pathlib.Path) -> None:
    """Refuse a path at which no file can be, before anything is written."""
    refuse_links(path, root)
    if path.is_dir():
        raise InputError(f"{path} is a directory, not a file: rename it")
    above = next(each for each in path.parents if each.exists())
    if not above.is_dir():
        raise InputError(f"{above} is not a directory: rename it")
    if not path.exists():
        refuse_read_only(above)


def _make(folder: pathlib.Path, undo: contextlib.ExitStack) -> bool:
    """Make a folder, if it is missing, and those above it; return whether it was missing."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        try:
            each.mkdir()
        except OSError as err:
            raise OutputError(f"{each} cannot be made: {err.strerror}") from None
        undo.callback(each.rmdir)
    return bool(missing)
