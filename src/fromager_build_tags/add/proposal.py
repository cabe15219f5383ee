"""What to declare as the dependencies of a package: from the user, a wheel, or what is shipped."""

from __future__ import annotations

import contextlib
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from ..errors import InputError, NeedsError
from ..plan import plugins, scope
from ..plan.source import shipped_expression
from ..stack.stack import DeclaredTorch
from ..tag.contents import excludes, needs_of
from ..tag.expression import Need, parse_expression, simple_expression
from ..text import first_few
from ..wheel.evidence import Evidence, TorchAbi
from ..wheel.facts import WheelFacts, read_wheel
from ..wheel.torch_abi import compare
from ..wheel.torch_loads import TorchLoads
from ..wheel.torch_table import shipped_table

#: The dependencies of a package of which nothing is known: a missing segment can break an
#: installation, one too many costs a build.
DEFAULT: Final = "accelerator torch"
_MOST: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """The dependencies of a package, and whether they have to be written anywhere.

    Attributes:
        expression: a value for ``build-tags.depends-on``; None to leave what is declared.
        evidence: where the expression comes from, a line each.
        redundant: why nothing has to be written; "" if something has.
        replaces: the shipped override that it replaces, for a message; "" without one.
    """

    expression: str | None
    evidence: Sequence[str] = ()
    redundant: str = ""
    replaces: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShippedOverride:
    """The override that is shipped for a package.

    Attributes:
        expression: its dependencies in one line; None if a function computes them.
        docstring: of the module, on one line.
        pattern: that it is registered for; "" if it is for this package only.
    """

    expression: str | None
    docstring: str
    pattern: str = ""

    @classmethod
    def of(cls, package: NormalizedName) -> ShippedOverride | None:
        """Return the override that is shipped for a package, if there is one.

        Raises:
            PluginError: it does not load.
        """
        name = package.replace("-", "_")
        module = plugins.load_shipped_override(name)
        if module is None:
            return None
        docstring = " ".join((module.__doc__ or "").split())
        expression, pattern = shipped_expression(name), scope.pattern_of(package)
        return cls(expression=expression, docstring=docstring, pattern=pattern)

    def __str__(self) -> str:
        text = "a function" if self.expression is None else repr(self.expression)
        return f"{text} for {self.pattern}" if self.pattern else text

    def at_most(self) -> frozenset[Need]:
        """Return the needs in all versions and on all stacks; every need if a function decides."""
        if self.expression is None:
            return frozenset(Need)
        return parse_expression(self.expression).at_most()

    def at_least(self) -> frozenset[Need]:
        """Return the needs that all versions have on all stacks; every need for a function."""
        if self.expression is None:
            return frozenset(Need)
        return parse_expression(self.expression).at_least()


def propose_default(package: NormalizedName) -> Proposal:
    """Propose the shipped override, or :data:`DEFAULT` without one.

    Raises:
        PluginError: the shipped override does not load.
    """
    if (shipped := ShippedOverride.of(package)) is None:
        return Proposal(expression=DEFAULT)
    evidence = (shipped.docstring,)
    return Proposal(expression=None, evidence=evidence, redundant=_redundant(package, shipped))


def propose_given(package: NormalizedName, expression: str) -> Proposal:
    """Propose the expression of the user.

    Raises:
        NeedsError: the expression cannot be read, or makes torch depend on itself.
        PluginError: the shipped override does not load.
    """
    shipped = ShippedOverride.of(package)
    needs = parse_expression(expression)
    if shipped and shipped.expression and parse_expression(shipped.expression) == needs:
        return Proposal(expression=expression, redundant=_redundant(package, shipped))
    return _proposal(package, expression, shipped)


