import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from shoplm.lm.cross_entropy import CrossEntropyHead, linear_cross_entropy, module_cross_entropy


def problem(n, vocabulary=37, width=8, bias=True, seed=0):
    torch.manual_seed(seed)
    hidden = torch.randn(n, width, requires_grad=True)
    head = torch.nn.Linear(width, vocabulary, bias=bias)
    return hidden, head, torch.randint(vocabulary, (n,))


def gradients(loss, hidden, head):
    wanted = [t for t in (hidden, *head.parameters()) if t.requires_grad]
    return torch.autograd.grad(loss, wanted)


def chunked(hidden, head, labels, rows, general):
    if general:
        return module_cross_entropy(hidden, head, labels, rows)
    return linear_cross_entropy(hidden, head.weight, head.bias, labels, rows)


@given(
    n=st.integers(1, 40), rows=st.integers(1, 50), bias=st.booleans(), general=st.booleans()
)  # fmt: skip
def test_any_chunks_give_the_loss_and_gradients_of_all_logits_at_once(n, rows, bias, general):
    hidden, head, labels = problem(n, bias=bias)
    expected = F.cross_entropy(head(hidden), labels, reduction="none")
    total, losses = chunked(hidden, head, labels, rows, general)
    assert torch.allclose(losses, expected, atol=1e-5)
    assert total.item() == pytest.approx(expected.sum().item(), abs=1e-4)
    assert not losses.requires_grad
    # an upstream gradient other than one, as from a mean
    for ours, theirs in zip(
        gradients(total / 7, hidden, head), gradients(expected.sum() / 7, hidden, head), strict=True
    ):
        assert torch.allclose(ours, theirs, atol=1e-5)


def test_a_loss_by_hand():
    # logits 0, ln 2, ln 5 have probabilities 1/8, 2/8, 5/8
    weight = torch.log(torch.tensor([[1.0], [2.0], [5.0]])).requires_grad_()
    hidden = torch.ones(1, 1)
    total, _ = linear_cross_entropy(hidden, weight, None, torch.tensor([1]), 1)
    assert total.item() == pytest.approx(torch.log(torch.tensor(4.0)).item())
    total.backward()
    assert torch.allclose(weight.grad[:, 0], torch.tensor([1 / 8, 2 / 8 - 1, 5 / 8]))


@pytest.mark.parametrize("general", [False, True])
def test_no_rows_cost_nothing_and_still_reach_every_parameter(general):
    hidden, head, labels = problem(0)
    total, losses = chunked(hidden, head, labels, 4, general)
    assert total.item() == 0 and losses.shape == (0,)
    assert all(g.abs().sum() == 0 for g in gradients(total, hidden, head))


@pytest.mark.parametrize("general", [False, True])
def test_a_frozen_head_gets_no_gradient(general):
    hidden, head, labels = problem(9)
    head.requires_grad_(False)
    total, _ = chunked(hidden, head, labels, 4, general)
    expected = F.cross_entropy(head(hidden), labels, reduction="sum")
    (theirs,) = gradients(expected, hidden, head)
    total.backward()
    assert torch.allclose(hidden.grad, theirs, atol=1e-5)
    assert head.weight.grad is None


def test_a_frozen_body_is_spared_too():
    hidden, head, labels = problem(9)
    hidden = hidden.detach()
    total, _ = linear_cross_entropy(hidden, head.weight, head.bias, labels, 4)
    expected = F.cross_entropy(head(hidden), labels, reduction="sum")
    for ours, theirs in zip(
        gradients(total, hidden, head), gradients(expected, hidden, head), strict=True
    ):
        assert torch.allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("general", [False, True])
def test_without_gradients_only_losses_are_made(general):
    hidden, head, labels = problem(9)
    with torch.no_grad():
        total, losses = chunked(hidden, head, labels, 4, general)
    assert not total.requires_grad and losses.sum() == pytest.approx(total.item())


def test_extreme_logits_do_not_overflow():
    hidden, head, labels = problem(6, bias=False)
    total, losses = linear_cross_entropy(hidden * 1e5, head.weight, None, labels, 4)
    expected = F.cross_entropy(head(hidden * 1e5), labels, reduction="none")
    assert losses.max() > 1e3 and torch.allclose(losses, expected, rtol=1e-5)
    assert torch.isfinite(gradients(total, hidden, head)[0]).all()


@pytest.mark.parametrize("general", [False, True])
def test_autocast_makes_products_in_bf16_and_sums_in_fp32(general):
    """Rounding of bf16 products: losses within 0.02 nats, gradients within 2% of their size."""
    hidden, head, labels = problem(256, width=32)
    expected = F.cross_entropy(head(hidden), labels, reduction="none")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        total, losses = chunked(hidden, head, labels, 10, general)
    assert losses.dtype == torch.float32 and (losses - expected).abs().max() < 0.02
    assert (losses - expected).abs().max() > 0
    for ours, theirs in zip(
        gradients(total, hidden, head), gradients(expected.sum(), hidden, head), strict=True
    ):
        assert ours.dtype == torch.float32
        assert (ours - theirs).norm() < 0.02 * theirs.norm()


def test_weights_in_bf16_get_gradients_in_bf16():
    hidden, head, labels = problem(64)
    head.to(torch.bfloat16)
    half = hidden.detach().bfloat16().requires_grad_()
    total, losses = linear_cross_entropy(half, head.weight, head.bias, labels, 8)
    expected = F.cross_entropy(F.linear(half.float(), head.weight.float(), head.bias.float()),
                               labels, reduction="sum")  # fmt: skip
    assert losses.dtype == torch.float32
    for ours, theirs in zip(
        gradients(total, half, head), gradients(expected, half, head), strict=True
    ):
        assert ours.dtype == torch.bfloat16
        assert (ours.float() - theirs.float()).norm() < 0.02 * theirs.float().norm()


def test_a_head_keeps_its_parameters_and_its_ordinary_call():
    hidden, head, labels = problem(5)
    before, names = head(hidden), list(head.state_dict())
    head.__class__ = CrossEntropyHead
    assert torch.equal(head(hidden), before) and list(head.state_dict()) == names
    total, _ = head(hidden, labels, 2)
    assert total.item() == pytest.approx(F.cross_entropy(before, labels, reduction="sum").item())
