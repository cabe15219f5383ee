"""UCCL needs libcudart; it links libtorch without a symbol of it (0.1.1 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
