"""LMDeploy's TurboMind needs libcudart and libcublas; it uses Torch from Python only (0.18.0
measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
