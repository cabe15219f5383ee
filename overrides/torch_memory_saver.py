"""torch-memory-saver needs libcuda and libcudart, and no symbol of Torch (0.0.10 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
