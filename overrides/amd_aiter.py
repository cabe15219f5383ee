"""AITER carries ROCm code objects (measured); extensions that are compiled at build time call
libtorch's C++ API (read in setup.py)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
