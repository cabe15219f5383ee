"""Scripts that write files of the documentation."""
