"""The layers against PyTorch's own, in values and gradients, and by their properties."""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from qkv_lib import causal_mask
from qkv_lib.formula.steps import softmax
from qkv_lib.layers import (
    DecoderBlock,
    EncoderBlock,
    FeedForward,
    LearnedPositions,
    MultiHeadAttention,
    initialise,
    recorded_weights,
)
from qkv_lib.multihead import multi_head_attention

BATCH, N, M, H, D = 2, 5, 7, 3, 11  # pairwise different primes; the model is H · D wide
WIDTH, KDIM, VDIM = H * D, 13, 17


def draw(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape)).to(dtype)


def made(module: Any, seed: int = 0) -> Any:
    return initialise(module.double(), np.random.default_rng(seed))


def gradients(output: Tensor, inputs: list[Tensor]) -> list[Tensor]:
    return list(torch.autograd.grad((output * draw(*output.shape, seed=9)).sum(), inputs))


def assert_same(ours: Tensor, theirs: Tensor, inputs: list[Tensor]) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)
    for mine, other in zip(gradients(ours, inputs), gradients(theirs, inputs), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-10, atol=1e-12)


def torch_attention(seed: int = 1, **options: Any) -> nn.MultiheadAttention:
    source = nn.MultiheadAttention(WIDTH, H, batch_first=True, **options).double()
    source = initialise(source, np.random.default_rng(seed))
    with torch.no_grad():  # biases that are not 0, or a lost one would not be seen
        for name, parameter in source.named_parameters():
            if name.endswith("bias"):
                parameter.copy_(draw(*parameter.shape, seed=seed + 1))
    return source


# Against nn.MultiheadAttention


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("hidden", [None, "some", "all but one"])
def test_self_attention_is_pytorchs(bias: bool, hidden: str | None) -> None:
    source = torch_attention(bias=bias)
    x = draw(BATCH, N, WIDTH).requires_grad_()
    mask = {
        None: None,
        "some": draw(N, N, seed=3) > -0.5,
        "all but one": torch.eye(N, dtype=torch.bool),
    }[hidden]
    if mask is not None:
        mask = mask | torch.eye(N, dtype=torch.bool)
    theirs, _ = source(x, x, x, attn_mask=None if mask is None else ~mask)  # True = hidden there
    assert_same(MultiHeadAttention.from_torch(source)(x, mask=mask), theirs, [x])


def test_cross_attention_with_other_widths_and_padding_is_pytorchs() -> None:
    source = torch_attention(kdim=KDIM, vdim=VDIM)
    inputs = [draw(BATCH, N, WIDTH), draw(BATCH, M, KDIM, seed=1), draw(BATCH, M, VDIM, seed=2)]
    inputs = [each.requires_grad_() for each in inputs]
    lengths = torch.tensor([3, 7])
    theirs, _ = source(*inputs, key_padding_mask=torch.arange(M) >= lengths[:, None])
    assert_same(MultiHeadAttention.from_torch(source)(*inputs, key_lengths=lengths), theirs, inputs)


def test_the_weights_recorded_are_pytorchs_of_each_head() -> None:
    source = torch_attention()
    x = draw(BATCH, N, WIDTH)
    layer = MultiHeadAttention.from_torch(source)
    with recorded_weights(layer) as maps:
        layer(x)
    _, theirs = source(x, x, x, average_attn_weights=False)
    torch.testing.assert_close(maps[""][0], theirs, rtol=1e-10, atol=1e-12)


def test_dtype_mode_and_dropout_are_copied_and_weights_are_not_shared() -> None:
    source = torch_attention(dropout=0.25).eval().to(torch.float32)
    layer = MultiHeadAttention.from_torch(source)
    assert not layer.training
    assert layer.dropout.p == 0.25
    assert layer.query.weight.dtype == torch.float32
    before = layer.query.weight.clone()
    with torch.no_grad():
        source.in_proj_weight.zero_()
    assert torch.equal(layer.query.weight, before)


