"""TokenSpeed's kernels need libcudart and libcublas; none of their libraries calls Torch, though
the metadata pins it (0.1.4 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
