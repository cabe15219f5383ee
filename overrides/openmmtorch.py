"""OpenMM's plug-in for Torch needs libnvrtc and imports C++ symbols of libtorch (1.5 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
