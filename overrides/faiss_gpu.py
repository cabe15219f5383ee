"""Faiss needs libcudart and libcublas; it uses Torch from Python only (1.15.1, and faiss-gpu-cu12
1.14.1.post1, measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
