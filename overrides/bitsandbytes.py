"""bitsandbytes links CUDA, ROCm or XPU libraries, and does not link libtorch (0.43.3 to 0.50.2
measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
