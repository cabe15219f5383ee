"""Errors, by the part that is wrong.

fromager logs an exception and its ``__cause__`` as one line, "X because Y", so every
message here reads well before the word "because" and ends without a full stop.
"""

from __future__ import annotations


class BuildTagError(Exception):
    """Base of every error that this package raises on purpose."""


class SegmentError(BuildTagError):
    """A value is not a sequence of ``(order, text)`` pairs, or pairs contradict each other."""


class PluginError(BuildTagError):
    """A plugin or an override did not load, failed, or returned something other than pairs."""


class NeedsError(BuildTagError):
    """An expression of dependencies is wrong."""


class SettingsError(BuildTagError):
    """A variant name, a variant file or an explicit variable is wrong."""


class VerifyError(BuildTagError):
    """A built wheel does not match its name."""


class DuplicateKeyError(SettingsError):
    """A settings file sets one key twice: YAML readers use the last one without a warning."""


class InputError(BuildTagError):
    """A file that a command reads is not what it has to be."""


class EditError(BuildTagError):
    """Nothing can be added to a file without another change to it."""


class OutputError(BuildTagError):
    """A result cannot be written."""


class StackError(BuildTagError):
    """The facts of the stack conflict, or no declared stack fits.

    The error belongs to the settings: a plan reports it once, without naming a package.
    """


class MissingFactError(StackError):
    """A package needs a fact of the stack that is unknown."""


def explain_error(err: BaseException) -> str:
    """Return an error and its causes on one line, as fromager logs them: "X because Y"."""
    text = " ".join(str(err).split()) or type(err).__name__
    return f"{text} because {explain_error(err.__cause__)}" if err.__cause__ else text
