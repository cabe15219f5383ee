"""ExecuTorch has no accelerator code, but imports 85 C++ symbols of libtorch (1.5.1 measured),
though its metadata names no Torch."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("torch")
