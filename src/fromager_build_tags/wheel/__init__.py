"""Read what is inside a wheel: which libraries it needs, which accelerator, which Torch.

This package knows nothing of fromager, nor of the rest of ours: bytes in, facts out.
"""

from .archive import WheelArchive, WheelError
from .facts import WheelFacts, read_wheel
from .libraries import Accelerator
from .proofs import AcceleratorUse, Proof, TorchAbi, TorchUse
from .refusal import ElfRefusal, RefusalReason

__all__ = [
    "Accelerator",
    "AcceleratorUse",
    "ElfRefusal",
    "Proof",
    "RefusalReason",
    "TorchAbi",
    "TorchUse",
    "WheelArchive",
    "WheelError",
    "WheelFacts",
    "read_wheel",
]
