"""Mooncake links CUDA. Its process group imports C++ symbols of libtorch, and is compiled at first
use from 0.3.14 on (0.3.13.post1 and 0.3.14 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on(
    "accelerator if version < 0.3.7 else accelerator torch if version < 0.3.14 else accelerator"
)
