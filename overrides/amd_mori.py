"""MORI needs libamdhip64 and libhsa-runtime64 of ROCm, and no Torch (1.2.4 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
