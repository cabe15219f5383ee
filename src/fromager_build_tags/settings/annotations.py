"""The annotations that we read from packages' settings.

fromager passes annotations on unchanged; keys that begin with ``fromager.`` are its own.
"""

from __future__ import annotations

from typing import Final

PREFIX: Final = "build-tags."
#: The dependencies of the package's wheels: an expression.
DEPENDS_ON: Final = f"{PREFIX}depends-on"
#: The exemptions of the package's wheels from verify, with the reasons.
VERIFY: Final = f"{PREFIX}verify"
#: Every key with a meaning, except the keys that suppress findings.
KNOWN: Final = (DEPENDS_ON, VERIFY)
#: With the code of a rule behind it: the reason to suppress its findings for the package.
IGNORE: Final = f"{PREFIX}ignore."
