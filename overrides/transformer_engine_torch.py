"""The Torch part of Transformer Engine links CUDA and calls libtorch's C++ API; read in 2.20.2."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
