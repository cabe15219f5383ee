"""Torchaudio links CUDA or ROCm; 2.10 moved from 161 C++ symbols of libtorch to its stable ABI
(2.9.1 and 2.10.0 measured). Its build sets a target for C++ only: the libraries of 2.10.0, 2.11.0
and 2.11.1 need Torch 2.10, 2.11 and 2.13 (measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on(
    "accelerator torch if version < 2.10 else accelerator", torch_target="headers"
)
