"""Torchao's CUDA kernels moved to libtorch's stable ABI in 0.17 (0.16.0 and 0.17.0 measured); its
ROCm source calls the C++ API up to 0.18, and is gone in 0.19 (read). Its setup.py targets Torch
2.11 (read), which 0.17 and 0.18 need (measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on(
    "accelerator torch if version < 0.17 "
    "else accelerator torch if version < 0.19 and accelerator != cuda else accelerator",
    torch_target="2.11",
)
