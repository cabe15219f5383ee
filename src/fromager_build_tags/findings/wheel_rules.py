"""BT3: rules about a wheel: its name, its contents and its metadata."""

from __future__ import annotations

from typing import Final

from .finding import Rule, Severity

HIDDEN_TORCH: Final = Rule(
    code="BT301",
    title="a wheel uses Torch's C++ ABI, but its name has no Torch segment",
    severity=Severity.ERROR,
)
STABLE_TORCH: Final = Rule(
    code="BT302",
    title="a wheel has a Torch segment, but uses only Torch's stable ABI",
    severity=Severity.WARNING,
)
NO_TORCH_INSIDE: Final = Rule(
    code="BT303",
    title="a wheel has a Torch segment, but nothing in it uses Torch",
    severity=Severity.ERROR,
)
OTHER_TORCH_REQUIRED: Final = Rule(
    code="BT304",
    title="the Torch segment of a wheel differs from the Torch that it requires",
    severity=Severity.ERROR,
)
HIDDEN_ACCELERATOR: Final = Rule(
    code="BT311",
    title="a wheel uses an accelerator, but its name has no accelerator segment",
    severity=Severity.ERROR,
)
NO_ACCELERATOR_INSIDE: Final = Rule(
    code="BT312",
    title="a wheel has an accelerator segment, but nothing in it uses the accelerator",
    severity=Severity.ERROR,
)
OTHER_ACCELERATOR: Final = Rule(
    code="BT313",
    title="a wheel uses another accelerator than its accelerator segment",
    severity=Severity.ERROR,
)
OTHER_MAJOR: Final = Rule(
    code="BT314",
    title="a wheel needs libraries of another CUDA or ROCm than its accelerator segment",
    severity=Severity.ERROR,
)
SEVERAL_ACCELERATORS: Final = Rule(
    code="BT315",
    title="a wheel uses more than one accelerator",
    severity=Severity.WARNING,
)
BUILD_MISMATCH: Final = Rule(
    code="BT321",
    title="the build tag in WHEEL differs from the file name",
    severity=Severity.ERROR,
)
METADATA_MISMATCH: Final = Rule(
    code="BT322",
    title="the name or version of METADATA or its folder differs from the file name",
    severity=Severity.ERROR,
)
STALE_ELF_REQUIRES: Final = Rule(
    code="BT325",
    title="the libraries that fromager recorded differ from what the wheel needs",
    severity=Severity.WARNING,
)
PLATFORM_WITHOUT_BINARY: Final = Rule(
    code="BT331",
    title="a wheel is for a platform, but contains no binary",
    severity=Severity.WARNING,
)
BINARY_WITHOUT_PLATFORM: Final = Rule(
    code="BT332",
    title="a wheel is for any platform, but contains a binary",
    severity=Severity.ERROR,
)
DISTRIBUTION_ON_PURELIB: Final = Rule(
    code="BT333",
    title="a wheel for any platform has a distribution segment, so that indexes cannot share it",
    severity=Severity.WARNING,
)
OTHER_MACHINE: Final = Rule(
    code="BT334",
    title="a wheel contains binaries for another machine than its platform tag",
    severity=Severity.ERROR,
)
UNREADABLE_WHEEL: Final = Rule(
    code="BT341",
    title="a wheel cannot be read",
    severity=Severity.ERROR,
)
UNREADABLE_BINARY: Final = Rule(
    code="BT342",
    title="a binary in a wheel cannot be read",
    severity=Severity.WARNING,
)
