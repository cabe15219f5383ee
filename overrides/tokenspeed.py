"""TokenSpeed's kernels need libcudart and import C++ symbols of libtorch (tokenspeed-flashkda,
-flashmla, -deepselect, -fast-hadamard-transform and -trtllm-kernel measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
