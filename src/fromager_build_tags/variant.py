"""What is declared: a variant's settings file, and the explicit ``WHEEL_BUILD_TAG_…`` variables.

A variant file holds one stack, or a list of them::

    # settings/variants/rocm.yaml             # settings/variants/cuda-ubi9.yaml
    distro: el9.6                             stacks:
    rocm_version: "7.1"                         - {distro: el9.8, cuda_version: "13.0"}
    torch_version: "2.10.0"                     - {distro: el9.8, cuda_version: "12.9"}
"""

from __future__ import annotations

import difflib
import os
import pathlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import pydantic
from packaging.version import Version
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import SettingsError
from .facts import Declaration, DeclaredStack, Fact
from .variables import ENV_PREFIX, FACTS, VARIANTS_DIR, explicit_variable
from .versions import Precision, parse_version
from .yamlfile import Path, YamlFile, read_yaml_mapping


def _version(value: object) -> object:
    if isinstance(value, bool | int | float):
        raise ValueError("is a YAML number, which drops zeros: quote it")
    return parse_version(value) if isinstance(value, str) else value


type VersionText = Annotated[
    pydantic.InstanceOf[Version],
    pydantic.BeforeValidator(_version, json_schema_input_type=str),
    pydantic.WithJsonSchema(
        {"type": "string", "pattern": r"^\d+(\.\d+)*.*$", "examples": ["13.0", "2.10.0"]}
    ),
    pydantic.PlainSerializer(str, return_type=str),
]


def _matching(pattern: str, what: str) -> pydantic.AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(what)
        return value

    return pydantic.AfterValidator(check)


type DistroText = Annotated[
    str,
    pydantic.Strict(),
    _matching(r"[a-z][a-z0-9.]*", "is not a distribution, such as el9.6, fc43 or ubuntu24.04"),
    pydantic.WithJsonSchema({"type": "string", "pattern": "^[a-z][a-z0-9.]*$"}),
]
type AcceleratorWord = Annotated[
    str,
    pydantic.Strict(),
    _matching(r"[a-z]+", "is not an accelerator, such as cpu, cuda, rocm or gaudi"),
    pydantic.WithJsonSchema({"type": "string", "pattern": "^[a-z]+$"}),
]


class StackSettings(pydantic.BaseModel):
    """One stack: what the wheels of a variant are built for."""

    model_config = pydantic.ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, title="Stack"
    )

    distro: DistroText | None = None
    """Distribution, as the segment spells it: `el9.6`, `fc43`. Default: os-release."""

    accelerator: AcceleratorWord | None = None
    """Accelerator: `cpu`, `cuda`, `rocm`, or another word. Default: the variant's name."""

    accelerator_version: VersionText | None = None
    """Version of an accelerator other than `cuda` and `rocm`. Quote it."""

    cuda_version: VersionText | None = None
    """CUDA version, major and minor: `"13.0"`. Quote it. Default: `CUDA_VERSION`."""

    rocm_version: VersionText | None = None
    """ROCm version, major and minor: `"7.1"`. Quote it. Default: `ROCM_VERSION`."""

    torch_version: VersionText | None = None
    """Torch release that wheels are built against: `"2.10.0"`. Quote it.
    Default: `TORCH_VERSION`, or a `torch==` pin in fromager's constraints."""

    torch_precision: Literal["minor", "patch"] | None = None
    """What a Torch segment shows: `minor` gives `torch2.10`, `patch` (default) `torch2.10.0`."""

    @property
    def precision(self) -> Precision:
        """How precisely a Torch segment tells the version."""
        return Precision.MINOR if self.torch_precision == "minor" else Precision.PATCH


class VariantSettings(StackSettings):
    """A variant file: one stack, or a list of stacks. The file's name is the variant's."""

    model_config = pydantic.ConfigDict(title="fromager-build-tags variant file")

    stacks: Annotated[tuple[StackSettings, ...] | None, pydantic.Field(strict=False)] = None
    """The stacks of a family of variants; `accelerator` and `torch_precision` may stand
    beside it, for all of them."""

    @pydantic.model_validator(mode="after")
    def _check_one_or_many(self) -> VariantSettings:
        if self.stacks is None:
            return self
        if not self.stacks:
            raise ValueError("stacks is empty: list a stack, or remove the key")
        if single := sorted(self.model_fields_set - _SHARED_KEYS - {"stacks"}):
            raise ValueError(
                f"{', '.join(single)} and stacks exclude each other: "
                f"move {'it' if len(single) == 1 else 'them'} into each stack"
            )
        seen: list[StackSettings] = []
        for number, stack in enumerate(self.stacks, start=1):
            if stack in seen:
                raise ValueError(
                    f"stacks {seen.index(stack) + 1} and {number} are equal: remove one"
                )
            seen.append(stack)
        return self


_SHARED_KEYS: Final = {"accelerator", "torch_precision"}


