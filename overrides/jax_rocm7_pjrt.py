"""XLA for ROCm 7 needs libamdhip64, librccl and others of it (0.12.0 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
