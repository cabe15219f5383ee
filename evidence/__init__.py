"""Measure published wheels, so that every shipped override has its evidence.

Run by hand, never in CI: ``python -m evidence measure``, then ``python -m evidence table``.
"""
