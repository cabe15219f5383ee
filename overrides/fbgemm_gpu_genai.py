"""FBGEMM's GenAI kernels link CUDA and import 143 C++ symbols of libtorch (1.9.0 measured), though
their metadata does not require torch."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
