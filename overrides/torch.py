"""Torch links CUDA or ROCm and carries kernels for them. It is the Torch ABI, so it does not depend
on one: its wheel imports no Torch symbol that it does not carry (2.9.1, 2.15.0)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
