"""TorchRL has no accelerator code, but imports 90 C++ symbols of libtorch (0.14.1 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("torch")
