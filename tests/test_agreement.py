"""What two readers agree on."""

from rehearse.lab.agreement import compared


def row(name: str, flag: bool, kind: str) -> dict:
    return {"id": name, "flag": flag, "kinds": [kind]}


def test_flag_and_kind_are_compared() -> None:
    first = {
        each["id"]: each
        for each in (row("a", True, "blame"), row("b", True, "absolute"), row("c", False, "plain"), row("d", False, "plain"))
    }
    second = [
        row("a", True, "blame"),
        row("b", True, "blame"),
        row("c", True, "pressure"),
        row("d", False, "plain"),
        row("z", True, "blame"),
    ]
    found = compared(first, second)
    assert found["read twice"] == 4
    assert found["flag agrees"] == 0.75
    assert found["main kind agrees"] == round(2 / 3, 4)
    assert found["differ"] == ["c"]


def test_nothing_read_twice_agrees_on_nothing() -> None:
    assert compared({}, [])["flag agrees"] == 0