@pytest.mark.parametrize("option", ["add_bias_kv", "add_zero_attn"])
def test_what_this_layer_has_not_is_refused(option: str) -> None:
    source = nn.MultiheadAttention(WIDTH, H, **{option: True})
    with pytest.raises(ValueError, match="source has add_bias_kv or add_zero_attn"):
        MultiHeadAttention.from_torch(source)


# Against the function on plain arrays


@pytest.mark.parametrize("n_kv_heads", [1, 2, 6])
def test_the_layer_is_the_function(n_kv_heads: int) -> None:
    layer = made(MultiHeadAttention(6 * D, 6, n_kv_heads=n_kv_heads, bias=False))
    x, y = draw(BATCH, N, 6 * D), draw(BATCH, M, 6 * D, seed=1)
    maps = [each.weight.T for each in (layer.query, layer.key, layer.value, layer.output)]
    function = partial(multi_head_attention, n_heads=6, n_kv_heads=n_kv_heads)
    torch.testing.assert_close(layer(x, y), function(x, y, *maps), rtol=1e-12, atol=1e-12)
    in_numpy = function(x.numpy(), y.numpy(), *(each.detach().numpy() for each in maps))
    np.testing.assert_allclose(layer(x, y).detach().numpy(), in_numpy, rtol=1e-10, atol=1e-12)


def test_heads_work_side_by_side_each_on_its_own_columns() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(N, WIDTH)), rng.normal(size=(M, WIDTH))
    w_q, w_k, w_v, w_o = rng.normal(size=(4, WIDTH, WIDTH)) / WIDTH**0.5
    expected = np.zeros((N, WIDTH))
    for head in range(H):
        columns = slice(head * D, (head + 1) * D)
        scores = (x @ w_q[:, columns]) @ (y @ w_k[:, columns]).T / D**0.5
        expected += softmax(scores) @ (y @ w_v[:, columns]) @ w_o[columns]
    result = multi_head_attention(x, y, w_q, w_k, w_v, w_o, n_heads=H)
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12)


def test_fused_projections_are_the_separate_ones_stacked() -> None:
    layer = made(MultiHeadAttention(6 * D, 6, n_kv_heads=2))
    fused = made(MultiHeadAttention(6 * D, 6, n_kv_heads=2, fused=True))
    fused.output.load_state_dict(layer.output.state_dict())
    parts = (layer.query, layer.key, layer.value)
    with torch.no_grad():
        fused.query_key_value.weight.copy_(torch.cat([each.weight for each in parts]))
        fused.query_key_value.bias.copy_(torch.cat([each.bias for each in parts]))
    x = draw(BATCH, N, 6 * D).requires_grad_()
    assert_same(fused(x), layer(x), [x])


def test_the_number_of_heads_changes_no_parameter_count() -> None:
    counts = {
        sum(each.numel() for each in MultiHeadAttention(12, n_heads).parameters())
        for n_heads in (1, 2, 3, 4, 6, 12)
    }
    assert counts == {4 * 12 * 12 + 4 * 12}


def test_rotate_turns_queries_and_keys_and_leaves_values() -> None:
    seen = []

    def rotate(x: Tensor, positions: Tensor | None = None) -> Tensor:
        seen.append(positions)
        return -3 * x if positions is None else x * positions[:, None]

    layer = made(MultiHeadAttention(WIDTH, H))
    turned = made(MultiHeadAttention(WIDTH, H, rotate=rotate))
    x = draw(BATCH, N, WIDTH)
    torch.testing.assert_close(turned(x), layer(x, scale=9 / D**0.5))  # (−3)² on the scores
    positions = torch.full((N,), 2)
    torch.testing.assert_close(turned(x, positions=positions), layer(x, scale=4 / D**0.5))
    assert seen == [None, None, positions, positions]


# Properties


