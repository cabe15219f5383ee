"""TileLang links CUDA up to 0.1.7 and loads it by dlopen since (0.1.8 measured), but is built for
either CUDA or ROCm (read in CMakeLists.txt)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
