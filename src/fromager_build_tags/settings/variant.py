"""What is declared: a variant's settings file, and the explicit ``WHEEL_BUILD_TAG_…`` variables.

A variant file holds one stack, or a list of them::

    # settings/variants/rocm.yaml             # settings/variants/cuda-ubi9.yaml
    distro: el9.6                             stacks:
    rocm_version: "7.1"                         - {distro: el9.8, cuda_version: "13.0"}
    torch_version: "2.10.0"                     - {distro: el9.8, cuda_version: "12.9"}
"""

from __future__ import annotations

import pathlib
import re
from typing import Annotated, Any, Final, Literal

import pydantic
from packaging.version import Version
from pydantic_settings import BaseSettings, SettingsConfigDict

from ..stack.variables import ENV_PREFIX
from ..stack.versions import parse_version
from ..tag.vocabulary import ACCELERATOR_WORD


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
    _matching(ACCELERATOR_WORD, "is not an accelerator, such as cpu, cuda, rocm or gaudi"),
    pydantic.WithJsonSchema({"type": "string", "pattern": f"^{ACCELERATOR_WORD}$"}),
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

    @pydantic.field_validator("*", mode="before")
    @classmethod
    def _check_given(cls, value: object) -> object:
        if value is None:  # a key with nothing behind it: a comment, perhaps, took it
            raise ValueError("has no value: give one, or remove the key")
        return value


#: The keys that may stand beside a list of stacks.
_SHARED_KEYS: Final = {"accelerator", "index", "torch_precision"}


def _exclude_keys_beside_stacks(schema: dict[str, Any]) -> None:
    """Let an editor refuse what :meth:`VariantSettings._check_one_or_many` refuses."""
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

    verify: str = "off"
    """What to do about a wheel that is built and is not what its name says. It is off by default:
    who installs this package for its build tags must not have a build fail for another reason. Who
    verifies checks it: a slip in it must not keep a wheel from its build tag."""
