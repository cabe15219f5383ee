"""Mooncake with EFA links CUDA, and has no process group that imports C++ symbols of libtorch
(0.3.12 and 0.3.13.post1 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
