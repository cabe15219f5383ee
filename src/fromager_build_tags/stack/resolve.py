"""Resolve a stack: choose each fact among explicit variable, declaration and machine.

The first that has a fact provides it: an explicit variable, the variant's file, this machine.
File and machine have to agree, compared as segments. A file with a list of stacks provides the
one that agrees with the explicit variables and the machine.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from packaging.version import Version

from ..errors import SettingsError, StackError
from . import accelerator as accelerators
from .fact import FACTS, IMAGE_VARIABLES, Declaration, DeclaredStack, Fact, Missing
from .fact import explicit_variable as variable_of
from .machine import NO_MACHINE, Machine
from .stack import Stack
from .versions import Precision, agree, allows, is_exact, more_precise


def resolve(declaration: Declaration, machine: Machine) -> Stack:
    """Return the one stack that wheels are built for on *machine*.

    Raises:
        StackError: file and machine conflict; or of a list of stacks, none or more than one
            agrees with the explicit variables and the machine.
    """
    attempts = [_attempt(declaration, declared, machine) for declared in declaration.stacks]
    if not declaration.is_family:
        stack, conflicts = attempts[0]
        if conflicts:
            raise StackError("; ".join(map(str, conflicts)))
        return stack
    fitting = [stack for stack, conflicts in attempts if not conflicts]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise StackError(_several_fit(declaration, fitting))
    raise StackError(_none_fits(declaration, attempts))


def declared_stacks(declaration: Declaration) -> tuple[Stack, ...]:
    """Return every declared stack that agrees with the explicit variables; no machine is read.

    Raises:
        StackError: a file conflicts with itself, or no stack agrees with the explicit variables.
    """
    attempts = [_attempt(declaration, declared, NO_MACHINE) for declared in declaration.stacks]
    fitting = tuple(stack for stack, conflicts in attempts if not conflicts)
    if fitting:
        return fitting
    if declaration.is_family:
        raise StackError(_none_fits(declaration, attempts))
    raise StackError("; ".join(map(str, attempts[0][1])))


type _Attempt = tuple[Stack, Sequence[_Conflict]]


def _attempt(declaration: Declaration, declared: DeclaredStack, machine: Machine) -> _Attempt:
    """Resolve one declared stack, and collect all conflicts."""
    resolver = _Resolver(declaration=declaration, declared=declared, machine=machine)
    accelerator = resolver.accelerator()
    stack = Stack(
        variant=declaration.variant,
        place=declared.place,
        distro=resolver.distro(),
        accelerator=accelerator,
        accelerator_version=resolver.accelerator_version(accelerator),
        torch_version=resolver.version("torch_version", declared.precision),
        torch_precision=declared.precision,
    )
    return stack, resolver.conflicts


@dataclass(frozen=True, kw_only=True, slots=True)
class _Conflict:
    text: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.text}: {self.remedy}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Resolver:
    """Chooses each fact of one declared stack, and collects the conflicts."""

    declaration: Declaration
    declared: DeclaredStack
    machine: Machine
    conflicts: list[_Conflict] = field(default_factory=list)

    def distro(self) -> Fact[str] | Missing:
        detected = [self.machine.distro] if self.machine.distro else []
        reason = f"{self.machine.no_distro}; "
        return self._choose("distro", detected, operator.eq, _first, reason=reason)

    def accelerator(self) -> Fact[str] | Missing:
        """Return the accelerator: a fact of its own, by the name, or by the only version."""
        declared, explicit = self.declared.facts, self.declaration.explicit
        if "accelerator" in declared or "accelerator" in explicit:
            return self._choose("accelerator", [], operator.eq, _first)
        variant = self.declaration.variant
        if word := accelerators.in_variant_name(variant):
            return Fact(value=word, source=f"the name of variant {variant!r}")
        for facts in (declared, explicit, self.machine.facts()):
            if found := accelerators.of_version_key(facts):
                word, key = found
                return Fact(value=word, source=facts[key].source)
        both = " and ".join(str(fact.source) for fact in self.machine.facts(_GPU_KEYS).values())
        reason = f"{both} name different ones; " if both else "its name contains none; "
        return self._missing("accelerator", reason)

    def accelerator_version(
        self, accelerator: Fact[str] | Missing
    ) -> Fact[Version] | Missing | None:
        if isinstance(accelerator, Missing):
            return accelerator
        if self.declaration.is_family or "accelerator" not in self.declaration.explicit:
            self._check_keys(accelerator)
        key = accelerators.version_key(accelerator.value)
        if key is None:
            return None
        fact = self.version(key, Precision.MINOR)
        if isinstance(fact, Missing) and not accelerators.must_have_version(accelerator.value):
            return None
        return fact

    def version(self, key: str, precision: Precision) -> Fact[Version] | Missing:
        """Return the version under *key*, the most precise of those that agree."""
        try:
            detected = self.machine.versions(key)
        except SettingsError as err:
            if key not in self.declaration.explicit:
                return self._unreadable(key, str(err))
            detected = ()
        agrees = functools.partial(agree, precision=precision)
        fact = self._choose(key, detected, agrees, more_precise)
        if key == "torch_version" and isinstance(fact, Fact):
            self._check_constraint(fact)
        return fact

    def _check_constraint(self, torch: Fact[Version]) -> None:
        """Check the constraints that pin no version, yet may forbid the chosen one."""
        if "torch_version" in self.declaration.explicit:
            return
        for each in self.machine.torch:
            if not is_exact(each) and not allows(each, torch.value):
                text = f"the {FACTS['torch_version']} is {torch}, yet the constraint torch{each}"
                self._add_conflict(f"{text} forbids it", "torch_version")

    def _choose[T](
        self,
        key: str,
        detected: Sequence[Fact[T]],
        agrees: Callable[[T, T], bool],
        refine: Callable[[T, T], T],
        *,
        reason: str = "",
    ) -> Fact[T] | Missing:
        explicit, declared = self.declaration.explicit.get(key), self.declared.facts.get(key)
        if explicit is not None:
            if self.declaration.is_family and declared is not None:
                self._check(key, declared, explicit, agrees)
            others = [declared, *detected]
            return _with_unused(explicit, others, "the explicit variable takes precedence")
        facts = [fact for fact in (declared, *detected) if fact is not None]
        if not facts:
            return self._missing(key, reason)
        best = facts[0]
        for fact in facts[1:]:
            self._check(key, best, fact, agrees)
            best = best if refine(best.value, fact.value) is best.value else fact
        return _with_unused(best, [fact for fact in facts if fact is not best], "it agrees")

    def _check[T](
        self, key: str, one: Fact[T], other: Fact[T], agrees: Callable[[T, T], bool]
    ) -> None:
        if not agrees(one.value, other.value):
            self._add_conflict(f"the {FACTS[key]} is {one}, yet {other}", key)

    def _add_conflict(self, text: str, key: str) -> None:
        remedy = f"correct one of them, or set {variable_of(key)}"
        self.conflicts.append(_Conflict(text=text, remedy=remedy))

    def _check_keys(self, accelerator: Fact[str]) -> None:
        misplaced = accelerators.misplaced_version_key(accelerator.value, self.declared.facts)
        if misplaced:
            own = accelerators.version_key(accelerator.value)
            text = (
                f"{self.declared.facts[misplaced].source} sets {misplaced}, "
                f"yet the accelerator is {accelerator}"
            )
            remedy = f"use {own}" if own else "remove it"
            self.conflicts.append(_Conflict(text=text, remedy=remedy))

    def _unreadable(self, key: str, message: str) -> Missing:
        if declared := self.declared.facts.get(key):
            text, _, remedy = message.partition(": ")
            self.conflicts.append(
                _Conflict(text=f"{text}, yet {declared} has to agree with it", remedy=remedy)
            )
        return Missing(message=message)

    def _missing(self, key: str, reason: str = "") -> Missing:
        image = IMAGE_VARIABLES.get(key)
        variables = f"{variable_of(key)} or {image}" if image else variable_of(key)
        return Missing(
            message=f"the {FACTS[key]} of variant {self.declaration.variant!r} is unknown: "
            f"{reason}set {variables}, or {key} in {self.declaration.file}"
        )


_GPU_KEYS: Final = ("cuda_version", "rocm_version")


def _first[T](one: T, other: T) -> T:
    return one


def _with_unused[T](chosen: Fact[T], others: Sequence[Fact[T] | None], reason: str) -> Fact[T]:
    """Return the chosen fact with a note on each of the others."""
    notes = tuple(f"{other}: {reason}" for other in others if other is not None)
    return replace(chosen, unused=notes)


def _none_fits(declaration: Declaration, attempts: Sequence[_Attempt]) -> str:
    reasons = "; ".join(
        f"{stack.place}: " + ", and ".join(conflict.text for conflict in conflicts)
        for stack, conflicts in attempts
    )
    return (
        f"no stack of {declaration.file} agrees with the variables and this machine: {reasons}: "
        "build on another machine, or add a stack"
    )


def _several_fit(declaration: Declaration, fitting: Sequence[Stack]) -> str:
    stacks = "; ".join(f"{stack.place}: {stack}" for stack in fitting)
    places = {stack.place for stack in fitting}
    facts = [stack.facts for stack in declaration.stacks if stack.place in places]
    keys = [
        key
        for key in FACTS
        if len({str(each[key].value) if key in each else "" for each in facts}) > 1
    ]
    remedy = f"set {' or '.join(map(variable_of, keys))}" if keys else "remove all but one"
    return (
        f"{len(fitting)} stacks of {declaration.file} agree with the variables and this machine: "
        f"{stacks}: {remedy}"
    )
