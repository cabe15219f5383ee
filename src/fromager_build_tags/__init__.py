"""Wheel build tags that tell distribution, accelerator stack and Torch ABI.

The seam with fromager is :func:`fromager_build_tags.hooks.build_tag_hook`. Override
modules are made from :mod:`fromager_build_tags.needs`.
"""
