"""OpenMM's plug-ins for CUDA and HIP need libcuda and libamdhip64 (openmm-cuda-12, openmm-hip-6 and
openmm-hip-7 8.6.1 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
