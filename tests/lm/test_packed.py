import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from packed_rows import (
    MIXED,
    VOCABULARY,
    distance,
    each_alone,
    gradients,
    loss_alone,
    packed,
    rows,
)
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AutoModelForCausalLM, BloomConfig, BloomForCausalLM
from transformers.models.bloom.modeling_bloom import BloomModel, _get_alibi_slopes

from shoplm.lm import bloom_attention, tiled_attention
from shoplm.lm.bloom_attention import alibi_slopes, packed_bias
from shoplm.lm.packed import PackedCausalLM, check_no_leak, n_targets, positions


def bloom(heads=4, **options):
    torch.manual_seed(heads)
    shape = {"vocab_size": VOCABULARY, "hidden_size": 48, "n_layer": 2, "n_head": heads}
    # weights wide enough for logits of size one, as a trained model has
    return BloomForCausalLM(BloomConfig(**shape, initializer_range=0.1, **options))


@pytest.fixture(params=["tiled", "masked"])
def path(request, monkeypatch):
    """Both ways to attend: tiles of 8 queries, so that rows have several, and a mask."""
    monkeypatch.setattr(tiled_attention, "TILE", 8)
    monkeypatch.setattr(bloom_attention, "AVAILABLE", request.param == "tiled")


@pytest.mark.parametrize("heads", [4, 6, 12])
def test_bloom_equals_stock_on_unpacked_rows(path, heads):
    stock = bloom(heads)
    ours = packed(stock)
    tokens, segments = rows([40], [40], [40])
    assert torch.allclose(ours.logits(tokens, segments), stock(tokens).logits, rtol=0, atol=1e-5)
    loss, expected = ours(tokens, segments) / (3 * 39), stock(tokens, labels=tokens).loss
    assert loss.item() == pytest.approx(expected.item(), abs=1e-5)
    assert distance(gradients(loss, ours.model), gradients(expected, stock)) <= 1e-5


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("heads", [4, 6])
def test_a_packed_document_equals_itself_alone(path, heads, checkpointing):
    stock = bloom(heads)
    ours = packed(stock)
    if checkpointing:
        ours.model.activation_checkpointing_enable()
        ours.train()
    tokens, segments = rows(*MIXED)
    logits = ours.logits(tokens, segments)
    for row, here, document in each_alone(tokens, segments):
        assert torch.allclose(logits[row, here], stock(document).logits[0], rtol=0, atol=1e-5)
    count = n_targets(segments)
    loss, expected = ours(tokens, segments) / count, loss_alone(stock, tokens, segments) / count
    assert loss.item() == pytest.approx(expected.item(), abs=1e-5)
    assert distance(gradients(loss, ours.model), gradients(expected, stock)) <= 1e-5


STOCK = bloom()
OURS = packed(STOCK)


@settings(max_examples=30)
@given(
    lengths=st.lists(
        st.lists(st.integers(1, 20), max_size=6).filter(lambda x: sum(x) <= 40),
        min_size=1,
        max_size=3,
    ),
    seed=st.integers(0, 99),
)
def test_any_packing_gives_each_document_its_own_losses(lengths, seed):
    tokens, segments = rows(*lengths, seed=seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiled_attention, "TILE", 8)
        losses = OURS(tokens, segments, reduction="none")
    expected = torch.zeros_like(losses)
    for row, here, document in each_alone(tokens, segments):
        logits = STOCK(document).logits[0].detach()
        places = here.nonzero()[1:, 0]
        expected[row, places] = F.cross_entropy(logits[:-1], document[0, 1:], reduction="none")
    assert torch.allclose(losses, expected, atol=1e-5)
    assert (losses != 0).sum() == n_targets(segments) == sum(n - 1 for row in lengths for n in row)
    assert OURS(tokens, segments).item() == pytest.approx(losses.sum().item(), abs=1e-3)


def test_stock_bloom_leaks_where_ours_does_not():
    tokens, segments = rows(*MIXED)
    edited = torch.where(segments == 0, (tokens + 1) % VOCABULARY, tokens)
    later = segments > 0
    with torch.no_grad():
        assert (STOCK(tokens).logits - STOCK(edited).logits)[later].abs().max() > 0.1
        moved = OURS.logits(tokens, segments) - OURS.logits(edited, segments)
    assert moved[later].abs().max() == 0


@pytest.mark.parametrize("weights", ["fp32 under autocast", "bf16"])
def test_bf16_stays_near_fp32(path, weights):
    """Loss within 0.01 nats a target, gradients within 3% of their size."""
    stock = bloom(6)
    ours = packed(stock)
    tokens, segments = rows(*MIXED)
    count = n_targets(segments)
    if weights == "bf16":
        ours.to(torch.bfloat16)
        stock.to(torch.bfloat16).float()
    with torch.autocast("cpu", torch.bfloat16, enabled=weights != "bf16"):
        loss = ours(tokens, segments) / count
    expected = loss_alone(stock, tokens, segments) / count
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(expected.item(), abs=0.01)
    theirs = gradients(expected, stock)
    for name, gradient in gradients(loss, ours.model).items():
        size = max(theirs[name].norm(), 1e-2)
        assert (gradient.float() - theirs[name]).norm() <= 0.03 * size, name


