"""NIXL links CUDA (0.7.0 and before, measured); from 0.7.1 on the registry's package of this name
is pure, and so gets no segment."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