def propose_from_wheel(
    facts: WheelFacts, source: str, lowest: DeclaredTorch | None = None
) -> Proposal:
    """Propose what a wheel shows by its libraries, its device code and its symbols.

    A wheel that uses only the stable ABI of Torch does not depend on one Torch version, if it loads
    with every Torch that the settings declare. A build for another accelerator can need more than
    this wheel, so a shipped override is kept that can need as much, in any version.

    Args:
        facts: the content of the wheel.
        source: its file or requirement, for messages.
        lowest: the lowest Torch that the settings declare; None if that is unknown.

    Raises:
        InputError: a part of the wheel could not be read, and could show more.
        NeedsError: the wheel makes torch depend on itself.
        PluginError: the shipped override does not load.
    """
    shipped, evidence = ShippedOverride.of(facts.name), tuple(evidence_in(facts, lowest))
    redundant = _redundant(facts.name, shipped)
    if facts.purelib:
        return Proposal(expression=None, evidence=evidence, redundant=redundant)
    _refuse_unread(facts, needs_of(facts), source)
    loads, version = _loads(facts), lowest.version if lowest else None
    seen, given = needs_of(facts, loads, version), frozenset[Need]()
    if shipped:
        given = shipped.at_least() if excludes(facts, loads, version) else shipped.at_most()
    if shipped and seen <= given:
        expression = simple_expression(seen)
        return Proposal(expression=expression, evidence=evidence, redundant=redundant)
    return _proposal(facts.name, simple_expression(seen | given), shipped, evidence)


def _proposal(
    package: NormalizedName,
    expression: str,
    shipped: ShippedOverride | None,
    evidence: Sequence[str] = (),
) -> Proposal:
    """Propose an expression that is not the shipped override's.

    Raises:
        NeedsError: it cannot be read, or makes torch depend on itself.
    """
    needs = parse_expression(expression).at_most()
    if Need.TORCH in needs and package == "torch":
        raise NeedsError(
            f"{expression!r} makes torch depend on itself: its own version is the Torch ABI; "
            "remove 'torch'"
        )
    return Proposal(
        expression=expression,
        evidence=evidence,
        redundant="" if needs or shipped else _redundant(package, shipped),
        replaces=f"the shipped override ({shipped})" if shipped else "",
    )


def _redundant(package: NormalizedName, shipped: ShippedOverride | None) -> str:
    """Return why nothing has to be written, and what to do if the override is wrong."""
    if shipped is None:
        return f"nothing to write: wheels of {package} get only the distribution segment anyway"
    return (
        f"nothing to write: the shipped override of {package} is {shipped}; "
        "--depends-on EXPRESSION replaces it"
    )


def _loads(facts: WheelFacts) -> TorchLoads | None:
    """Return with which Torch a wheel loads; None if it imports nothing of Torch."""
    return compare(facts.torch_imports, shipped_table()) if facts.torch_imports else None


def evidence_in(facts: WheelFacts, lowest: DeclaredTorch | None = None) -> Iterator[str]:
    """Yield what a wheel shows of its dependencies, and what it does not show.

    Args:
        facts: the content of the wheel.
        lowest: as for :func:`propose_from_wheel`.
    """
    for use in facts.uses:
        stack = use.accelerator.value
        label = f"{stack}, not used" if facts.is_incidental else stack
        yield from _lines(label, use.evidence)
    for use in facts.hints:
        yield from _lines(f"{use.accelerator.value}, not proven", use.evidence)
    abi = facts.torch.abi
    label = "Torch" if abi is TorchAbi.LINKED else f"Torch, {abi} ABI"
    yield from _lines(label, facts.torch.evidence)
    if loads := _loads(facts):
        yield f"it {loads}"
    if loads and lowest and excludes(facts, loads, lowest.version):
        how = "does not load" if loads.minimum else "is not known to load"
        yield (
            f"the settings declare {lowest}, with which it {how}: without a Torch segment, "
            "its name would fit that Torch, too; keep 'torch', or compile it with a lower "
            "TORCH_TARGET_VERSION"
        )
    if facts.purelib:
        yield "it is a purelib wheel, which gets no segments, whatever it contains"
    elif not facts.uses and not facts.torch.evidence and not list(_unread(facts)):
        yield f"no library in it needs an accelerator or Torch ({facts.libraries:,} checked)"
    if facts.is_incidental and not facts.purelib:
        yield "nothing in it needs the accelerator: add 'accelerator' if it does not work without"
    if facts.hints and not facts.purelib:
        yield "it may load an accelerator at run time: add 'accelerator' if it needs one"
    yield from facts.notes
    if abi is TorchAbi.LINKED:
        yield "it links libtorch, but imports no symbol that shows which ABI"
    if facts.purelib and facts.hosts:
        machines = ", ".join(dict.fromkeys(each.machine for each in facts.hosts))
        yield f"its tag fits any platform, but it contains libraries for {machines}"
    if facts.unexplained and not facts.purelib and not facts.needed_accelerators:
        yield f"external libraries not recognized: {first_few(facts.unexplained)}"


