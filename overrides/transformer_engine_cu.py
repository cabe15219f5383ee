"""The core of Transformer Engine needs libcudart and libcublas, and no Torch
(transformer-engine-cu12 and transformer-engine-cu13 2.20.2 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
