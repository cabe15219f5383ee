"""Humming's launcher needs libcuda and is on Torch's stable ABI (0.1.20 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator", torch_target="headers")
