"""Monarch carries CUDA device code and imports 38 C++ symbols of libtorch (0.7.0 measured), though
its metadata no longer requires torch."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
