"""NATTEN compiles CUDA kernels into a library that calls libtorch's C++ API; read in the setup.py
and csrc of 0.21.7."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
