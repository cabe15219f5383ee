"""Short texts for messages and reports, and the escaping of texts from files and indexes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 300
_LONGEST_LINE: Final = 20_000
_LONGEST_SECRET: Final = 2_000
#: What precedes a host, up to the last "@" after a ":", since a password can contain a "/". One "/"
#: is a typing error for two. Numbers bound the time that hostile texts take.
_USERINFO: Final = re.compile(
    r"((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:/+)"
    r"(?:[^/\s@:]{0,999}+:(?:[^\s@]{0,999}+@)++|(?:[^/\s?#@]{0,999}+@)++)",
    re.IGNORECASE,
)
#: The same without a scheme, or with backslashes.
_LOGIN: Final = re.compile(r"^(?://)?[^/:@]*:(?!/).*@", re.DOTALL)
_SECRET: Final = re.compile(
    r"([?&;#][\w.%-]{0,30}(?:token|sig|secret|pass|key|auth|cred)[\w.%-]{0,30}=)[^&;#\s\\\"'<>]++",
    re.IGNORECASE,
)
#: Of GitHub's and Azure's runners, and of TeamCity, anywhere in a line; and of GitHub's, before it.
_COMMAND: Final = re.compile(r"##(?=\w*\[)")
_WORKFLOW_COMMAND: Final = re.compile(r"^(\s*):(?=:)")
_CODE_FENCE: Final = re.compile(r"`+")
#: A transposed pair in four letters (``rcom``) reaches it; ``tpu`` beside ``cpu`` does not.
_SIMILAR: Final = 0.75


def redact(text: str) -> str:
    """Return *text* with the credentials of each URL in it as ``****``."""
    if ":/" not in text or not ("@" in text or "=" in text):
        return text
    return _SECRET.sub(r"\1****", _USERINFO.sub(r"\1****@", text))


def redact_argument(text: str) -> str:
    """Return an argument with what can be the credentials of a mistyped URL as ``****``."""
    return _LOGIN.sub("****@", redact(text))


def plain(text: str, longest: int = _LONGEST) -> str:
    """Return *text* on one line, not longer than *longest*, and safe in a terminal and in a log.

    Control and format characters are spelled out, and commands of CI services (``##[…]``) broken;
    credentials are hidden before the text is cut.
    """
    shown = redact(text[: longest + _LONGEST_SECRET])
    if not shown.isprintable():
        shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in shown)
    if "##" in shown:
        shown = _COMMAND.sub(r"#\\x23", shown)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def plain_line(text: str) -> str:
    """Return *text* as a line of a terminal or a log that begins with no workflow command."""
    shown = plain(text.rstrip("\r\n"), _LONGEST_LINE)
    return _WORKFLOW_COMMAND.sub(r"\1\\x3a", shown) if "::" in shown else shown


def markdown_code(text: str) -> str:
    """Return *text* as a code span, in which nothing is markup, for use inside a table, too."""
    shown = plain(text).replace("|", "\\|")
    if not shown:
        return ""
    ticks = "`" * (1 + max((len(run) for run in _CODE_FENCE.findall(shown)), default=0))
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{space}{shown}{space}{ticks}"


def markdown_text(text: str) -> str:
    """Return *text* as prose: without HTML, and without markup except balanced code spans."""
    shown = plain(text, 2_000)
    escaped = re.sub(r"([\\*_\[\]<>|~#])", r"\\\1", shown).replace("\\<", "&lt;")
    # forges notify users of an escaped "@name", too
    return re.sub(r"@(?=\w)", "@<!-- -->", escaped)


def dump_json(value: object) -> str:
    """Return a report as indented ASCII JSON with a line end, without credentials of URLs."""
    import json  # one format of several, and a start of every command takes less without it

    return safe_json(json.dumps(value, indent=1)) + "\n"


def safe_json(text: str) -> str:
    """Return ASCII JSON without credentials of URLs and without commands of CI services."""
    return _COMMAND.sub(r"#\\u0023", redact(text)).replace("\x7f", "\\u007f")


def size_text(size: int | None) -> str:
    """Return a size in bytes as ``1.5 MB``; ``?`` for an unknown size."""
    if size is None:
        return "?"
    number, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if number < 1000:
            break
        number, unit = number / 1000, larger
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"


def counted(number: int, word: str) -> str:
    """Return ``1 wheel``, ``1,200 wheels`` or ``2 indexes``."""
    plural = "es" if word.endswith("x") else "s"
    return f"{number:,} {word}{'' if number == 1 else plural}"


def first_few(items: Iterable[object], limit: int = 3, *, separator: str = ", ") -> str:
    """Return ``a, b, c and 1,200 more``: the first items, and the number of the others."""
    texts = [*map(str, items)]
    more = len(texts) - limit
    return separator.join(texts[:limit]) + (f" and {more:,} more" if more > 0 else "")


def closest(value: str, known: Iterable[str]) -> str | None:
    """Return the known word that *value* is probably a misspelling of, whatever its case."""
    import difflib  # only for a mistyped word

    folded = {word.casefold(): word for word in known}
    close = difflib.get_close_matches(value.casefold(), folded, n=1, cutoff=_SIMILAR)
    return folded[close[0]] if close else None


def did_you_mean(value: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'torch'?``, the end of a message; "" if no known word is similar."""
    word = closest(value, known)
    return "" if word is None else f"; did you mean {word!r}?"
