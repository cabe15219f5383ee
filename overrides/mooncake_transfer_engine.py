"""Mooncake links the accelerator. For CUDA, 0.3.7 added a process group that imports C++ symbols of
libtorch (0.3.6.post1 and 0.3.7 measured); mooncake-transfer-engine-rocm 0.3.13 has none. From
0.3.14 on it is compiled at first use (mooncake-transfer-engine-cuda13 0.3.13.post1 and 0.3.14
measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on(
    "accelerator torch if accelerator == cuda and version >= 0.3.7,< 0.3.14 else accelerator"
)
