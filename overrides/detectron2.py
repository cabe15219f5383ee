"""Detectron2 compiles CUDA or HIP kernels into an extension that calls libtorch's C++ API; read in
its repository."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
