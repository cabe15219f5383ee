"""Kernels for CUDA that import C++ symbols of libtorch (aphrodite-flash-attn 2.6.1.post2,
fastvideo-kernel 0.3.5 and mslk-cuda 1.1.0 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
