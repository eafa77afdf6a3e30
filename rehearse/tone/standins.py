"""Importing sentence-transformers without what it brings along and nobody here calls: 150 MB and two seconds less.

On its way to one small network it imports scikit-learn, scipy's optimisers, torch's compiler, torch's code for many computers
and a system for symbolic algebra. On an old laptop that is more memory than the network itself. So while it is imported, light
stand-ins take their places, wherever the real ones are not there yet; afterwards they are taken away again, and whoever calls
one of their functions later gets the real one. This rests on what one release of transformers imports, and is done with no other.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import Any

KNOWN = "5.23.0"
COMPILER = "torch._dynamo"
# What is called much later, or never.
LATER = ("sklearn", "sklearn.metrics", "scipy.optimize", f"{COMPILER}._trace_wrapped_higher_order_op")


@contextmanager
def instead() -> Iterator[None]:
    """Let the stand-ins take their places for a while; only one thread may import these libraries meanwhile."""
    if version("transformers") != KNOWN:
        yield
        return
    import torch.distributed

    # The libraries leave out their code for many computers where torch was built without its own, as it is on some systems.
    # For good: they ask again later, and must not be told otherwise then.
    torch.distributed.is_available = lambda: False
    ours = {name: _StandIn(name) for name in (COMPILER, *LATER) if name not in sys.modules}
    sys.modules.update(ours)
    try:
        yield
    finally:
        for name, module in ours.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


@contextmanager
def built_at_once() -> Iterator[None]:
    """Have a network built with memory of its own from the start, and nothing in it yet, as long as this goes on.

    It is built without any otherwise, which saves time with networks of gigabytes; for that torch computes shapes in Python,
    with the symbolic algebra.
    """
    if version("transformers") != KNOWN:
        yield
        return
    import torch
    from transformers import PreTrainedModel
    from transformers.initialization import no_init_weights

    theirs: Any = PreTrainedModel.get_init_context

    def contexts(cls: type[Any], *given: Any, **named: Any) -> list[Any]:
        return [no_init_weights() if isinstance(each, torch.device) else each for each in theirs.__func__(cls, *given, **named)]

    PreTrainedModel.get_init_context = classmethod(contexts)
    try:
        yield
    finally:
        PreTrainedModel.get_init_context = theirs


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        # The compiler's decorators leave a function as it is where nothing is compiled.
        return _unchanged if self.__name__ == COMPILER else _later(self.__name__, name)


def _later(module: str, name: str) -> Callable[..., Any]:
    """Return a function that imports the real one when it is called."""

    def call(*given: Any, **named: Any) -> Any:
        return getattr(import_module(module), name)(*given, **named)

    return call


def _unchanged(function: Any = None, *given: Any, **named: Any) -> Any:
    return _unchanged if function is None else function
