"""Torch links CUDA or ROCm and carries kernels for them. It is the Torch ABI, so it does not
depend on one: its own version tells."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
