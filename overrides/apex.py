"""Apex, NVIDIA's, compiles CUDA kernels into extensions that call libtorch's C++ API; read in its
repository, for want of a release on the registry."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
