"""ONNX Runtime's CUDA provider needs libcublas and others of one CUDA major, 12 in 1.22.0 and 13 in
1.31.1, and no Torch (measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
