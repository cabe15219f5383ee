"""Torch-TensorRT links CUDA and imports 314 C++ symbols of libtorch (2.14.0 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
