"""Importing Gradio without the stubs it writes: it is there in half the time, and writes nothing into the installation.

Whenever it is imported, Gradio parses the source of each of its eighty components and writes files for type checkers beside them.
That takes half of the import, while she waits for the page; and nobody here reads them.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

WRITES_THEM = "gradio.component_meta"


def leave_out() -> None:
    """Have Gradio leave its stubs as they are; must run before it is imported, and does nothing the second time."""
    if not any(isinstance(each, _Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        found = PathFinder.find_spec(fullname, path) if fullname == WRITES_THEM else None
        if found is not None and isinstance(found.loader, SourceFileLoader):
            found.loader = _Loader(found.loader.name, found.loader.path)
        return found


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        # What is called for each component as its class is made.
        module.create_or_modify_pyi = lambda *given: None  # type: ignore[attr-defined]