class ExplicitSettings(BaseSettings):
    """The ``WHEEL_BUILD_TAG_…`` variables, which beat everything else; empty means unset."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
    )

    distro: DistroText | None = None
    accelerator: AcceleratorWord | None = None
    accelerator_version: VersionText | None = None
    cuda_version: VersionText | None = None
    rocm_version: VersionText | None = None
    torch_version: VersionText | None = None
    variants_dir: pathlib.Path | None = None
    """The folder of the variant files, instead of ``variants`` beside the settings folder."""


def read_explicit_settings() -> ExplicitSettings:
    """Read the explicit variables of the environment.

    Raises:
        SettingsError: a variable has a bad value, or there is none of that name.
    """
    known = {explicit_variable(name) for name in ExplicitSettings.model_fields}
    for name in os.environ:
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in known and os.environ[name]:
            raise SettingsError(f"there is no variable {name}{_hint(name, known)}")
    try:
        return ExplicitSettings()
    except pydantic.ValidationError as err:
        messages = [
            f"{explicit_variable(str(error['loc'][0]))}={error['input']!r} {_reason(error)}"
            for error in err.errors()
        ]
        raise SettingsError("; ".join(messages)) from None


def variant_file(variant: str, variants_dir: pathlib.Path) -> pathlib.Path:
    """Return where the settings of *variant* stand.

    Raises:
        SettingsError: *variant* cannot be a file's name.
    """
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*", variant):
        raise SettingsError(
            f"the variant {variant!r} cannot name a file in {variants_dir}: "
            "use letters, digits, '-', '_' and '.'"
        )
    return variants_dir / f"{variant}.yaml"


def read_variant_file(path: pathlib.Path) -> tuple[VariantSettings, YamlFile]:
    """Read a variant file; one that does not exist declares nothing.

    Raises:
        SettingsError: with every mistake in the file, each with its line and its mend.
    """
    if not path.exists() and not path.is_symlink():
        if (other := path.with_suffix(".yml")).exists():
            raise SettingsError(f"{other} is not read: rename it to {path.name}")
        return VariantSettings(), YamlFile(path=path, data={}, lines={}, scalars={})
    file = read_yaml_mapping(path)
    try:
        return VariantSettings.model_validate(file.data), file
    except pydantic.ValidationError as err:
        messages = [_file_message(file, error) for error in err.errors()]
        raise SettingsError("; ".join(messages)) from None


def _file_message(file: YamlFile, error: Any) -> str:
    path: Path = tuple(error["loc"])
    place = file.place(path)
    if not path:  # of the whole file: its own text names the keys
        return f"{place}: {_reason(error)}"
    key = ".".join(str(part) for part in path)
    if error["type"] == "extra_forbidden":
        known = VariantSettings.model_fields if len(path) == 1 else StackSettings.model_fields
        return f"{place}: unknown key {key!r}{_hint(str(path[-1]), known)}"
    shown = file.scalars.get(path)
    value = repr(error["input"]) if shown is None or isinstance(error["input"], str) else shown
    return f"{place}: {key}: {value} {_reason(error)}"


def _reason(error: Any) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "literal_error":
        return f"is not one of {error['ctx']['expected']}"
    return _REASONS.get(error["type"], f"is refused: {error['msg']}")


_REASONS: Final[Mapping[str, str]] = {
    "string_type": "is not a text: quote it",
    "is_instance_of": "is not a version: write it as a quoted text",
    "tuple_type": "is not a list of stacks",
    "model_type": "is not a mapping of a stack's keys",
    "model_attributes_type": "is not a mapping of a stack's keys",
}


def _hint(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are {', '.join(sorted(known))}"


def declare(variant: str, variants_dir: pathlib.Path) -> Declaration:
    """Read all that is declared for *variant*: its file, and the explicit variables.

    Args:
        variant: fromager's word, such as ``rocm-ubi9``.
        variants_dir: the folder of the variant files, unless ``WHEEL_BUILD_TAG_VARIANTS_DIR``
            names another.

    Raises:
        SettingsError: whatever is wrong with the name, the file or a variable.
    """
    explicit = read_explicit_settings()
    if explicit.variants_dir is not None:
        variants_dir = explicit.variants_dir
        if not variants_dir.is_dir():
            raise SettingsError(f"{VARIANTS_DIR}={str(variants_dir)!r} is no directory")
    path = variant_file(variant, variants_dir)
    settings, file = read_variant_file(path)
    return Declaration(
        variant=variant,
        file=path,
        stacks=tuple(_declared_stacks(settings, file)),
        is_family=settings.stacks is not None,
        explicit={
            key: Fact(value=value, source=explicit_variable(key))
            for key in FACTS
            if (value := getattr(explicit, key)) is not None
        },
    )


def _declared_stacks(settings: VariantSettings, file: YamlFile) -> Iterator[DeclaredStack]:
    if settings.stacks is None:
        yield _declared_stack((), settings, settings, file)
        return
    for number, stack in enumerate(settings.stacks):
        yield _declared_stack(("stacks", number), stack, settings, file)


def _declared_stack(
    path: Path, stack: StackSettings, shared: VariantSettings, file: YamlFile
) -> DeclaredStack:
    """Return one stack with the keys filled in that the file gives for all of them."""
    facts = {
        key: Fact(value=value, source=file.place((*path, key)))
        for key in FACTS
        if (value := getattr(stack, key)) is not None
    }
    if "accelerator" not in facts and shared.accelerator is not None:
        facts["accelerator"] = Fact(value=shared.accelerator, source=file.place(("accelerator",)))
    precision = stack if stack.torch_precision is not None else shared
    return DeclaredStack(place=file.place(path), facts=facts, precision=precision.precision)