def _lines(what: str, evidence: Sequence[Evidence]) -> Iterator[str]:
    yield from (f"{what}: {each}" for each in evidence[:_MOST])
    if (more := len(evidence) - _MOST) > 0:
        yield f"{what}: {more:,} more like these"


def _refuse_unread(facts: WheelFacts, seen: frozenset[Need], source: str) -> None:
    """Refuse a wheel that was not read completely, unless it shows every need anyway."""
    unread = list(_unread(facts))
    if Need.ACCELERATOR not in seen:
        unread += [
            f"{each} has no section headers, which would show device code"
            for each in facts.without_sections
        ]
    if unread and len(seen) < len(Need):
        raise InputError(
            f"{source!r} does not show the dependencies of {facts.name}: "
            f"{first_few(unread, _MOST, separator='; ')}; declare them with --depends-on"
        )


def _unread(facts: WheelFacts) -> Iterator[str]:
    yield from (f"{each.member} could not be read ({each.reason})" for each in facts.unread)
    if not facts.libraries and not facts.unread:
        yield "it contains no library"


def read_source(package: NormalizedName, source: str) -> WheelFacts:
    """Read a wheel of *package*: a file, or a published wheel that pip downloads.

    Raises:
        InputError: *source* is neither, is of another package, or pip provides no wheel.
        WheelError: the wheel cannot be read.
    """
    if source.endswith(".whl") and "://" not in source:
        facts = read_wheel(pathlib.Path(source))
        if facts.name != package:
            raise InputError(f"{source!r} is a wheel of {facts.name}, not of {package}")
        return facts
    with tempfile.TemporaryDirectory(prefix="build-tags-") as folder:
        return read_wheel(fetch_wheel(_pinned(package, source), pathlib.Path(folder)))


def _pinned(package: NormalizedName, text: str) -> str:
    """Return a pinned requirement; refuse all others, such as URLs, whose code pip would run."""
    with contextlib.suppress(ValueError):  # InvalidVersion is one
        name, version = text.split("==")
        if canonicalize_name(name.strip()) == package:
            return f"{package}=={Version(version)}"
    raise InputError(
        f"{text!r} is neither a wheel file, which ends with .whl, nor a pinned version of the "
        f"package, such as {package}==1.0"
    )


def fetch_wheel(
    requirement: str, folder: pathlib.Path, options: Sequence[str] = ()
) -> pathlib.Path:
    """Download the wheel of a pinned requirement with pip, without its dependencies.

    pip is the ordinary client, and has the user's configuration of indexes. It imports nothing
    from the working folder, which can contain a stranger's ``pip.py``.

    Args:
        requirement: such as ``torchvision==0.29.1``.
        folder: an empty folder for the wheel.
        options: more options of ``pip download``, such as ``--platform``.

    Raises:
        InputError: pip is not installed, or provides no wheel.
    """
    command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--no-cache-dir", "--dest", ".", *options]
    run = subprocess.run(
        [*command, "--", requirement], cwd=folder, capture_output=True, text=True, check=False
    )
    wheels = sorted(folder.glob("*.whl"))
    if run.returncode or not wheels:
        *_, reason = run.stderr.strip().splitlines() or ["no message from pip"]
        raise InputError(f"pip provides no wheel for {requirement!r}: {reason}")
    return wheels[0]
