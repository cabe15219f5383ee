"""Torchvision links CUDA or ROCm; 0.29 moved from 143 C++ symbols of libtorch to its stable ABI
(0.28.0 and 0.29.0 measured). 0.29 needs Torch 2.13 (measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on(
    "accelerator torch if version < 0.29 else accelerator", torch_target="headers"
)
