"""Kernels and forks of vLLM need CUDA, ROCm or SYCL, and import C++ symbols of libtorch
(vllm-flash-attn 2.6.2, vllm-rocm 0.6.3 and vllm-xpu-kernels 0.1.16.2 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
