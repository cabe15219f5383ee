"""Resolve a stack: choose each fact among explicit variable, declaration and machine.

The first that has a fact provides it: an explicit variable, the variant's file, this machine.
File and machine have to agree, compared as segments. A file with a list of stacks provides the
one that agrees with the explicit variables and the machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from packaging.version import Version

from ..errors import SettingsError, StackError
from ..tag.segment import KNOWN_ACCELERATORS
from .fact import (
    FACTS,
    IMAGE_VARIABLES,
    VERSION_KEYS,
    Declaration,
    DeclaredStack,
    Fact,
    Missing,
    Precision,
    agree,
    allows,
    explicit_variable,
    is_exact,
)
from .machine import NO_MACHINE, Machine
from .stack import Stack


def resolve(declaration: Declaration, machine: Machine) -> Stack:
    """Return the one stack that wheels are built for on *machine*.

    Raises:
        StackError: file and machine conflict; or of a list of stacks, none or more than one
            agrees with the explicit variables and the machine.
    """
    fitting = _fitting(declaration, machine)
    if len(fitting) > 1:
        raise StackError(_several_fit(declaration, fitting))
    return fitting[0]


def declared_stacks(declaration: Declaration) -> tuple[Stack, ...]:
    """Return every declared stack that agrees with the explicit variables; no machine is read.

    Raises:
        StackError: a file conflicts with itself, or no stack agrees with the explicit variables.
    """
    return _fitting(declaration, NO_MACHINE)


def _fitting(declaration: Declaration, machine: Machine) -> tuple[Stack, ...]:
    """Return the declared stacks without a conflict, of which there has to be one."""
    _refuse_other_names(declaration)
    resolvers = [
        _Resolver(declaration=declaration, declared=declared, machine=machine)
        for declared in declaration.stacks
    ]
    stacks = [(resolver.stack(), resolver.conflicts) for resolver in resolvers]
    if fitting := tuple(stack for stack, conflicts in stacks if not conflicts):
        if "accelerator" not in declaration.explicit:
            _refuse_other_archs(fitting)
        return fitting
    if not declaration.is_family:
        raise StackError("; ".join(f"{text}: {remedy}" for text, remedy in resolvers[0].conflicts))
    reasons = "; ".join(
        f"{stack.place}: " + ", and ".join(text for text, _ in conflicts)
        for stack, conflicts in stacks
    )
    raise StackError(
        f"no stack of {declaration.file} agrees with the variables and this machine: {reasons}: "
        "build on another machine, or add a stack"
    )


def _refuse_other_names(declaration: Declaration) -> None:
    """Refuse a stack that contradicts its variant's name, even if another one of the file fits."""
    conflicts = [
        _conflict(key, fact, named)
        for stack in declaration.stacks
        for key, named in declaration.named.items()
        if (fact := stack.facts.get(key)) and key not in declaration.explicit
        if not agree(fact.value, named.value, stack.precision_of(key))
    ]
    if conflicts:
        raise StackError("; ".join(f"{text}: {remedy}" for text, remedy in conflicts))


def _refuse_other_archs(stacks: Iterable[Stack]) -> None:
    """Refuse GPU architectures that the accelerator of their stack does not have."""
    conflicts = [
        f"{stack.place}: gpu_archs has {arch.text!r}, yet the accelerator is {stack.accelerator}: "
        f"{_ARCH_REMEDY.get(stack.accelerator.value, 'remove gpu_archs')}"
        for stack in stacks
        if isinstance(stack.accelerator, Fact)
        for arch in stack.gpu_archs
        if arch.accelerator != stack.accelerator.value
    ]
    if conflicts:
        raise StackError("; ".join(conflicts))


_ARCH_REMEDY: Final = {
    "cuda": "use those of cuda, such as sm_90",
    "rocm": "use those of rocm, such as gfx942",
}


