"""The same numbers on a GPU, where there is one.

With ``DEVICE=cpu`` in the environment the tests try themselves, on the processor.
"""

import copy
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from qkv_lib import KVCache, MultiHeadAttention, attention, attention_steps
from qkv_lib.exact.tiles import blocked_attention, tiled_attention
from qkv_lib.layers import EncoderBlock, recorded_weights
from qkv_lib.measures.heads import even_attention
from qkv_lib.models.ablation import silenced
from qkv_lib.models.decoding import beam_search, greedy, log_probability
from qkv_lib.models.gpt import GPT, next_token_loss
from qkv_lib.models.training import fit
from qkv_lib.models.translator import RecurrentTranslator, TransformerTranslator
from qkv_lib.models.vit import VisionTransformer
from tests.arrays import normal
from tests.on_a_device import CALLS, MODELS, B, D, H, N, ids, states, to
from tests.properties.test_table import TABLE, hold
from tests.refusals import says

DEVICE = os.environ.get("DEVICE", "cuda")
if DEVICE == "cuda" and not torch.cuda.is_available():
    pytest.skip("no GPU that torch can use", allow_module_level=True)

only_there = pytest.mark.skipif(DEVICE == "cpu", reason="the processor is not a GPU")

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "causal": {"causal": True},
    "offset": {"causal": True, "offset": 3},
    "window": {"window": 5},
    "capped": {"softcap": 1.5},
}


def close(got: Tensor, wanted: Tensor, within: float = 1e-9) -> None:
    assert got.device.type == DEVICE
    torch.testing.assert_close(got.cpu(), wanted, rtol=within, atol=within)


@pytest.mark.parametrize("n", [37, 700])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_gpu_attends_as_the_processor_does(options: Any, dtype: str, n: int) -> None:
    here = [normal("torch", 2, h, n, 16, seed=h, dtype=dtype) for h in (6, 2, 2)]
    there = [x.clone().to(DEVICE).requires_grad_() for x in here]
    wanted = attention_steps(*(x.double() for x in here), **options).output
    rough = attention_steps(*here, **options).output.double()
    eps = torch.finfo(here[0].dtype).eps
    within = 4 * max(float((rough - wanted).abs().max()), 4 * eps)
    for path in (attention, blocked_attention, tiled_attention):
        output = path(*there, **options)
        close(output.double(), wanted, within)
        (gradient,) = torch.autograd.grad(output.sum(), there[0])
        assert gradient.isfinite().all()


CELLS = [
    (name, row, dtype)
    for name, row, library, dtype in TABLE
    if library == "torch" and row != "loops"
]


@pytest.mark.parametrize(("name", "row", "dtype"), CELLS, ids=["-".join(cell) for cell in CELLS])
def test_a_cell_of_the_table_of_properties(name: str, row: str, dtype: str) -> None:
    hold(name, row, "torch", dtype, DEVICE)


def with_gradients(call: Callable[..., Tensor], *inputs: Any, **options: Any) -> list[Tensor]:
    """Return the output of a call, and the gradients of its inputs where they flow."""
    leaves = [x.detach().clone().requires_grad_() if x.is_floating_point() else x for x in inputs]
    output = call(*leaves, **options)
    if output.requires_grad:
        (output * torch.linspace(-1, 1, output.shape[-1]).to(output)).sum().backward()
    found = (x.grad for x in leaves)
    return [output.detach(), *(x for x in found if x is not None)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CALLS)
def test_calls(name: str, dtype: str) -> None:
    operands = [normal("torch", B, H, N, D, seed=i, dtype=dtype) for i in range(3)]
    wanted = with_gradients(CALLS[name], *operands)
    got = with_gradients(CALLS[name], *to(DEVICE, tuple(operands)))
    assert len(got) == len(wanted)
    for here, there in zip(wanted, got, strict=True):
        scale = max(1.0, float(here.abs().max()))
        close(there / scale, here / scale, 1e-9 if dtype == "float64" else 2e-5)


