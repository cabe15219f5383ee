"""The hook that the settings configure, as text: nothing that a settings file names is imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from ..text import plain

#: The import string of our own hook.
HOOK: Final = "fromager_build_tags.hooks:build_tag_hook"
#: Where the global settings name the hook.
HOOK_PATH: Final = ("wheels", "build_tag_hook")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hook:
    """The value of ``wheels.build_tag_hook``: an import string, on one line; "" for none."""

    text: str

    @classmethod
    def in_settings(cls, data: Any) -> Self:
        """Return the hook of global settings; none if it is not a text."""
        for key in HOOK_PATH:
            data = data.get(key) if isinstance(data, Mapping) else None
        return cls._of(data if isinstance(data, str) else "")

    @classmethod
    def of(cls, function: Callable[..., object] | None) -> Self:
        """Return the hook that fromager has imported, if any."""
        if function is None:
            return cls(text="")
        name = getattr(function, "__qualname__", repr(function))
        return cls._of(f"{function.__module__}:{name}")

    @classmethod
    def _of(cls, text: str) -> Self:
        """Return a hook; pydantic also accepts a dot for the colon, and spaces."""
        is_ours = text.strip() in {HOOK, HOOK.replace(":", ".")}
        return cls(text=HOOK if is_ours else plain(text))

    @property
    def is_ours(self) -> bool:
        """Whether it is our own hook."""
        return self.text == HOOK

    @property
    def problem(self) -> str:
        """What it means for wheels that it is not our own hook; "" if it is."""
        if self.is_ours:
            return ""
        if self == NO_HOOK:
            return "no hook is configured, so wheels get no suffix"
        return f"another hook is configured, whose build tags are unknown: {self.text}"


#: The settings configure no hook.
NO_HOOK: Final = Hook(text="")