def _conflict(key: str, one: object, other: object) -> tuple[str, str]:
    text = f"the {FACTS[key]} is {one}, yet {other}"
    return text, _REMEDY.format(explicit_variable(key))


_REMEDY: Final = "correct one of them, or set {}"


def _several_fit(declaration: Declaration, fitting: Sequence[Stack]) -> str:
    stacks = "; ".join(f"{stack.place}: {stack}" for stack in fitting)
    places = {stack.place for stack in fitting}
    facts = [stack.facts for stack in declaration.stacks if stack.place in places]
    keys = [
        key
        for key in FACTS
        if len({str(each[key].value) if key in each else "" for each in facts}) > 1
    ]
    remedy = f"set {' or '.join(map(explicit_variable, keys))}" if keys else "remove all but one"
    return (
        f"{len(fitting)} stacks of {declaration.file} agree with the variables and this machine: "
        f"{stacks}: {remedy}"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Resolver:
    """Chooses each fact of one declared stack, and collects conflicts, each with its remedy."""

    declaration: Declaration
    declared: DeclaredStack
    machine: Machine
    conflicts: list[tuple[str, str]] = field(default_factory=list)

    def stack(self) -> Stack:
        accelerator = self._accelerator()
        detected = [self.machine.distro] if self.machine.distro else []
        stack = Stack(
            variant=self.declaration.variant,
            place=self.declared.place,
            distro=self._choose("distro", detected, reason=f"{self.machine.no_distro}; "),
            accelerator=accelerator,
            accelerator_version=self._accelerator_version(accelerator),
            torch_version=self._torch_version(),
            torch_precision=self.declared.precision,
            gpu_archs=self.declared.gpu_archs,
        )
        self._check_local_parts(stack)
        return stack

    def _accelerator(self) -> Fact[str] | Missing:
        """Return the accelerator: a fact of its own, by the name, or by the only version."""
        declared, explicit = self.declared.facts, self.declaration.explicit
        if "accelerator" in declared or "accelerator" in explicit:
            return self._choose("accelerator", [])
        variant = self.declaration.variant
        name = re.split(r"[\d._-]", variant, maxsplit=1)[0]
        if name in KNOWN_ACCELERATORS:
            return Fact(value=name, source=f"the name of variant {variant!r}")
        sources: dict[str, str] = {}
        for facts in (self.declaration.named, declared, explicit, self.machine.variables):
            sources = {
                word: str(facts[key].source) for word, key in VERSION_KEYS.items() if key in facts
            }
            if len(sources) == 1:
                [(word, source)] = sources.items()
                return Fact(value=word, source=source)
        both = " and ".join(sources.values())
        reason = f"{both} name different ones; " if both else "its name contains none; "
        return self._missing("accelerator", reason)

    def _accelerator_version(
        self, accelerator: Fact[str] | Missing
    ) -> Fact[Version] | Missing | None:
        if isinstance(accelerator, Missing):
            return accelerator
        word = accelerator.value
        own = "" if word == "cpu" else VERSION_KEYS.get(word, "accelerator_version")
        if self.declaration.is_family or "accelerator" not in self.declaration.explicit:
            self._check_version_keys(accelerator, own)
        fact = self._version(own, Precision.MINOR) if own else None
        is_optional = word not in VERSION_KEYS
        return None if isinstance(fact, Missing) and is_optional else fact

    def _check_version_keys(self, accelerator: Fact[str], own: str) -> None:
        for key in (*VERSION_KEYS.values(), "accelerator_version"):
            if key != own and (other := self.declared.facts.get(key)):
                text = f"{other.source} sets {key}, yet the accelerator is {accelerator}"
                self.conflicts.append((text, f"use {own}" if own else "remove it"))
            elif key != own and (other := self.declaration.named.get(key)):
                text = f"{other.source} contains {key}, yet the accelerator is {accelerator}"
                self.conflicts.append((text, "correct one of them"))

    def _torch_version(self) -> Fact[Version] | Missing:
        """Return the version of Torch, which the constraints that pin none may forbid, too."""
        torch = self._version("torch_version", self.declared.precision)
        if isinstance(torch, Fact) and "torch_version" not in self.declaration.explicit:
            for each in self.machine.torch:
                if not is_exact(each) and not allows(each, torch.value):
                    other = f"the constraint torch{each} forbids it"
                    self.conflicts.append(_conflict("torch_version", torch, other))
        return torch

    def _check_local_parts(self, stack: Stack) -> None:
        """Check that each ``2.9.1+cu130`` is a Torch for the accelerator of the stack."""
        key = "torch_version"
        if explicit := self.declaration.explicit.get(key):
            facts = [explicit]
        elif isinstance(stack.torch_version, Fact):
            facts = [*filter(None, [self.declared.facts.get(key)]), *self.machine.versions(key)]
        else:
            return
        for torch in facts:
            if other := stack.other_accelerator(torch.value):
                version = stack.accelerator_version
                known = isinstance(version, Fact)
                own = f"{stack.accelerator_word()}{version}" if known else stack.accelerator
                text = f"the accelerator is {own}, yet Torch {torch} is for {other}"
                self.conflicts.append((text, _REMEDY.format(explicit_variable(key))))

    def _version(self, key: str, precision: Precision) -> Fact[Version] | Missing:
        """Return the version under *key*, the most precise of those that agree."""
        detected: Sequence[Fact[Version]] = ()
        try:
            detected = self.machine.versions(key)
        except SettingsError as err:
            if key not in self.declaration.explicit:
                if declared := self.declared.facts.get(key):
                    text, _, remedy = str(err).partition(": ")
                    self.conflicts.append((f"{text}, yet {declared} has to agree with it", remedy))
                return Missing(message=str(err))
        return self._choose(key, detected, precision)

    def _choose(
        self,
        key: str,
        detected: Sequence[Fact[Any]],
        precision: Precision | None = None,
        *,
        reason: str = "",
    ) -> Fact[Any] | Missing:
        """Return the fact under *key*; the facts are versions if there is a *precision*."""
        explicit, declared = self.declaration.explicit.get(key), self.declared.facts.get(key)
        named = self.declaration.named.get(key)
        facts = [fact for fact in (declared, named, *detected) if fact is not None]
        if explicit is not None:
            if self.declaration.is_family and declared is not None:
                self._check(key, declared, explicit, precision)
            return _with_unused(explicit, facts, "the explicit variable takes precedence")
        if not facts:
            return self._missing(key, reason)
        best = facts[0]
        for fact in facts[1:]:
            self._check(key, best, fact, precision)
            if precision and len(fact.value.release) > len(best.value.release):
                best = fact
        return _with_unused(best, [fact for fact in facts if fact is not best], "it agrees")

    def _check(
        self, key: str, one: Fact[Any], other: Fact[Any], precision: Precision | None
    ) -> None:
        if precision:
            agrees = agree(one.value, other.value, precision)
        else:  # the distribution el9 agrees with el9.6
            agrees = f"{other.value}.".startswith(f"{one.value}.")
        if not agrees:
            self.conflicts.append(_conflict(key, one, other))

    def _missing(self, key: str, reason: str) -> Missing:
        image = IMAGE_VARIABLES.get(key)
        variables = f"{explicit_variable(key)} or {image}" if image else explicit_variable(key)
        return Missing(
            message=f"the {FACTS[key]} of variant {self.declaration.variant!r} is unknown: "
            f"{reason}set {variables}, or {key} in {self.declaration.file}"
        )


def _with_unused(chosen: Fact[Any], others: Sequence[Fact[Any]], reason: str) -> Fact[Any]:
    """Return the chosen fact with a note on each of the others."""
    return replace(chosen, unused=tuple(f"{other}: {reason}" for other in others))
