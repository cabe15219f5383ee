"""Wheel build tags from distribution, accelerator stack and Torch ABI.

fromager calls :func:`fromager_build_tags.hooks.build_tag_hook`. Override modules import
:mod:`fromager_build_tags.needs`.
"""
