"""DeepSpeed is pure unless its operators are compiled at build time; then they link CUDA or ROCm
and call libtorch's C++ API (read in setup.py and op_builder of 0.19.8)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
