"""Wheel indexes: a folder, fromager's ``wheels-repo``, or a simple API in HTML or JSON.

Projects come one at a time, sorted by name, so that several indexes can be read side by side and
none has to fit into memory.
"""
