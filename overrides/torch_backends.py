"""Backends of Torch for other hardware import C++ symbols of libtorch, and need neither CUDA nor
ROCm (torch-npu 2.14.0, torch-xla 2.9.0, zentorch 2.14.0.1 and intel-extension-for-pytorch 2.8.0
measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("torch")
