"""TokenSpeed's kernels need libcudart and libcublas; no library of them calls Torch, which the
metadata pins all the same (0.1.4 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
