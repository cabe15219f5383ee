"""Mooncake without CUDA links no accelerator, and imports no C++ symbols of libtorch
(0.3.7.post1 and 0.3.13.post1 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("none")
