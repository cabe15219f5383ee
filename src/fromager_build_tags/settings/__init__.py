"""The files of a settings tree: read with lines for errors, written byte for byte."""
