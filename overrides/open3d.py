"""Open3D needs libcuda, and imports C++ symbols of libtorch in its operators for Torch (0.20.0
measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
