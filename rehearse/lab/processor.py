"""What the processor that trains is good at."""

import time

import torch


def half_precision_pays(device: str) -> bool:
    """Whether bfloat16 is quicker here than float32: on processors without instructions for it, it is many times slower."""
    if device != "cpu":
        return True
    return _fastest(torch.bfloat16) < _fastest(torch.float32)


def _fastest(kind: torch.dtype) -> float:
    """Return the seconds that a product of matrices of the voice's width takes, the best of five."""
    left, right = torch.ones(256, 576, dtype=kind), torch.ones(576, 576, dtype=kind)
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        torch.mm(left, right)
        seconds.append(time.perf_counter() - started)
    return min(seconds)
