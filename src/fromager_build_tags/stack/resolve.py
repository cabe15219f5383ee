"""Reconcile what is declared with what is observed.

Each fact is taken from the first that has it: an explicit variable, the variant's file, this
machine. File and machine have to agree, compared as segments. A family's file lists several
stacks: the one is taken that agrees with what is explicit and observed.
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
from .facts import Declaration, DeclaredStack, Fact, Missing
from .machine import NO_MACHINE, Machine
from .stack import Stack
from .variables import FACTS, IMAGE_VARIABLES, explicit_variable
from .versions import Precision, agree, allows, is_exact, more_precise


def reconcile(declaration: Declaration, machine: Machine) -> Stack:
    """Return the one stack that wheels are built for on *machine*.

    Raises:
        StackError: file and machine contradict each other; or none, or more than one, of a
            family's stacks agrees with what is explicit and observed.
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
    """Return every stack that is declared, no machine asked; explicit variables choose.

    Raises:
        StackError: a file contradicts itself, or no stack of the family agrees with the
            explicit variables.
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
    """Reconcile one declared stack, and collect everything that contradicts it."""
    hearing = _Hearing(declaration=declaration, declared=declared, machine=machine)
    accelerator = hearing.accelerator()
    stack = Stack(
        variant=declaration.variant,
        place=declared.place,
        distro=hearing.distro(),
        accelerator=accelerator,
        accelerator_version=hearing.accelerator_version(accelerator),
        torch_version=hearing.version("torch_version", declared.precision),
        torch_precision=declared.precision,
    )
    return stack, hearing.conflicts


@dataclass(frozen=True, kw_only=True, slots=True)
class _Conflict:
    text: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.text}: {self.remedy}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Hearing:
    """Hear every witness of each fact of one declared stack."""

    declaration: Declaration
    declared: DeclaredStack
    machine: Machine
    conflicts: list[_Conflict] = field(default_factory=list)

    def distro(self) -> Fact[str] | Missing:
        observed = [self.machine.distro] if self.machine.distro else []
        reason = f"{self.machine.no_distro}; "
        return self._choose("distro", observed, operator.eq, _first, reason=reason)

    def accelerator(self) -> Fact[str] | Missing:
        """Return the accelerator: in so many words, by the name, or by the only version."""
        declared, explicit = self.declared.facts, self.declaration.explicit
        if "accelerator" in declared or "accelerator" in explicit:
            return self._choose("accelerator", [], operator.eq, _first)
        variant = self.declaration.variant
        if word := accelerators.told_by_name(variant):
            return Fact(value=word, source=f"the name of variant {variant!r}")
        for said in (declared, explicit, self.machine.facts()):
            if told := accelerators.told_by_version_key(said):
                word, key = told
                return Fact(value=word, source=said[key].source)
        both = " and ".join(fact.source for fact in self.machine.facts(_GPU_KEYS).values())
        reason = f"{both} tell different ones; " if both else "the name does not tell it; "
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
            observed = self.machine.versions(key)
        except SettingsError as err:
            if key not in self.declaration.explicit:
                return self._garbled(key, str(err))
            observed = ()
        agrees = functools.partial(agree, precision=precision)
        fact = self._choose(key, observed, agrees, more_precise)
        if key == "torch_version" and isinstance(fact, Fact):
            self._check_constraint(fact)
        return fact

    def _check_constraint(self, torch: Fact[Version]) -> None:
        """Hear the constraints that pin no version, yet may forbid the one that is chosen."""
        if "torch_version" in self.declaration.explicit:
            return
        ranges = [each for each in self.machine.torch if not is_exact(each)]
        for each in ranges:
            if not allows(each, torch.value):
                self.conflicts.append(
                    _Conflict(
                        text=f"the {FACTS['torch_version']} is {torch}, yet the constraint "
                        f"torch{each} forbids it",
                        remedy=f"correct one of them, or set {explicit_variable('torch_version')}",
                    )
                )

    def _choose[T](
        self,
        key: str,
        observed: Sequence[Fact[T]],
        agrees: Callable[[T, T], bool],
        refine: Callable[[T, T], T],
        *,
        reason: str = "",
    ) -> Fact[T] | Missing:
        explicit, declared = self.declaration.explicit.get(key), self.declared.facts.get(key)
        if explicit is not None:
            if self.declaration.is_family and declared is not None:
                self._check(key, declared, explicit, agrees)
            return _after(explicit, [declared, *observed], "is beaten by the explicit variable")
        witnesses = [fact for fact in (declared, *observed) if fact is not None]
        if not witnesses:
            return self._missing(key, reason)
        best = witnesses[0]
        for witness in witnesses[1:]:
            self._check(key, best, witness, agrees)
            best = best if refine(best.value, witness.value) is best.value else witness
        return _after(best, [fact for fact in witnesses if fact is not best], "agrees")

    def _check[T](
        self, key: str, one: Fact[T], other: Fact[T], agrees: Callable[[T, T], bool]
    ) -> None:
        if not agrees(one.value, other.value):
            self.conflicts.append(
                _Conflict(
                    text=f"the {FACTS[key]} is {one}, yet {other}",
                    remedy=f"correct one of them, or set {explicit_variable(key)}",
                )
            )

    def _check_keys(self, accelerator: Fact[str]) -> None:
        misplaced = accelerators.misplaced_version_key(accelerator.value, self.declared.facts)
        if misplaced:
            own = accelerators.version_key(accelerator.value)
            self.conflicts.append(
                _Conflict(
                    text=f"{self.declared.facts[misplaced].source} gives {misplaced}, "
                    f"yet the accelerator is {accelerator}",
                    remedy=f"use {own}" if own else "remove it",
                )
            )

    def _garbled(self, key: str, message: str) -> Missing:
        if declared := self.declared.facts.get(key):
            text, _, remedy = message.partition(": ")
            self.conflicts.append(
                _Conflict(text=f"{text}, yet {declared} has to agree with it", remedy=remedy)
            )
        return Missing(message=message)

    def _missing(self, key: str, reason: str = "") -> Missing:
        image = IMAGE_VARIABLES.get(key)
        variables = f"{explicit_variable(key)} or {image}" if image else explicit_variable(key)
        return Missing(
            message=f"the {FACTS[key]} of variant {self.declaration.variant!r} is not known: "
            f"{reason}set {variables}, or {key} in {self.declaration.file}"
        )


_GPU_KEYS: Final = ("cuda_version", "rocm_version")


def _first[T](one: T, other: T) -> T:
    return one


def _after[T](chosen: Fact[T], others: Sequence[Fact[T] | None], why: str) -> Fact[T]:
    """Return the chosen fact with a note on each witness that was heard and not used."""
    notes = tuple(f"{other} {why}" for other in others if other is not None)
    return replace(chosen, unused=notes)


def _none_fits(declaration: Declaration, attempts: Sequence[_Attempt]) -> str:
    reasons = "; ".join(
        f"{stack.place}: " + ", and ".join(conflict.text for conflict in conflicts)
        for stack, conflicts in attempts
    )
    return (
        f"no stack of {declaration.file} agrees with what is set and observed: {reasons}: "
        "build elsewhere, or add a stack"
    )


def _several_fit(declaration: Declaration, fitting: Sequence[Stack]) -> str:
    stacks = "; ".join(f"{stack.place}: {stack}" for stack in fitting)
    places = {stack.place for stack in fitting}
    facts = [stack.facts for stack in declaration.stacks if stack.place in places]
    keys = [
        key
        for key in FACTS
        if len({str(said[key].value) if key in said else "" for said in facts}) > 1
    ]
    remedy = (
        f"set {' or '.join(map(explicit_variable, keys))} to choose one"
        if keys
        else "remove all but one"
    )
    return (
        f"{len(fitting)} stacks of {declaration.file} agree with what is set and observed: "
        f"{stacks}: {remedy}"
    )
