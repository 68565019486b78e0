"""Formulas in the docstrings of layers, of models and of what is measured on them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from qkv_lib import attention
from qkv_lib.formula.positions import rope
from qkv_lib.formula.steps import softmax
from qkv_lib.layers import DecoderBlock, EncoderBlock, FeedForward, recorded_weights
from qkv_lib.layers.multihead import MultiHeadAttention
from qkv_lib.measures.induction import copying_matrix, head_scores, matching_matrix, repeated
from qkv_lib.models.decoding import START, greedy, log_probability
from qkv_lib.models.gpt import BASE, GPT, next_token_loss
from qkv_lib.models.mixers import Convolution, MixerBlock
from qkv_lib.models.seq2seq import EncoderDecoder
from qkv_lib.models.translator import Memory, RecurrentTranslator
from tests.equations.claims import Case, given

Array = np.ndarray
X, Y = np.random.default_rng(23).normal(size=(2, 5, 6))
S, H = X[:3, :4], Y[:, :4]


def double(make: Callable[[], nn.Module], *, seed: int = 23) -> Any:
    """Return a module with the same random weights in each run, in double precision."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make().double().eval()


def on(function: Callable[..., Any]) -> Callable[..., Array]:
    """Return what takes arrays without a batch, and returns them."""

    @torch.no_grad()
    def call(*arrays: Array) -> Array:
        found = function(*(torch.as_tensor(np.asarray(each))[None] for each in arrays))
        return np.asarray(found[0])

    return call


def weights(linear: nn.Linear) -> Array:
    """Return the matrix of a layer as formulas have it: rows are multiplied from the left."""
    return linear.weight.detach().numpy().T


def fed_forward() -> Case:
    layer = double(lambda: FeedForward(6, 7))
    biases = {f"b_{i}": each.bias.detach().numpy()
              for i, each in ((1, layer.expand), (2, layer.contract))}  # fmt: skip
    return given(x=X, W_1=weights(layer.expand), W_2=weights(layer.contract),
                 phi=on(layer.activation), equals=on(layer)(X), also=biases)  # fmt: skip


def encoder_block() -> Case:
    block = double(lambda: EncoderBlock(6, 2))
    return given(x=X, z=on(block)(X), Attention=on(block.attention), norm=on(block.attention_norm),
                 FeedForward=on(block.feed_forward))  # fmt: skip


def decoder_block() -> Case:
    block = double(lambda: DecoderBlock(6, 2))

    def attends(x: Array, *memory: Array) -> Array:
        if memory:
            return on(block.memory_attention)(x, *memory)
        return on(lambda y: block.attention(y, causal=True))(x)

    return given(x=X, M=Y, u=on(block)(X, Y), Attention=attends, norm=on(block.memory_norm),
                 FeedForward=on(block.feed_forward))  # fmt: skip


def mixer_block() -> Case:
    block = double(lambda: MixerBlock("CNN", 6))
    return given(x=X, z=on(block)(X), mix=on(block.mix), norm=on(block.mix_norm),
                 FeedForward=on(block.feed_forward))  # fmt: skip


class Both:
    """A letter that stands for all heads and, with an index, for one of them."""

    def __init__(self, whole: Array, parts: list[Array]) -> None:
        self.whole, self.parts = whole, parts

    def __array__(self, dtype: object = None, copy: object = None) -> Array:
        return self.whole

    def __getitem__(self, head: int) -> Array:
        return self.parts[head]


def layer_of_heads() -> Case:
    layer = double(lambda: MultiHeadAttention(6, 2))
    maps = {"Q": layer.query, "K": layer.key, "V": layer.value}
    for each in maps.values():
        each.bias.data.zero_()  # the formula leaves these out
    split = {f"W_{name}": np.split(weights(each), 2, axis=1) for name, each in maps.items()}
    heads = [attention(X @ q, Y @ k, Y @ v) for q, k, v in zip(*split.values(), strict=True)]
    return given({"i": 2}, O=Both(on(layer)(X, Y), heads), h=2, X=X, Y=Y, Attention=attention,
                 concat=lambda *each: np.concatenate(each, axis=-1), W_O=weights(layer.output),
                 b_O=layer.output.bias.detach().numpy(), **split)  # fmt: skip


def small_gpt() -> Any:
    return double(lambda: GPT(n_tokens=9, d_model=6, n_heads=1, n_blocks=2))


def table(model: Any) -> Array:
    return np.asarray(model.tokens.weight.detach())


def gpt() -> Case:
    model, ids = small_gpt(), np.array([3, 1, 4, 1, 5])
    blocks = [on(lambda x, block=each: block(x, causal=True)) for each in model.stack]
    first = table(model)[ids]
    second = blocks[0](first)
    return given({"l": [1, 2]}, first=0, X=[first, second, blocks[1](second)], t=ids, L=2,
                 E=table(model), Block=[blocks[0], *blocks], norm=on(model.norm),
                 logits=on(model)(ids))  # fmt: skip


def loss_of_gpt() -> Case:
    model, ids = small_gpt(), [3, 1, 4, 1, 5]

    def p(token: int, *before: int) -> float:
        return float(softmax(on(model)(np.array(before)))[-1, token])

    loss = next_token_loss(model, torch.tensor([ids])).item()
    return given(t=ids, n=4, p=p, equals=loss)


