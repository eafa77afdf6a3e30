"""The linear layers of a network in eight bits: half the time for a draft, and a quarter of the memory.

Weights are rounded to 127 steps on either side of zero, with a scale for each row of the matrix; what goes in is rounded to 63
steps, with a scale for each token. So a token's result depends on that token alone, however texts are packed, and two products
never overflow the sixteen bits in which processors without a dot product for bytes add them up: all of them agree. What it
costs the check is in ``models/tone/CARD.md``. Vector-wise scales: Dettmers et al., 2022, "LLM.int8()", section 2.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

# Steps on either side of zero, of weights and of what goes in.
WEIGHT_STEPS, INPUT_STEPS = 127, 63
# How far a layer in eight bits may be from itself, as a share of how its results spread, on the probe that is tried first.
TOLERANCE = 0.1
# Rows of the probe.
PROBE = 8


class EightBit:
    """What a linear layer computes, its weights being bytes."""

    def __init__(self, linear: "torch.nn.Linear") -> None:
        """Round a layer of floats.

        :raises AttributeError: if this build of torch has no such operators.
        :raises RuntimeError: if they do not run on this processor.
        """
        import torch

        weight = linear.weight.detach()
        self.scales = (weight.abs().amax(1) / WEIGHT_STEPS).clamp(min=1e-12)
        rounded = torch.round(weight / self.scales[:, None]).to(torch.int8)
        self.packed = torch.ops.onednn.qlinear_prepack(rounded, None)
        self.zeros = torch.zeros(weight.shape[0], dtype=torch.long)
        self.bias = linear.bias.detach().clone()

    def __call__(self, states: "torch.Tensor") -> "torch.Tensor":
        """Return what the layer makes of states: shape (..., in) to (..., out)."""
        import torch

        rows = states.reshape(-1, states.shape[-1])
        largest = rows.abs().amax(1, keepdim=True).clamp_(min=1e-12)
        # Bytes without a sign are wanted, so nothing is in their middle.
        middle = INPUT_STEPS + 1
        steps = (rows * (INPUT_STEPS / largest)).round_().add_(middle).to(torch.uint8)
        products = torch.ops.onednn.qlinear_pointwise(
            *(steps, 1 / INPUT_STEPS, middle),
            *(self.packed, self.scales, self.zeros),
            None,
            1.0,
            0,
            torch.float32,
            "none",
            [],
            "",
        )
        return torch.addcmul(self.bias, products, largest).reshape(*states.shape[:-1], -1)


def eased(network: "torch.nn.Module") -> int:
    """Have the linear layers of a network compute in eight bits, where this computer can; return how many do.

    None do where the operators are missing, as on some processors, or where what they give is not what it should be.
    """
    import torch

    found: list[Any] = [each for each in network.modules() if isinstance(each, torch.nn.Linear)]
    if not found or not _agrees(found[0]):
        return 0
    for linear in found:
        linear.forward = EightBit(linear)
        # The floats are not wanted any more.
        linear.weight = linear.bias = None
    return len(found)


def _agrees(linear: "torch.nn.Linear") -> bool:
    import torch

    draw = torch.Generator().manual_seed(1)
    rows = torch.randn(PROBE, linear.in_features, generator=draw)
    try:
        with torch.inference_mode():
            light, whole = EightBit(linear)(rows), linear(rows)
    except (AttributeError, NotImplementedError, RuntimeError):
        return False
    return bool((light - whole).abs().max() <= TOLERANCE * whole.std())
