"""BT3: rules about a wheel: its name, its contents and its metadata."""

from __future__ import annotations

from .finding import ERROR, WARNING, Rule

HIDDEN_TORCH = Rule(
    "BT301", ERROR, "a wheel uses Torch's C++ ABI, but its name has no Torch segment"
)
STABLE_TORCH = Rule(
    "BT302", WARNING, "a wheel has a Torch segment, but uses only Torch's stable ABI"
)
NO_TORCH_INSIDE = Rule("BT303", ERROR, "a wheel has a Torch segment, but nothing in it uses Torch")
OTHER_TORCH_REQUIRED = Rule(
    "BT304", ERROR, "the Torch segment of a wheel differs from the Torch that it requires"
)
HIDDEN_ACCELERATOR = Rule(
    "BT311", ERROR, "a wheel uses an accelerator, but its name has no accelerator segment"
)
NO_ACCELERATOR_INSIDE = Rule(
    "BT312", ERROR, "a wheel has an accelerator segment, but nothing in it uses the accelerator"
)
OTHER_ACCELERATOR = Rule(
    "BT313", ERROR, "a wheel uses another accelerator than its accelerator segment"
)
OTHER_MAJOR = Rule(
    "BT314", ERROR, "a wheel needs libraries of another CUDA or ROCm than its accelerator segment"
)
SEVERAL_ACCELERATORS = Rule("BT315", WARNING, "a wheel uses more than one accelerator")
BUILD_MISMATCH = Rule("BT321", ERROR, "the build tag in WHEEL differs from the file name")
METADATA_MISMATCH = Rule(
    "BT322", ERROR, "the name or version of METADATA or its folder differs from the file name"
)
STALE_ELF_REQUIRES = Rule(
    "BT325", WARNING, "the libraries that fromager recorded differ from what the wheel needs"
)
PLATFORM_WITHOUT_BINARY = Rule(
    "BT331", WARNING, "a wheel is for a platform, but contains no binary"
)
BINARY_WITHOUT_PLATFORM = Rule("BT332", ERROR, "a wheel is for any platform, but contains a binary")
DISTRIBUTION_ON_PURELIB = Rule(
    "BT333",
    WARNING,
    "a wheel for any platform has a distribution segment, so that indexes cannot share it",
)
OTHER_MACHINE = Rule(
    "BT334", ERROR, "a wheel contains binaries for another machine than its platform tag"
)
UNREADABLE_WHEEL = Rule("BT341", ERROR, "a wheel cannot be read")
UNREADABLE_BINARY = Rule("BT342", WARNING, "a binary in a wheel cannot be read")
