"""Read what is inside a wheel: which libraries it needs, which accelerator, which Torch.

Bytes in, facts out: this package imports nothing of fromager, and of ours only errors and http.
"""

from .archive import Member, WheelArchive, WheelError, open_url
from .elf import ElfRefusal, RefusalReason
from .evidence import AcceleratorUse, Evidence
from .facts import HostCode, WheelFacts, read_facts, read_wheel
from .libraries import Accelerator, Refused, accelerator_of, is_torch, major_of, stem
from .torch_abi import TorchAbi, TorchUse

__all__ = [
    "Accelerator",
    "AcceleratorUse",
    "ElfRefusal",
    "Evidence",
    "HostCode",
    "Member",
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
    "open_url",
    "read_facts",
    "read_wheel",
    "stem",
]
