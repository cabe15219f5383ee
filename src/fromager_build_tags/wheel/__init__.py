"""Read what is inside a wheel: which libraries it needs, which accelerator, which Torch.

This package knows nothing of fromager, nor of the rest of ours: bytes in, facts out.
"""

from .archive import Member, WheelArchive, WheelError
from .contents import Refused
from .facts import HostCode, WheelFacts, read_facts, read_wheel
from .libraries import Accelerator, accelerator_of, is_torch, major_of, stem
from .proofs import AcceleratorUse, Proof, TorchAbi, TorchUse
from .refusal import ElfRefusal, RefusalReason

__all__ = [
    "Accelerator",
    "AcceleratorUse",
    "ElfRefusal",
    "HostCode",
    "Member",
    "Proof",
    "RefusalReason",
    "Refused",
    "TorchAbi",
    "TorchUse",
    "WheelArchive",
    "WheelError",
    "WheelFacts",
    "accelerator_of",
    "is_torch",
    "major_of",
    "read_facts",
    "read_wheel",
    "stem",
]
