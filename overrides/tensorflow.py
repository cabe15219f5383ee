"""TensorFlow carries device code of CUDA, or needs libamdhip64 and others of ROCm (2.21.0 and
tensorflow-rocm 2.14.0.600 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
