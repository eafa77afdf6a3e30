"""The soak itself, for seconds instead of minutes: it goes through, and it finds what it looks for."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import soak


@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="the app is ended there in another way")
def test_it_goes_through(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    # So soon after the start, everything still warms up.
    monkeypatch.setattr(soak, "GROWTH_MB", 1000.0)
    # In a thread of its own: the browser tests leave a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(soak.soak, "scripted", 4, 12.0).result() == []
    told = capsys.readouterr().out
    assert "4 rehearsals at once on the scripted voice" in told and "nothing was found" in told


def test_words_of_another_rehearsal_are_known() -> None:
    own, other = soak.marker(3), soak.marker(17)
    assert soak.of_others(f"Yes, {own} is fine, and {other} too.", own) == {other}
    assert soak.of_others("Qzzzx44 is nobody's.", own) == set()


def test_growth_is_seen_once_it_is_warm() -> None:
    steady = [(float(at), 100.0 + min(at, 30)) for at in range(90)]
    assert soak.grown(steady, 90.0) == (130.0, 130.0)
    growing = [(at, megabytes + at) for at, megabytes in steady]
    before, after = soak.grown(growing, 90.0)
    assert after - before > max(soak.GROWTH_MB, soak.GROWTH_SHARE * before)
