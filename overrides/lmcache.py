"""LMCache links CUDA or ROCm and imports 67 C++ symbols of libtorch (0.5.6 measured), though its
metadata pins no Torch since 0.4."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
