"""NVIDIA's resiliency extension needs libcupti, and no Torch (0.7.0 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
