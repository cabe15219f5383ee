"""xFormers imports C++ symbols of libtorch (0.0.33.post2 measured). Its CUDA builds moved to the
stable ABI in 0.0.34 (measured), its ROCm builds did not: read in setup.py."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on(
    "accelerator if version >= 0.0.34 and accelerator == cuda else accelerator torch",
    torch_target="headers",
)
