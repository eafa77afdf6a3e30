"""What is left of loading: memory that is not needed any more goes back to the system."""

import ctypes
import platform
import sys

import psutil
import pytest

from rehearse.ui.loading import give_back


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps what was freed")
def test_freed_memory_goes_back_to_the_system() -> None:
    library, me = ctypes.CDLL(None), psutil.Process()
    library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    # Below the size from which each piece is mapped by itself; the last piece holds the heap up.
    pieces = [library.malloc(60_000) for _ in range(1000)]
    for piece in pieces:
        ctypes.memset(piece, 1, 60_000)
    for piece in pieces[:-1]:
        library.free(piece)
    before = me.memory_info().rss
    assert give_back()
    assert before - me.memory_info().rss > 40_000_000
    library.free(pieces[-1])


def test_elsewhere_nothing_is_asked_of_the_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert not give_back()
