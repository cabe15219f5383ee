"""NVIDIA's Apex compiles CUDA kernels into extensions that call libtorch's C++ API; read in its
repository, since the registry has no release."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