@pytest.mark.parametrize("name", MODELS)
def test_models_and_their_gradients(name: str) -> None:
    make, inputs, options = MODELS[name]
    torch.manual_seed(0)
    here = make().double().train()  # cuDNN goes back through recurrent layers only then
    for part in here.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    there = copy.deepcopy(here).to(DEVICE)
    inputs = tuple(x.double() if x.is_floating_point() else x for x in inputs)
    found = []
    for model, device in ((here, "cpu"), (there, DEVICE)):
        output = model(*to(device, inputs), **to(device, options))
        (output**2).sum().backward()
        found.append([output.detach(), *(p.grad for p in model.parameters())])
    for wanted, got in zip(*found, strict=True):
        assert (wanted is None) == (got is None)
        if wanted is not None:
            scale = max(1.0, float(wanted.abs().max()))
            close(got / scale, wanted / scale)


def test_a_model_trains_there_as_here() -> None:
    images, labels = states(8, 28, 28).double(), ids(8)
    torch.manual_seed(0)
    here = VisionTransformer().double()
    there = copy.deepcopy(here).to(DEVICE)
    losses = [
        fit(model, [to(device, (images, labels))] * 9, n_updates=9, lr=0.002)
        for model, device in ((here, "cpu"), (there, DEVICE))
    ]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-6)
    assert losses[1][-1] < losses[1][0]


def translators() -> list[Any]:
    torch.manual_seed(0)
    made = [RecurrentTranslator(10, 10, d=16, score=s) for s in ("none", "additive", "dot")]
    return [each.double().eval() for each in (*made, TransformerTranslator(10, 10, d=16))]


@pytest.mark.parametrize("model", translators(), ids=["none", "additive", "dot", "Transformer"])
def test_a_translator_writes_there_as_here(model: Any) -> None:
    source, there = ids(B, N), copy.deepcopy(model).to(DEVICE)
    written = greedy(model, source)
    assert torch.equal(greedy(there, source.to(DEVICE)).cpu(), written)
    wanted = beam_search(model, source, width=3)
    got = beam_search(there, source.to(DEVICE), width=3)
    assert torch.equal(got[0].cpu(), wanted[0])
    close(got[1], wanted[1])
    close(log_probability(there, *to(DEVICE, (source, written))),
          log_probability(model, source, written))  # fmt: skip


def test_a_gpt_writes_with_its_caches_and_without_choosing() -> None:
    torch.manual_seed(0)
    model = GPT(10, 16, d_model=32).double().eval()
    there, tokens = copy.deepcopy(model).to(DEVICE), ids(1, N)
    whole, caches = model(tokens), there.caches()
    rows = [there(tokens[:, i : i + 1].to(DEVICE), caches=caches) for i in range(N)]
    close(torch.cat(rows, dim=1), whole)
    close(next_token_loss(there, tokens.to(DEVICE)), next_token_loss(model, tokens))
    for change in (even_attention, lambda gpt: silenced(gpt, [(0, 1)])):
        with change(model), change(there):
            close(there(tokens.to(DEVICE)), model(tokens))


def test_weights_are_recorded_where_they_are_used() -> None:
    model = EncoderBlock(32, 4).double().to(DEVICE)
    with recorded_weights(model) as recorded:
        model(states(B, N, 32).double().to(DEVICE), causal=True)
    ((weights,),) = recorded.values()
    close(weights.sum(dim=-1), torch.ones(B, 4, N, dtype=torch.float64))


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_autocast_halves_the_maps_and_never_the_scores(half: torch.dtype) -> None:
    layer = MultiHeadAttention(32, 4).to(DEVICE)
    x = states(B, N, 32).to(DEVICE)
    with torch.autocast(DEVICE, half):
        output = layer(x, causal=True)
        heads = [normal("torch", B, H, N, D, seed=i, dtype="float32").to(DEVICE) for i in range(3)]
        inside = attention(*heads)
    assert output.dtype == half
    within = 4 * torch.finfo(half).eps
    torch.testing.assert_close(output.float(), layer(x, causal=True), rtol=within, atol=within)
    assert torch.equal(inside, attention(*heads))
    output.float().sum().backward()
    assert all(p.grad.isfinite().all() for p in layer.parameters())