def test_only_supervised_tokens_are_targets():
    tokens, segments = rows(*MIXED)
    supervised = torch.rand(tokens.shape, generator=torch.Generator().manual_seed(1)) < 0.3
    everything = OURS(tokens, segments, reduction="none")
    some = OURS(tokens, segments, supervised, reduction="none")
    assert torch.equal(some != 0, (everything != 0) & supervised)
    assert torch.allclose(some, everything * supervised, atol=1e-6)
    assert OURS(tokens, segments, supervised).item() == pytest.approx(some.sum().item(), rel=1e-5)
    assert n_targets(segments, supervised) == (some != 0).sum()


def test_rows_without_a_target_leave_gradients_of_zero():
    ours = packed(bloom())
    tokens, segments = rows([1, 1], [])
    loss = ours(tokens, segments)
    assert loss.item() == 0
    assert all(g is not None and not g.any() for g in gradients(loss, ours.model).values())
    assert not ours(tokens, segments, reduction="none").any()


def test_no_tensor_holds_all_logits():
    largest = 0

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            nonlocal largest
            result = function(*args, **(kwargs or {}))
            for tensor in result if isinstance(result, (tuple, list)) else (result,):
                if isinstance(tensor, torch.Tensor):
                    largest = max(largest, tensor.numel())
            return result

    model = BloomForCausalLM(BloomConfig(vocab_size=4_000, hidden_size=8, n_layer=1, n_head=2))
    tokens, segments = rows([40], [40])
    with Watch():
        PackedCausalLM(model, logits_per_chunk=4_000 * 10)(tokens, segments).backward()
    assert 4_000 * 8 <= largest <= 4_000 * 10


def test_the_model_stays_an_ordinary_one(tmp_path):
    stock = bloom()
    ours = packed(stock)
    ours.model.save_pretrained(tmp_path)
    assert ours.model.state_dict().keys() == stock.state_dict().keys()
    assert {name.removeprefix("model.") for name in ours.state_dict()} == set(stock.state_dict())
    again = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert type(again) is BloomForCausalLM and type(again.transformer) is BloomModel
    assert again.config.architectures == ["BloomForCausalLM"]
    tokens, _ = rows([40])
    for model in (ours.model, again):  # generating and scoring go on as ever
        assert torch.allclose(model(tokens).logits, stock(tokens).logits, atol=1e-6)
        assert torch.equal(
            model.generate(tokens[:, :5], max_new_tokens=4, do_sample=False),
            stock.generate(tokens[:, :5], max_new_tokens=4, do_sample=False),
        )


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`")  # peft about transformers
@pytest.mark.parametrize("targets", [["query_key_value"], ["query_key_value", "lm_head"]])
def test_adapters_train_and_the_rest_does_not(targets):
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(target_modules=targets, r=2, init_lora_weights=False)
    torch.manual_seed(0)
    adapted = peft.get_peft_model(bloom(**({} if len(targets) == 1 else UNTIED)), config).eval()
    stock = copy.deepcopy(adapted)
    ours = PackedCausalLM(adapted, VOCABULARY * 11)
    check_no_leak(ours)
    tokens, segments = rows(*MIXED)
    loss, expected = ours(tokens, segments) / 90, loss_alone(stock, tokens, segments) / 90
    assert loss.item() == pytest.approx(expected.item(), abs=1e-5)
    trained, theirs = gradients(loss, adapted), gradients(expected, stock)
    assert {name for name, g in trained.items() if g is not None} == {
        name for name in trained if "lora" in name
    }
    adapters = [{n: g for n, g in of.items() if g is not None} for of in (trained, theirs)]
    assert distance(*adapters) <= 1e-5 and all(g.any() for g in adapters[0].values())


UNTIED = {"tie_word_embeddings": False}


def test_dropout_is_applied_in_training_alone():
    ours = packed(bloom(attention_dropout=0.5))
    tokens, segments = rows(*MIXED)
    ours.train()
    assert ours(tokens, segments).item() != ours(tokens, segments).item()
    ours.eval()
    assert ours(tokens, segments).item() == ours(tokens, segments).item()


def test_the_probe_finds_a_bloom_without_the_fast_path():
    ours = packed(bloom()).train()
    check_no_leak(ours)
    assert ours.training
    ours.model.transformer.__class__ = BloomModel
    with pytest.raises(ValueError, match="editing one document"):
        check_no_leak(ours)


@pytest.mark.parametrize("heads", [1, 2, 3, 4, 6, 8, 12, 16, 32, 40, 112])
def test_slopes_are_those_of_transformers(heads):
    assert torch.allclose(alibi_slopes(heads), _get_alibi_slopes(heads, torch.device("cpu")))


def test_a_bias_by_hand():
    bias = packed_bias(torch.tensor([[0, 0, 1, 1]]), torch.tensor([0.5]), torch.float32)
    no = -torch.inf
    assert bias[0, 0].tolist() == [
        [0, no, no, no],
        [-0.5, 0, no, no],
        [no, no, 0, no],
        [no, no, -0.5, 0],
    ]


def test_positions_restart_with_each_segment():
    segments = torch.tensor([[0, 0, 1, 2, 2, 2, -1, -1], [0, 1, 2, 3, 4, 5, 6, 7]])
    assert positions(segments).tolist() == [[0, 1, 0, 0, 1, 2, 0, 1], [0] * 8]
