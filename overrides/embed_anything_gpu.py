"""EmbedAnything needs libcuda and libcublas, and no Torch (embed-anything-gpu 0.7.2 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
