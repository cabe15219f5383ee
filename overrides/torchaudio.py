"""Torchaudio links CUDA or ROCm; 2.10 moved from 161 C++ symbols of libtorch to its stable ABI
(2.9.1 and 2.10.0 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch if version < 2.10 else accelerator")
