"""Errors, by whose mistake they report.

fromager logs an exception and its ``__cause__`` as one line, "X because Y", so every
message here reads well before the word "because" and ends without a full stop.
"""

from __future__ import annotations


class BuildTagError(Exception):
    """Base of every error that this package raises on purpose."""


class SegmentError(BuildTagError):
    """A value is not a sequence of ``(order, text)`` pairs, or pairs contradict each other."""


class PluginError(BuildTagError):
    """A plugin or an override did not load, failed, or returned something else than pairs."""


class NeedsError(BuildTagError):
    """An expression of what a package depends on cannot be read."""


class SettingsError(BuildTagError):
    """A variant name, a variant file or an explicit variable is wrong."""


class VerifyError(BuildTagError):
    """A wheel that was built is not what its name says."""


class DuplicateKeyError(SettingsError):
    """A settings file gives one key twice: YAML readers take the last in silence."""


class InputError(BuildTagError):
    """A file that a command was given to read is not what it should be."""


class EditError(BuildTagError):
    """Nothing can be added to a file without changing more of it than was asked for."""


class OutputError(BuildTagError):
    """A result cannot be written."""


class StackError(BuildTagError):
    """The facts of the stack contradict each other, or no declared stack fits.

    It is nobody's fault who asks for the stack, and is told without them.
    """


class MissingFactError(StackError):
    """A package needs a fact of the stack that nothing tells."""


def explain_error(err: BaseException) -> str:
    """Return an error and its causes on one line, as fromager logs them: "X because Y"."""
    text = " ".join(str(err).split()) or type(err).__name__
    return f"{text} because {explain_error(err.__cause__)}" if err.__cause__ else text
