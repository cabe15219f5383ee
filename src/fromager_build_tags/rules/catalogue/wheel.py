"""BT3: rules about a wheel: its name, its content and its metadata."""

from __future__ import annotations
