"""The requirements in METADATA that show the Torch, CUDA or ROCm of a wheel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from packaging.metadata import RawMetadata
from packaging.requirements import Requirement

from .archive import WheelError
from .libraries import Accelerator

# packaging reads each parenthesis of a marker by a call within a call.
_LIMIT, _NESTED_LIMIT = 64 << 10, 50
_TORCH: Final = re.compile(r"\s*torch(?![\w.-])", re.IGNORECASE)
#: In front of the marker. In old metadata, a version can follow in parentheses.
_STACKS: Final = re.compile(r"[^;]*?(cu\d|cuda|nvidia|rocm)", re.IGNORECASE)

_NUMBERS: Final = {
    Accelerator.CUDA: re.compile(r"(?:^|-)(?:cu|cuda-?)(\d{1,3})x?(?:-|$)"),
    Accelerator.ROCM: re.compile(r"(?:^|-)rocm-?(\d{1,3})(?:-|$)"),
}
# Without a number in the name, nvidia's packages of the toolkit have its version, from CUDA 13 on.
_VERSIONED: Final = {
    Accelerator.CUDA: re.compile(
        r"cuda-(bindings|python|toolkit)|nvidia-(cuda-[a-z-]+|cublas|npp|nvfatbin|nvjitlink"
        r"|nvjpeg|nvvm)"
    ),
    Accelerator.ROCM: re.compile(r"rocm(-(sdk|bindings)(-[a-z0-9-]+)?)?"),
}
#: The oldest major of each stack that a number of two digits can be: ``cu92`` is 9.2.
_OLDEST: Final = {Accelerator.CUDA: 7, Accelerator.ROCM: 4}


def torch_requirements(path: Path | str, metadata: RawMetadata) -> tuple[str, ...]:
    """Return the requirements on torch that no extra guards.

    Raises:
        WheelError: they are longer than any wheel's, or nested deeper.
    """
    return tuple(_requirements(path, metadata, _TORCH, "torch"))


def stack_requirements(path: Path | str, metadata: RawMetadata) -> tuple[str, ...]:
    """Return the requirements on packages that CUDA or ROCm may be in the name of; errors as above.

    >>> stack_requirements("x.whl", {"requires_dist": ["cupy-cuda12x", "numpy", "a[cu13]"]})
    ('cupy-cuda12x', 'a[cu13]')
    """
    return tuple(_requirements(path, metadata, _STACKS, "packages of CUDA and ROCm"))


def _requirements(
    path: Path | str, metadata: RawMetadata, names: re.Pattern[str], what: str
) -> Iterator[str]:
    texts = [text for text in metadata.get("requires_dist", []) if names.match(text)]
    if (length := sum(map(len, texts))) > _LIMIT:
        raise WheelError(
            path,
            f"its METADATA has {length} characters of requirements on {what}; {_LIMIT} are read",
        )
    if any(text.count("(") > _NESTED_LIMIT for text in texts):
        reason = f"its METADATA requires {what} with more than {_NESTED_LIMIT} parentheses"
        raise WheelError(path, reason)
    for text in texts:
        try:
            requirement = Requirement(text)
        except ValueError:
            continue  # old metadata has requirements that PEP 508 does not allow
        if "extra ==" not in str(requirement.marker or ""):
            yield str(requirement)


def major_in_name(name: str, stack: Accelerator) -> int | None:
    """Return the major version of a stack that the name of a package or of an extra contains.

    >>> major_in_name("cudf-cu12", Accelerator.CUDA), major_in_name("mxnet-cu102", Accelerator.CUDA)
    (12, 10)
    >>> [major_in_name(f"jax-rocm{number}-pjrt", Accelerator.ROCM) for number in (7, 10, 60, 713)]
    [7, 10, 6, 7]
    """
    found = _NUMBERS[stack].search(name) if stack in _NUMBERS else None
    if found is None:
        return None
    digits, oldest = found.group(1), _OLDEST[stack]
    # the first digit is the major if it is one of old releases: 92 is 9.2, and 713 is 7.13
    return int(digits[: 1 if int(digits[0]) >= oldest else 2])


def is_named_for(name: str, stack: Accelerator) -> bool:
    """Return whether a package is for a stack alone, by its name.

    >>> [is_named_for(name, Accelerator.CUDA) for name in ("nvidia-cufile-cu12", "nvidia-ml-py")]
    [True, False]
    """
    return major_in_name(name, stack) is not None or has_version_of(name, stack)


def has_version_of(name: str, stack: Accelerator) -> bool:
    """Return whether the major version of a package is that of a stack.

    >>> [has_version_of(name, Accelerator.CUDA) for name in ("cuda-bindings", "cuda-core")]
    [True, False]
    """
    return stack in _VERSIONED and _VERSIONED[stack].fullmatch(name) is not None
