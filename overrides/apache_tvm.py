"""TVM's CUDA runtime needs libcudart and libcuda (0.27.0.post1 measured); a build without
`USE_CUDA` has none of it."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
