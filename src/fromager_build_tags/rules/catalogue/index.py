"""BT4: rules about an index: the wheels that are in it, and that are not."""

from __future__ import annotations
