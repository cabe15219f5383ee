"""The annotations that we read from packages' settings.

fromager hands annotations on as they are; keys that begin with ``fromager.`` are its own.
"""

from __future__ import annotations

from typing import Final

PREFIX: Final = "build-tags."
#: What the package's wheels depend on.
DEPENDS_ON: Final = f"{PREFIX}depends-on"
#: What the package's wheels depend on without showing it, with the reasons.
VERIFY: Final = f"{PREFIX}verify"
#: Every key that means something, but for those of ignored rules.
KNOWN: Final = (DEPENDS_ON, VERIFY)
#: Followed by the code of a rule: the reason why the package may break it.
IGNORE: Final = f"{PREFIX}ignore."
