"""SGLang's kernels carry CUDA code and import 124 C++ symbols of libtorch (0.4.10 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