@only_there
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["attention", "causal", "window", "softcap", "lengths", "mask"])
def test_compiled_it_is_the_same(name: str) -> None:
    operands = [normal("torch", B, H, N, D, seed=i, dtype="float32") for i in range(3)]
    got = torch.compile(CALLS[name], fullgraph=True)(*to(DEVICE, tuple(operands)))
    close(got, CALLS[name](*operands), 2e-5)


@only_there
def test_a_compiled_block_trains() -> None:
    torch.manual_seed(0)
    block, x = EncoderBlock(32, 4).to(DEVICE), states(B, N, 32).to(DEVICE)
    compiled = torch.compile(block)
    torch.testing.assert_close(compiled(x, causal=True), block(x, causal=True), rtol=1e-4,
                               atol=1e-5)  # fmt: skip
    compiled(x, causal=True).sum().backward()
    assert all(p.grad.isfinite().all() for p in block.parameters())


@only_there
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("options", [{}, {"causal": True}, {"key_lengths": torch.tensor([5, 64])}])
def test_the_fused_path_needs_no_kernel_that_writes_all_scores(options: Any, dtype: str) -> None:
    operands = [normal("torch", 2, 4, 64, 64, seed=i, dtype=dtype).to(DEVICE) for i in range(3)]
    with sdpa_kernel([SDPBackend.EFFICIENT_ATTENTION, SDPBackend.FLASH_ATTENTION]):
        output = attention(*operands, **to(DEVICE, options))
    assert output.isfinite().all()


@only_there
@pytest.mark.parametrize("path", [attention, blocked_attention, tiled_attention])
@pytest.mark.parametrize("options", [{}, {"causal": True}, {"window": 300}])
def test_memory_grows_as_n(path: Any, options: Any) -> None:
    def extra(n: int) -> int:
        operands = [torch.zeros(1, 2, n, 64, device=DEVICE) for _ in range(3)]
        path(*operands, **options)  # the libraries take their own memory once
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        path(*operands, **options)
        return int(torch.cuda.max_memory_allocated() - before)

    assert extra(16384) < 2.5 * extra(8192)


@only_there
def test_operands_on_two_devices_are_refused_by_name() -> None:
    x = torch.ones(2, 3, 4)
    with says(ValueError, "key is on cuda:0 but query is on cpu: move one of them"):
        attention(x, x.cuda(), x)
    with says(ValueError, "value is on cpu but query is on cuda:0: move one of them"):
        attention(x.cuda(), x.cuda(), x)
    for name, given in {
        "mask": torch.ones(3, 3, dtype=torch.bool),
        "bias": torch.zeros(3, 3),
        "key_lengths": torch.tensor([3, 3]),
        "offset": torch.tensor([0, 0]),
    }.items():
        operands = [torch.ones(2, 2, 3, 4, device=DEVICE)] * 3
        with says(ValueError, f"{name} is on cpu but query is on cuda:0: move one of them"):
            attention(*operands, causal=True, **{name: given})


@only_there
def test_a_cache_refuses_what_is_elsewhere() -> None:
    cache, x = KVCache(4), torch.ones(1, 2, 1, 4)
    cache.append(x.cuda(), x.cuda())
    with pytest.raises(ValueError, match="cpu"):
        cache.append(x, x)
    with pytest.raises(ValueError, match="cpu"):
        cache.attend(x)


def test_dropout_draws_there_and_again_the_same() -> None:
    layer = MultiHeadAttention(32, 4, dropout=0.5).to(DEVICE).train()
    x = states(B, N, 32).to(DEVICE)
    drawn = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        drawn.append(layer(x))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    torch.manual_seed(0)
    many = torch.stack([layer(x) for _ in range(400)])
    error = (many.mean(dim=0) - layer.eval()(x)).abs()
    assert (error < 5 * many.std(dim=0) / 20).all()  # five standard errors of the mean
