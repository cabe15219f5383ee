"""Build tags: segments, file names, version ranges."""