def dependence(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Which output position (rows) has a gradient to which input position (columns)."""
    mixture = draw(WIDTH, seed=4)  # a plain sum of a LayerNorm's output is constant
    jacobian = torch.autograd.functional.jacobian(lambda x: function(x) @ mixture, x)
    reach: Tensor = jacobian.abs().sum(dim=-1) > 1e-12
    return reach


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "make",
    [
        partial(EncoderBlock, WIDTH, H, dropout=0.2),
        partial(EncoderBlock, WIDTH, H, norm_first=False, dropout=0.2),
    ],
)
def test_no_output_depends_on_a_later_input(make: Callable[[], nn.Module], training: bool) -> None:
    layer = made(make()).train(training)
    torch.manual_seed(0)
    reach = dependence(lambda x: layer(x, causal=True), draw(N, WIDTH))
    past = torch.from_numpy(causal_mask(N))
    assert not (reach & ~past).any()
    assert training or torch.equal(reach, past)  # dropout may cut what is allowed


@pytest.mark.parametrize("norm_first", [True, False])
def test_the_decoder_is_causal_in_its_input_and_sees_all_its_memory(norm_first: bool) -> None:
    block = made(DecoderBlock(WIDTH, H, norm_first=norm_first))
    x, memory = draw(N, WIDTH), draw(M, WIDTH, seed=1)
    mask = torch.arange(M) < 4
    to_x = dependence(lambda x: block(x, memory, memory_mask=mask), x)
    to_memory = dependence(lambda memory: block(x, memory, memory_mask=mask), memory)
    assert torch.equal(to_x, torch.from_numpy(causal_mask(N)))
    assert torch.equal(to_memory, mask.expand(N, M))


def test_batch_elements_do_not_touch() -> None:
    layer = made(EncoderBlock(WIDTH, H))
    x = draw(BATCH, N, WIDTH)
    alone = torch.stack([layer(each) for each in x])
    torch.testing.assert_close(layer(x), alone, rtol=1e-12, atol=1e-12)


def test_dropout_acts_on_the_weights_only_while_training() -> None:
    layer = made(MultiHeadAttention(WIDTH, H, dropout=0.5, bias=False))
    x = draw(BATCH, N, WIDTH)
    torch.manual_seed(0)
    with recorded_weights(layer) as maps:
        trained = layer.train()(x)
        plain = layer.eval()(x)
    dropped, kept = maps[""]
    hit = dropped == 0
    assert 0.2 < hit.double().mean() < 0.8
    torch.testing.assert_close(dropped[~hit], 2 * kept[~hit])
    torch.testing.assert_close(kept.sum(dim=-1), torch.ones(BATCH, H, N, dtype=torch.float64))
    assert not torch.allclose(trained, plain)
    torch.testing.assert_close(layer(x), plain)  # and recording changes nothing


def test_recording_ends_with_its_block_and_names_each_layer() -> None:
    model = nn.Sequential(EncoderBlock(WIDTH, H), EncoderBlock(WIDTH, H))
    x = draw(BATCH, N, WIDTH, dtype=torch.float32)
    with recorded_weights(model) as outer:
        model(x)
        with recorded_weights(model[1]) as inner:
            model(x)
        model(x)
    model(x)
    counts = {name: len(maps) for name, maps in outer.items()}
    assert counts == {"0.attention": 3, "1.attention": 2}
    assert [len(maps) for maps in inner.values()] == [1]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_made_while_weights_are_recorded_does_not_record(copied: Any) -> None:
    layer, x = MultiHeadAttention(12, 3), torch.ones(2, 5, 12)
    with recorded_weights(layer) as maps:
        other = copied(layer)
        other(x)
        assert maps[""] == []
        layer(x)
    assert len(maps[""]) == 1
    assert other.recorder is None
    assert torch.equal(other(x), layer(x))


def test_half_precision_keeps_its_dtype_with_and_without_a_record() -> None:
    layer = made(MultiHeadAttention(WIDTH, H)).to(torch.bfloat16)
    x = draw(BATCH, N, WIDTH, dtype=torch.bfloat16)
    with recorded_weights(layer):
        recorded = layer(x)
    assert recorded.dtype == torch.bfloat16
    assert torch.equal(recorded, layer(x))


# Blocks against PyTorch's own


def torch_block(kind: Any, norm_first: bool, activation: str, bias: bool) -> Any:
    source = kind(
        WIDTH, H, 19, dropout=0.0, activation=activation, norm_first=norm_first, bias=bias,
        batch_first=True, dtype=torch.float64, layer_norm_eps=1e-3,
    )  # fmt: skip
    with torch.no_grad():
        for seed, parameter in enumerate(source.parameters()):
            parameter.copy_(draw(*parameter.shape, seed=seed) / parameter.shape[-1] ** 0.5)
    return source


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_the_encoder_block_is_pytorchs(norm_first: bool, activation: str, bias: bool) -> None:
    source = torch_block(nn.TransformerEncoderLayer, norm_first, activation, bias)
    x = draw(BATCH, N, WIDTH).requires_grad_()
    mask = torch.from_numpy(causal_mask(N))
    assert_same(EncoderBlock.from_torch(source)(x, causal=True), source(x, src_mask=~mask), [x])


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_the_decoder_block_is_pytorchs(norm_first: bool, bias: bool) -> None:
    source = torch_block(nn.TransformerDecoderLayer, norm_first, "relu", bias)
    inputs = [
        draw(BATCH, N, WIDTH).requires_grad_(),
        draw(BATCH, M, WIDTH, seed=1).requires_grad_(),
    ]
    visible = torch.arange(M) < torch.tensor([[3], [7]])  # (batch, keys)
    theirs = source(
        *inputs, tgt_mask=~torch.from_numpy(causal_mask(N)), memory_key_padding_mask=~visible
    )
    ours = DecoderBlock.from_torch(source)(*inputs, memory_mask=visible[:, None, None, :])
    assert_same(ours, theirs, inputs)


def test_feed_forward_is_as_written_and_the_same_at_every_position() -> None:
    layer = made(FeedForward(WIDTH, 19))
    x = draw(N, WIDTH)
    bent = nn.functional.gelu(x @ layer.expand.weight.T + layer.expand.bias)
    expected = bent @ layer.contract.weight.T + layer.contract.bias
    torch.testing.assert_close(layer(x), expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(layer(x.flip(0)), layer(x).flip(0), rtol=1e-12, atol=1e-12)


def test_the_blocks_options_reach_the_attention() -> None:
    block = DecoderBlock(24, 6, n_kv_heads=2, bias=False, rotate=torch.neg, dropout=0.5)
    assert block.attention.n_kv_heads == block.memory_attention.n_kv_heads == 2
    assert block.attention.output.bias is block.memory_attention.output.bias is None
    assert block.attention.rotate is torch.neg
    assert block.memory_attention.rotate is None
    assert block.attention.dropout.p == block.memory_attention.dropout.p == 0.5
    assert not [name for name, _ in block.named_parameters() if name.endswith("bias")]
    with pytest.raises(TypeError, match="norm_first is 'no', needs True or False"):
        EncoderBlock(12, 3, norm_first="no")  # type: ignore[arg-type]


# Positions that are learned, and first weights


def test_a_learned_vector_is_added_to_each_position() -> None:
    layer = LearnedPositions(11, 3)
    x = draw(BATCH, N, 3, dtype=torch.float32)
    table = layer.table.weight
    assert torch.equal(layer(x), x + table[:N])
    assert torch.equal(layer(x, offset=6), x + table[6:])
    layer(x, offset=6).sum().backward()
    assert table.grad is not None
    assert torch.equal(table.grad[:, 0], torch.tensor([0.0] * 6 + [BATCH] * N))


def test_first_weights_come_from_the_generator_alone() -> None:
    models = [nn.Sequential(nn.Embedding(13, 12), EncoderBlock(12, 3)) for _ in range(3)]
    for model, seed in zip(models, (5, 5, 6), strict=True):
        assert initialise(model, np.random.default_rng(seed)) is model
    parameters = (model.parameters() for model in models[1:])
    for (name, a), b, c in zip(models[0].named_parameters(), *parameters, strict=True):
        assert torch.equal(a, b)
        if name.endswith("bias"):
            assert not a.any()
        elif a.ndim > 1:
            assert not torch.equal(a, c)


def test_no_bias_of_a_recurrent_layer_is_left_to_torch() -> None:
    layers = [initialise(nn.GRU(3, 5), np.random.default_rng(0)) for _ in range(2)]
    for (name, a), b in zip(layers[0].named_parameters(), layers[1].parameters(), strict=True):
        assert torch.equal(a, b), name


@pytest.mark.parametrize(
    ("layer", "spread"),
    [
        (nn.Linear(300, 200), (2 / 500) ** 0.5),
        (nn.Conv2d(30, 40, 5), (2 / (70 * 25)) ** 0.5),
        (nn.Embedding(500, 64), 1 / 8),
    ],
)
def test_first_weights_have_the_spread_they_should(layer: nn.Module, spread: float) -> None:
    weight = initialise(layer, np.random.default_rng(0)).weight
    assert isinstance(weight, Tensor)
    assert weight.std().item() == pytest.approx(spread, rel=0.03)
    assert abs(weight.mean().item()) < spread / 50


# Errors

ones = torch.ones


def attend(*inputs: Tensor, positions: Tensor | None = None, **options: Any) -> Tensor:
    output: Tensor = MultiHeadAttention(12, 4, **options)(*inputs, positions=positions)
    return output


def locate(x: Tensor, offset: int = 0) -> Tensor:
    output: Tensor = LearnedPositions(4, 3)(x, offset=offset)
    return output


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MultiHeadAttention(10, 3), "d_model is 10, which 3 heads cannot share"),
        (lambda: attend(n_kv_heads=3), "n_kv_heads is 3, needs a divisor of n_heads"),
        (lambda: attend(n_kv_heads=0), "n_kv_heads is 0, needs an integer"),
        (lambda: attend(kdim=0), "kdim is 0, needs an integer"),
        (lambda: attend(kdim=5, fused=True), "fused needs one input width, got kdim 5"),
        (lambda: attend(ones(5, 11)), r"x_query has shape \(5, 11\), needs \(..., length, 12\)"),
        (lambda: attend(ones(12)), r"x_query has shape \(12,\), needs"),
        (lambda: attend(ones(5, 12), vdim=7), r"x_value has shape \(5, 12\), needs .*, 7\)"),
        (lambda: attend(ones(5, 12), ones(5, 12), fused=True), "x_value must be x_query"),
        (lambda: attend(ones(5, 12), positions=torch.arange(5)), "the layer has no rotate"),
        (lambda: locate(ones(5, 3)), "x reaches position 4 .* make n_positions at least 5"),
        (lambda: locate(ones(3, 3), 2), r"x reaches position 4 \(offset 2, length 3\)"),
        (lambda: locate(ones(3, 5)), r"x has shape \(3, 5\), needs"),
        (lambda: FeedForward(4, 0), "d_hidden is 0, needs"),
        (lambda: recorded_weights(nn.Linear(2, 2)).__enter__(), "model is a Linear without any"),
    ],
)
def test_errors_name_the_argument(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_seed_is_no_generator() -> None:
    with pytest.raises(TypeError, match="rng is 0, needs a NumPy generator"):
        initialise(nn.Linear(2, 2), 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"w_q": np.ones((11, 12))}, r"x_query has shape \(5, 12\) and w_q \(11, 12\)"),
        ({"w_k": np.ones((3, 12))}, r"x_key_value has shape \(7, 12\) and w_k \(3, 12\)"),
        ({"w_v": np.ones(12)}, r"x_key_value has shape \(7, 12\) and w_v \(12,\)"),
        ({"w_o": np.ones((11, 12))}, r"the heads' output has shape \(5, 12\) and w_o \(11, 12\)"),
    ],
)
def test_the_function_names_the_matrix_that_does_not_fit(change: Any, message: str) -> None:
    arrays: dict[str, Any] = {"x_query": np.ones((5, 12)), "x_key_value": np.ones((7, 12))}
    arrays |= {name: np.ones((12, 12)) for name in ("w_q", "w_k", "w_v", "w_o")}
    with pytest.raises(ValueError, match=message):
        multi_head_attention(**(arrays | change), n_heads=2)
