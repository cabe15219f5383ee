"""The explicit ``WHEEL_BUILD_TAG_…`` variables, and what they declare with a variant's file."""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Mapping
from typing import Any, Final, Literal, cast

import pydantic
from pydantic_settings import BaseSettings, SettingsConfigDict

from ..errors import BuildTagError, SettingsError
from ..stack.fact import ENV_PREFIX, FACTS, Declaration, Fact, explicit_variable
from ..stack.resolve import declared_stacks
from ..stack.stack import DeclaredTorch
from ..text import did_you_mean
from .declared import stacks_in
from .layout import VARIANTS_DIR, variant_file
from .refusals import reason
from .variant import AcceleratorWord, DistroText, VersionText, read_variant_file

#: What to do about a built wheel whose name is wrong.
VERIFY_VARIABLE: Final = explicit_variable("verify")
type VerifyMode = Literal["off", "warn", "error"]


class ExplicitSettings(BaseSettings):
    """The explicit variables, which take precedence over everything else; empty means unset."""

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

    verify: str | None = None
    """The mode of the post-build check: ``off``, ``warn`` or ``error``. Unset, it is ``warn`` if
    our hook is configured, and ``off`` otherwise."""
    # a str, which read_verify_mode checks: an invalid one must not prevent a build tag

    def facts(self) -> Mapping[str, Fact[Any]]:
        """Return the explicit facts, by settings key."""
        return {
            key: Fact(value=value, source=explicit_variable(key))
            for key in FACTS
            if (value := getattr(self, key)) is not None
        }


def read_explicit_settings() -> ExplicitSettings:
    """Read the explicit variables of the environment.

    Raises:
        SettingsError: a variable has a bad value or an unknown name, or names no folder.
    """
    known = {explicit_variable(name) for name in ExplicitSettings.model_fields}
    for name, value in os.environ.items():
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in known and value:
            hint = did_you_mean(name, known) or f"; use {', '.join(sorted(known))}"
            raise SettingsError(f"unknown variable {name}{hint}")
    try:
        settings = ExplicitSettings()
    except pydantic.ValidationError as err:
        messages = [
            f"{explicit_variable(str(error['loc'][0]))}={error['input']!r} {reason(error)}"
            for error in err.errors()
        ]
        raise SettingsError("; ".join(messages)) from None
    if settings.variants_dir is not None and not settings.variants_dir.is_dir():
        raise SettingsError(f"{VARIANTS_DIR}={str(settings.variants_dir)!r} is not a directory")
    return settings


def declare(
    variant: str, variants_dir: pathlib.Path, explicit: ExplicitSettings | None = None
) -> Declaration:
    """Read the declaration of a variant: its file, and the explicit variables.

    The file is in *variants_dir*, unless a variable names another folder.

    Raises:
        SettingsError: the name, the file or a variable is wrong, with every mistake.
    """
    explicit = explicit or read_explicit_settings()
    path = variant_file(variant, explicit.variants_dir or variants_dir)
    settings, file = read_variant_file(path)
    return Declaration(
        variant=variant,
        file=path,
        stacks=tuple(stacks_in(file)),
        is_family=settings.stacks is not None,
        explicit=explicit.facts(),
    )


def lowest_torch(variants_dir: pathlib.Path) -> DeclaredTorch | None:
    """Return the lowest Torch that any stack of any variant declares; None if none does.

    A variant that cannot be read declares none: its own command reports the error.
    """
    found: list[DeclaredTorch] = []
    with contextlib.suppress(BuildTagError):
        explicit = read_explicit_settings()
        for path in sorted((explicit.variants_dir or variants_dir).glob("*.yaml")):
            with contextlib.suppress(BuildTagError):
                stacks = declared_stacks(declare(path.stem, variants_dir, explicit))
                found += filter(None, map(DeclaredTorch.of, stacks))
    return min(found, key=lambda each: each.version, default=None)


def read_verify_mode() -> VerifyMode | None:
    """Read what to do about a built wheel whose name is wrong; None if the variable is unset.

    Raises:
        SettingsError: the variable has another value than ``off``, ``warn`` or ``error``.
    """
    text = os.environ.get(VERIFY_VARIABLE) or None
    if text not in {None, "off", "warn", "error"}:
        raise SettingsError(f"{VERIFY_VARIABLE}={text!r} is not one of 'off', 'warn' or 'error'")
    return cast(VerifyMode | None, text)
