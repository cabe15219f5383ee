"""Torchtext has no accelerator code, but imports 77 C++ symbols of libtorch (0.18.0 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("torch")
