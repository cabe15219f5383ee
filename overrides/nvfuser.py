"""nvFuser needs libcupti and libtorch_cuda, and imports C++ symbols of libtorch
(nvfuser-cu126-torch27 and nvfuser-cu128-torch28 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
