"""Transformer Engine is pure on the registry, and then gets no segment. Built from its repository
it links CUDA and calls libtorch's C++ API (read)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
