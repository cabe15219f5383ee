"""Grouped GEMM compiles CUDA kernels into an extension that calls libtorch's C++ API; read in the
setup.py and csrc of 0.3.0."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
