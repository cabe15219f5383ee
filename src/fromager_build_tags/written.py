"""The stacks of a variant file and their labels, as cheaply as a review needs them.

The models that check a variant file take longer to import than a whole review takes; what is
wrong with a file is theirs to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from . import accelerator as accelerators
from .segment import Order
from .stack import NOTHING_KNOWN
from .versions import Precision, parse_version, segment_text
from .yamlfile import Path, YamlFile

#: What the version of a fact is made of, at the end of its word.
VERSION: Final = "0123456789."
_NO_FACTS: Final = {"index", "stacks"}
_SHARED: Final = ("accelerator", "torch_precision")


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenStack:
    """One stack as it stands in a variant file.

    Attributes:
        path: where in the file it begins.
        facts: what it declares, as texts, by the file's keys.
        paths: where each of these stands.
        label: its facts, as segments spell them, and as the label of a lock does.
    """

    path: Path
    facts: Mapping[str, str]
    paths: Mapping[str, Path]
    label: str


def written_stacks(variant: str, file: YamlFile) -> list[WrittenStack]:
    """Return the stacks of a variant file; none of a file that declares nothing."""
    listed = file.data.get("stacks")
    if not isinstance(listed, list):
        alone = _stack(variant, (), file.data, {})
        return [alone] if alone.facts else []
    shared = {key: file.data[key] for key in _SHARED if key in file.data}
    return [
        _stack(variant, ("stacks", number), stack, shared)
        for number, stack in enumerate(listed)
        if isinstance(stack, Mapping)
    ]


def label_words(label: str) -> dict[Order, str]:
    """Return the facts of a label by their place: ``el9.6 rocm7.1 torch2.10.0`` has all three."""
    words: dict[Order, str] = {}
    for word in label.split() if label != NOTHING_KNOWN else ():
        if word.startswith("torch"):
            words[Order.TORCH] = word
        elif Order.DISTRIBUTION in words or word.rstrip(VERSION) in accelerators.KNOWN:
            words[Order.ACCELERATOR] = word
        else:
            words[Order.DISTRIBUTION] = word
    return words


def pair_stacks(
    old: Sequence[WrittenStack], new: Sequence[WrittenStack]
) -> list[tuple[WrittenStack | None, WrittenStack | None]]:
    """Pair stacks by what they are: those of the same label, then the most alike.

    Two of the same accelerator and version are more alike than two of the same distribution.
    """
    left, right = list(old), list(new)
    pairs: list[tuple[WrittenStack | None, WrittenStack | None]] = []
    while left and right:
        one, other = max(
            ((one, other) for one in left for other in right),
            key=lambda pair: _likeness(pair[0].label, pair[1].label),
        )
        pairs.append((one, other))
        left.remove(one)
        right.remove(other)
    return [*pairs, *((one, None) for one in left), *((None, one) for one in right)]


def _likeness(one: str, other: str) -> tuple[bool, bool, int]:
    words, others = label_words(one), label_words(other)
    alike = {place for place, word in words.items() if others.get(place) == word}
    return one == other, Order.ACCELERATOR in alike, len(alike)


def _stack(
    variant: str, path: Path, stack: Mapping[str, Any], shared: Mapping[str, Any]
) -> WrittenStack:
    facts: dict[str, str] = {}
    paths: dict[str, Path] = {}
    for above, said in (((), shared), (path, stack)):
        for key, value in said.items():
            if key not in _NO_FACTS and value is not None:
                facts[str(key)] = str(value)
                paths[str(key)] = (*above, str(key))
    label = " ".join(_words(variant, facts)) or NOTHING_KNOWN
    begins = path or next(iter(paths.values()), ())
    return WrittenStack(path=begins, facts=facts, paths=paths, label=label)


def _words(variant: str, facts: Mapping[str, str]) -> Iterator[str]:
    """Spell the facts that are known as :class:`~.stack.Stack` does."""
    if "distro" in facts:
        yield facts["distro"]
    if word := _accelerator(variant, facts):
        key = accelerators.version_key(word)
        if key is None or (key not in facts and not accelerators.must_have_version(word)):
            yield word
        elif not accelerators.must_have_version(word):
            yield word + facts[key]
        elif text := _spelled(facts.get(key), Precision.MINOR):
            yield word + text
    precision = Precision.MINOR if facts.get("torch_precision") == "minor" else Precision.PATCH
    if text := _spelled(facts.get("torch_version"), precision):
        yield f"torch{text}"


def _accelerator(variant: str, facts: Mapping[str, str]) -> str | None:
    if "accelerator" in facts:
        return facts["accelerator"]
    if told := accelerators.told_by_name(variant):
        return told
    by_key = accelerators.told_by_version_key(facts)
    return by_key[0] if by_key else None


def _spelled(version: str | None, precision: Precision) -> str | None:
    try:
        return segment_text(parse_version(version), precision) if version else None
    except ValueError:
        return None
