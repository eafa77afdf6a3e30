"""Linear layers in eight bits: near what they were, a token by itself, and left alone where a computer cannot."""

import pytest
import torch

from rehearse.tone import eightbit
from rehearse.tone.eightbit import EightBit, eased


def layer(wide: int = 64, out: int = 96, seed: int = 1) -> torch.nn.Linear:
    torch.manual_seed(seed)
    return torch.nn.Linear(wide, out)


def network() -> torch.nn.Module:
    torch.manual_seed(2)
    return torch.nn.Sequential(torch.nn.Linear(64, 96), torch.nn.GELU(), torch.nn.Sequential(torch.nn.Linear(96, 64)))


@pytest.fixture(autouse=True)
def able() -> None:
    if not eased(torch.nn.Sequential(layer())):
        pytest.skip("this processor or this build of torch has no linear layers in eight bits")


@torch.inference_mode()
def test_it_is_near_the_layer_it_was() -> None:
    linear = layer()
    given = torch.randn(5, 7, 64)
    found, wanted = EightBit(linear)(given), linear(given)
    assert found.shape == wanted.shape
    assert (found - wanted).pow(2).mean().sqrt() < 0.02 * wanted.std()


@torch.inference_mode()
def test_a_token_does_not_depend_on_its_neighbours() -> None:
    light = EightBit(layer())
    token, loud = torch.randn(1, 64), 1000 * torch.randn(3, 64)
    assert torch.equal(light(token), light(torch.cat([loud, token]))[-1:])


@torch.inference_mode()
def test_no_product_overflows_where_all_are_largest() -> None:
    linear = torch.nn.Linear(4096, 8)
    linear.weight.data = torch.ones(8, 4096)
    linear.bias.data = torch.zeros(8)
    assert torch.allclose(EightBit(linear)(torch.ones(2, 4096)), torch.full((2, 8), 4096.0), rtol=1e-3)
    assert torch.allclose(EightBit(linear)(-torch.ones(2, 4096)), torch.full((2, 8), -4096.0), rtol=1e-3)


@torch.inference_mode()
def test_rows_of_nothing_stay_finite() -> None:
    linear = layer()
    linear.weight.data[3] = 0
    found = EightBit(linear)(torch.zeros(2, 64))
    assert torch.allclose(found, linear.bias.expand(2, -1), atol=1e-6)


@torch.inference_mode()
def test_every_linear_layer_of_a_network_is_eased() -> None:
    whole, light = network(), network()
    assert eased(light) == 2
    assert not list(light.parameters()), "the floats are given back"
    given = torch.randn(4, 64)
    assert (light(given) - whole(given)).abs().max() < 0.1 * whole(given).std()


@pytest.mark.parametrize("wrong", [AttributeError, NotImplementedError, RuntimeError])
def test_a_computer_that_cannot_keeps_its_floats(monkeypatch: pytest.MonkeyPatch, wrong: type[Exception]) -> None:
    def never(self: EightBit, linear: torch.nn.Linear) -> None:
        raise wrong("no such operator")

    monkeypatch.setattr(eightbit.EightBit, "__init__", never)
    light = network()
    assert eased(light) == 0
    assert len(list(light.parameters())) == 4


def test_a_processor_that_reckons_wrongly_keeps_its_floats(monkeypatch: pytest.MonkeyPatch) -> None:
    right = EightBit.__call__
    monkeypatch.setattr(EightBit, "__call__", lambda self, states: 1.3 * right(self, states))
    assert eased(network()) == 0
