"""Of a wheel's content: what it links, against what its name tells."""

from __future__ import annotations

from collections.abc import Iterator

from ...index import Index
from ...segment import Order
from ...standing import Wheel
from ...wheel import TorchAbi, WheelError, WheelFacts, read_facts
from ...wheelname import told
from ..catalogue import index as rules
from ..finding import Finding, Place


def check_content(index: Index, wheel: Wheel) -> Iterator[Finding]:
    """Read a wheel of an index, and yield what its name does not tell."""
    try:
        with index.open(wheel.file) as archive:
            facts = read_facts(archive)
    except WheelError as err:
        yield rules.UNREADABLE_WHEEL.finding(
            f"{wheel.file.filename} cannot be read: {err.reason}",
            subject=wheel.name.name,
            remedy="build or fetch it again",
            place=Place(file=wheel.file.location),
        )
        return
    for untold, proof, member in _untold(wheel, facts):
        yield rules.CONTENT_CONTRADICTS_NAME.finding(
            f"{wheel.file.filename} is tied to {untold}, which its name does not tell: {proof}",
            subject=wheel.name.name,
            remedy="say what the package depends on (fromager build-tags new), and build it again",
            place=Place(file=wheel.file.location, inside=member),
        )


def _untold(wheel: Wheel, facts: WheelFacts) -> Iterator[tuple[str, str, str]]:
    texts = told(wheel.name.suffix)
    accelerator = texts.get(Order.ACCELERATOR, "")
    uses = {str(use.accelerator): use.proofs[0] for use in facts.accelerators}
    if not any(accelerator.startswith(word) for word in uses):
        for word, proof in uses.items():
            yield word, proof.what, proof.member
    if (
        facts.torch.abi is TorchAbi.UNSTABLE
        and Order.TORCH not in texts
        and wheel.name.name != "torch"
    ):
        proof = facts.torch.proofs[0]
        yield "Torch's C++ ABI", proof.what, proof.member
