"""The CPU build of vLLM imports C++ symbols of libtorch (0.32.0 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("torch")