def induction() -> Case:
    model, ids = small_gpt(), repeated(9, 5, 3, np.random.default_rng(0))
    found = head_scores(model, ids).induction[1, 0]
    with recorded_weights(model) as maps, torch.no_grad():
        model(ids)
    A = [*maps.values()][1][0].mean(dim=(0, 1)).numpy()
    return given(first=0, induction=found, p=5, A=A)


def circuits(name: str) -> Case:
    """The matrices of a head that looks back and of one that copies, without their biases."""
    model = small_gpt()
    for each in model.modules():
        if isinstance(each, nn.Linear):
            each.bias.data.zero_()
    first, second = (block.attention for block in model.stack)
    E = table(model)
    shared = {"norm": on(model.norm), "E": E, "W_V": weights(first.value),
              "W_O": weights(first.output)}  # fmt: skip
    if name == "C":
        return given(C=copying_matrix(model, (0, 0)), **shared)
    turn = rope(np.eye(6), positions=np.full(6, 3), base=BASE)
    return given(M=matching_matrix(model, (0, 0), (1, 0), distance=3), R_Delta=turn, d=6,
                 W_Q=weights(second.query), W_K=weights(second.key), **shared)  # fmt: skip


def translator() -> tuple[Any, Array, Array]:
    """Return a translator that is sure of itself: it writes a different symbol in each place."""
    model = double(lambda: RecurrentTranslator(5, 6, d=4), seed=5)
    with torch.no_grad():
        for each in model.parameters():
            each.mul_(3)
    return model, np.array([1, 3, 4]), np.array([3, 5, 2])


def chance(model: Any, source: Array, before: list[int]) -> Array:
    """Return the probabilities of the next symbol."""
    written = np.array([START, *before])
    return softmax(
        on(lambda y: model.decode(model.encode(torch.tensor(source)[None]), y)[0])(written)
    )[-1]


def written_greedily() -> Case:
    model, source, _ = translator()
    y = greedy(model, torch.tensor(source)[None], longest=3)[0].tolist()
    return given({"t": len(y), "z": range(1, 6)}, y=y, x=0,
                 p=lambda z, *more: chance(model, source, list(more[:-1]))[z])  # fmt: skip


def likely() -> Case:
    model, source, target = translator()
    whole = log_probability(model, torch.tensor(source)[None], torch.tensor(target)[None]).item()

    def p(first: Any, *more: Any) -> float:
        if np.ndim(first):
            return float(np.exp(whole))
        return float(chance(model, source, list(more[:-1]))[first])

    return given({"t": 3}, y=target, x=0, p=p)


def filtered() -> Case:
    layer = double(lambda: Convolution(6))
    taps = layer.filter.weight.detach().numpy()  # (out, in, 4), the oldest first
    return given({"i": 5}, y=on(layer)(X), x=lambda i: X[i - 1] if i > 0 else np.zeros(6),
                 W={r: taps[:, :, 3 - r].T for r in range(4)},
                 b=layer.filter.bias.detach().numpy())  # fmt: skip


class States(nn.Module):
    """A decoder that is always in these states."""

    def __init__(self, states: Array) -> None:
        super().__init__()
        self.states = torch.tensor(states)[None]

    def forward(self, *_: object) -> tuple[torch.Tensor, None]:
        return self.states, None


def answered(model: Any, y: Array, a: Array, **more: Any) -> Case:
    """What a decoder answers in three states, from what its weights gather of five."""
    return given({"t": 3, "j": 5}, y=y, s=S, h=H, a=a, c=a @ H, W_O=weights(model.answer),
                 b_O=model.answer.bias.detach().numpy(), **more)  # fmt: skip


def chapter_1() -> Case:
    model = double(lambda: EncoderDecoder(5, 4, attends=True))
    with torch.no_grad():
        y, a = model.read(torch.tensor(S)[None], torch.tensor(H)[None])
    return answered(model, y[0].numpy(), a[0].numpy())


def recurrent() -> Case:
    model = double(lambda: RecurrentTranslator(5, 6, d=4))
    model.decoder = States(S)
    every = torch.ones(1, 1, len(H), dtype=torch.bool)
    held = Memory(torch.tensor(H)[None], every, torch.zeros(1, 1, 4))
    with torch.no_grad():
        y, a = model.decode(held, torch.ones(1, 3, dtype=torch.int64))
    score = on(model.scores)
    return answered(model, y[0].numpy(), a[0, 0].numpy(),
                    score=lambda s, h: score(s[None], h[None])[0, 0])  # fmt: skip


CASES: dict[str, Callable[[], Case | list[Case]]] = {
    "layers.blocks.FeedForward": fed_forward,
    "layers.blocks.EncoderBlock": encoder_block,
    "layers.blocks.DecoderBlock": decoder_block,
    "layers.multihead.MultiHeadAttention": layer_of_heads,
    "measures.induction.head_scores": induction,
    "measures.induction.matching_matrix": lambda: circuits("M"),
    "measures.induction.copying_matrix": lambda: circuits("C"),
    "models.decoding.greedy": written_greedily,
    "models.decoding.log_probability": likely,
    "models.gpt.GPT": gpt,
    "models.gpt.next_token_loss": loss_of_gpt,
    "models.mixers.Convolution": filtered,
    "models.mixers.MixerBlock": mixer_block,
    "models.seq2seq.EncoderDecoder": chapter_1,
    "models.translator.RecurrentTranslator": recurrent,
}
