"""Failures told without words: where in the code, and of what kind, and nothing of what was said.

The message of an error may hold whatever a handler was given, and libraries print it: Gradio for one names the inputs of an event
that does not fit. So while the page is served, no message of an unexpected error reaches a terminal or a log. Nor does a fault
below Python leave a picture of the memory on the disk, with the whole talk in it.
"""

import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import Any


def told(error: BaseException | None) -> str:
    """Return where an error came from, innermost last, and its kind; causes too, but of none of them the message."""
    parts: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        places = "".join(f"  {at.filename}, line {at.lineno}, in {at.name}\n" for at in traceback.extract_tb(error.__traceback__))
        parts.append(f"{places}{type(error).__module__}.{type(error).__qualname__}\n")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "It was caused by:\n".join(parts)


def keep_quiet() -> None:
    """Have every unexpected error of this process told without its message, whoever prints it, and no memory written down."""
    _keep_memory()

    def print_exc(limit: int | None = None, file: Any = None, chain: bool = True) -> None:
        (file or sys.stderr).write(told(sys.exc_info()[1]))

    def format_exception(self: logging.Formatter, given: Any) -> str:
        return told(given[1]).rstrip()

    def untold(kind: type[BaseException], error: BaseException, place: TracebackType | None) -> None:
        sys.stderr.write(told(error))

    def untold_in_a_thread(given: threading.ExceptHookArgs) -> None:
        sys.stderr.write(told(given.exc_value))

    traceback.print_exc = print_exc
    # Every formatter, also those that a server makes for itself later.
    logging.Formatter.formatException = format_exception  # type: ignore[method-assign, assignment]
    sys.excepthook = untold
    threading.excepthook = untold_in_a_thread


def _keep_memory() -> None:
    """Let the system write no core file of this process when it falls; Windows writes none unless it is told to."""
    if sys.platform == "win32":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))
