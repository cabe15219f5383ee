"""Renderers: one module per format, each turns plain data into a text."""
