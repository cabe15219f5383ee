"""AutoAWQ's kernels link CUDA and import 56 C++ symbols of libtorch (0.0.9 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
