"""AutoGPTQ's modules need libcudart and import C++ symbols of libtorch (0.7.1 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
