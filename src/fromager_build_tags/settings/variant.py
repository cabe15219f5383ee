"""The file of a variant: its model, and how it is read.

A variant file contains one stack, or a list of stacks::

    # settings/variants/rocm.yaml             # settings/variants/cuda-ubi9.yaml
    distro: el9.6                             stacks:
    rocm_version: "7.1"                         - {distro: el9.8, cuda_version: "13.0"}
    torch_version: "2.10.0"                     - {distro: el9.8, cuda_version: "12.9"}
"""

from __future__ import annotations

import os
import pathlib
import re
from typing import Annotated, Any, Final, Literal

import pydantic
from packaging.version import Version

from ..errors import SettingsError
from ..stack.fact import parse_version, unpackaged
from ..stack.gpu_arch import GPU_ARCH, GpuArch, refuse_repeated
from ..tag.segment import ACCELERATOR_WORD, DISTRIBUTION_TEXT
from ..text import did_you_mean
from .refusals import reason
from .yamlfile import Path, YamlFile, read_yaml_mapping


def _version(value: object) -> object:
    if isinstance(value, bool | int | float):
        raise ValueError("is a YAML number, which drops zeros: quote it")
    return parse_version(unpackaged(value)) if isinstance(value, str) else value


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
    _matching(DISTRIBUTION_TEXT, "is not a distribution, such as el9.6, fc43 or ubuntu24.04"),
    pydantic.WithJsonSchema({"type": "string", "pattern": f"^{DISTRIBUTION_TEXT}$"}),
]
type AcceleratorWord = Annotated[
    str,
    pydantic.Strict(),
    _matching(ACCELERATOR_WORD, "is not an accelerator, such as cpu, cuda, rocm or gaudi"),
    pydantic.WithJsonSchema({"type": "string", "pattern": f"^{ACCELERATOR_WORD}$"}),
]


def _checked_arch(text: str) -> str:
    return GpuArch.parse(text).text


def _checked_archs(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts:
        raise ValueError("is empty: list an architecture, or remove the key")
    refuse_repeated([*map(GpuArch, texts)])
    return texts


type GpuArchText = Annotated[
    str,
    pydantic.Strict(),
    pydantic.AfterValidator(_checked_arch),
    pydantic.WithJsonSchema({"type": "string", "pattern": f"^({GPU_ARCH})$"}),
]
type GpuArchs = Annotated[
    tuple[GpuArchText, ...],
    pydantic.AfterValidator(_checked_archs),
    pydantic.Field(json_schema_extra={"minItems": 1, "uniqueItems": True}),
]


class StackSettings(pydantic.BaseModel):
    """One stack: what the wheels of a variant are built for."""

    model_config = pydantic.ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, title="Stack"
    )

    distro: DistroText | None = None
    """Distribution, as the segment spells it: `el9.6`, `fc43`; `el9` agrees with every minor
    version, and shows none. Default: os-release."""

    accelerator: AcceleratorWord | None = None
    """Accelerator: `cpu`, `cuda`, `rocm`, or another word. Default: `cpu`, `cuda` or `rocm` at the
    start of the variant's name, or the accelerator whose version alone is known."""

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

    gpu_archs: GpuArchs | None = None
    """GPU architectures that wheels need code for: `[sm_90, sm_100]`, `[gfx942, gfx950]`. No tag
    depends on them."""

    @pydantic.field_validator("*", mode="before")
    @classmethod
    def _check_given(cls, value: object) -> object:
        if value is None:  # a key without a value: it may be commented out
            raise ValueError("has no value: give one, or remove the key")
        return value


#: The keys that a file can have beside a list of stacks.
_SHARED_KEYS: Final = {"accelerator", "distro", "gpu_archs", "index", "torch_precision"}


def _exclude_keys_beside_stacks(schema: dict[str, Any]) -> None:
    """Describe to editors what :meth:`VariantSettings._check_one_or_many` refuses."""
    single = StackSettings.model_fields.keys() - _SHARED_KEYS
    schema["dependentSchemas"] = {"stacks": {"properties": dict.fromkeys(sorted(single), False)}}


class VariantSettings(StackSettings):
    """A variant file: one stack, or a list of stacks. The file's name is the variant's."""

    model_config = pydantic.ConfigDict(
        title="fromager-build-tags variant file", json_schema_extra=_exclude_keys_beside_stacks
    )

    index: Annotated[str, pydantic.Strict()] | None = None
    """Name or URL of the index that the wheels are published to. `review` warns where variants
    of several accelerators share one."""

    stacks: Annotated[
        tuple[StackSettings, ...] | None,
        pydantic.Field(strict=False, json_schema_extra={"minItems": 1, "uniqueItems": True}),
    ] = None
    """The stacks of a family of variants; `accelerator`, `distro`, `gpu_archs` and
    `torch_precision` may stand beside it, for all of them."""

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
        for number, stack in enumerate(self.stacks):
            if (first := self.stacks.index(stack)) < number:
                raise ValueError(f"stacks {first + 1} and {number + 1} are equal: remove one")
        return self


def read_variant_file(path: pathlib.Path) -> tuple[VariantSettings, YamlFile]:
    """Read a variant file; a missing file declares nothing.

    Raises:
        SettingsError: with every mistake in the file, each with its line and its fix.
    """
    if not os.path.lexists(path):
        if (other := path.with_suffix(".yml")).exists():
            raise SettingsError(f"{other} is not read: rename it to {path.name}")
        return VariantSettings(), YamlFile(path=path, data={}, lines={}, scalars={})
    file = read_yaml_mapping(path)
    try:
        return VariantSettings.model_validate(file.data), file
    except pydantic.ValidationError as err:
        raise SettingsError("; ".join(_message(file, each) for each in err.errors())) from None


def _message(file: YamlFile, error: Any) -> str:
    path: Path = tuple(error["loc"])
    place = file.place(path)
    if not path:  # an error of the file as one: its own text names the keys
        return f"{place}: {reason(error)}"
    key = ".".join(map(str, path))
    if error["type"] == "extra_forbidden":
        known = VariantSettings.model_fields if len(path) == 1 else StackSettings.model_fields
        hint = did_you_mean(str(path[-1]), known) or f"; use {', '.join(sorted(known))}"
        return f"{place}: unknown key {key!r}{hint}"
    if error["input"] is None:
        return f"{place}: {key} {reason(error)}"
    shown = file.scalars.get(path)
    value = repr(error["input"]) if shown is None or isinstance(error["input"], str) else shown
    return f"{place}: {key}: {value} {reason(error)}"
