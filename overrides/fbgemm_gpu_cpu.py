"""FBGEMM for the CPU imports 298 C++ symbols of libtorch (1.9.0 measured), though its metadata does
not require torch."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("torch")
