"""NIXL links CUDA; from 1.0.1 on it carries nixl_ep, which imports C++ symbols of libtorch
(nixl-cu12 and nixl-cu13 1.0.0 and 1.0.1 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch if version >= 1.0.1 else accelerator")
