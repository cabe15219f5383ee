"""RAPIDS is for CUDA alone: its libraries need librmm, libcudf, libcuml and others of it, and no
Torch (cudf-cu12, cugraph-cu12, cuml-cu12, cuvs-cu12, kvikio-cu12, pylibcugraph-cu12,
pylibraft-cu12, rmm-cu12, libraft-cu12 and librmm-cu12 26.10 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
