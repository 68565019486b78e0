"""What chapter 5 says of layers and blocks, beside what computes it."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from qkv_lib import attention, merge_heads, split_heads
from qkv_lib.data.sentence import ASKED, COLD, FEATURES, GUESS, LIKE, THIRSTY, WHO, rows, step
from qkv_lib.layers import DecoderBlock, EncoderBlock, MultiHeadAttention, initialise
from qkv_lib.models.gpt import GPT
from qkv_lib.models.translator import TransformerTranslator
from tests.holds import holds

RNG = np.random.default_rng(55)


def random(*shape: int) -> torch.Tensor:
    """Return normal numbers in double precision."""
    return torch.tensor(RNG.normal(size=shape))


class TestLayers:
    @holds(
        "split cuts the features into heads, for example (batch, n, 12) into (batch, n, 3, 4), "
        "then moves the axis of the heads in front of that of the words: (batch, 3, n, 4).",
        "We append two zeros to the ten features of a word: twelve features make three heads of "
        "width 4.",
        "The twelve features are split into three heads of four.",
        "view cuts the numbers in reading order, so head 0 gets all of word 0, part of word 1, and "
        "nothing of the others.",
    )
    def test_features_are_cut_into_heads(self) -> None:
        x = torch.arange(60.0).reshape(5, 12)
        heads = split_heads(x, 3)
        assert torch.equal(heads, x.unflatten(-1, (3, 4)).transpose(0, 1))
        assert heads.shape == (3, 5, 4)
        assert torch.equal(heads[1], x[:, 4:8])
        assert len(FEATURES) + 2 == 12 == 3 * 4
        assert rows(THIRSTY).shape == (9, 10)
        first = (x.view(3, 5, 4)[0] // 12).flatten().tolist()  # the word of each number
        assert [first.count(word) for word in range(5)] == [12, 8, 0, 0, 0]

    @holds(
        "In its masks, True means hidden, whereas in PyTorch's function and in this book True "
        "means may attend:",
    )
    def test_masks_of_the_two_torchs(self) -> None:
        layer = nn.MultiheadAttention(4, 1, batch_first=True).double().requires_grad_(False)
        assert layer.in_proj_weight.shape == (12, 4)
        x, last = random(1, 3, 4), torch.tensor([False, False, True])
        weights = layer(x, x, x, attn_mask=last.expand(3, 3))[1]
        assert (weights[..., 2] == 0).all()
        assert (layer(x, x, x, key_padding_mask=last[None])[1][..., 2] == 0).all()
        only = functional.scaled_dot_product_attention(x, x, x, attn_mask=last.expand(3, 3))
        assert torch.allclose(only, x[:, 2:].expand(1, 3, 4))
        assert torch.allclose(attention(x, x, x, mask=last.expand(3, 3)), only)

    @holds(
        "The layer takes one mask for each head of each batch element, in one axis: first all "
        "heads of element 0, then those of element 1.",
    )
    def test_a_boolean_mask_is_inverted_and_repeated_for_each_head(self) -> None:
        layer = nn.MultiheadAttention(4, 2, batch_first=True).double().requires_grad_(False)
        x, seen = random(3, 5, 4), torch.eye(5, dtype=torch.bool) | (random(3, 5, 5) > 0)
        projected = functional.linear(x, layer.in_proj_weight, layer.in_proj_bias)
        heads = [split_heads(part, 2) for part in projected.chunk(3, dim=-1)]

        def by_function(mask: torch.Tensor) -> torch.Tensor:
            found = functional.scaled_dot_product_attention(*heads, attn_mask=mask)
            return layer.out_proj(merge_heads(found))

        def by_layer(mask: torch.Tensor) -> torch.Tensor:
            return layer(x, x, x, attn_mask=mask)[0]

        assert torch.allclose(by_layer(~seen[0]), by_function(seen[0]))
        wanted = by_function(seen[:, None])
        assert torch.allclose(by_layer((~seen).repeat_interleave(2, dim=0)), wanted)
        for other in (seen.repeat_interleave(2, dim=0), (~seen).repeat(2, 1, 1)):
            assert not torch.allclose(by_layer(other), wanted)
        for shape in ((3, 5, 5), (3, 1, 5, 5)):  # not repeated
            with pytest.raises((RuntimeError, AssertionError), match="attn_mask"):
                by_layer(~seen.reshape(shape))

    @holds(
        "| first | 0 | a description | LIKE |",
        "| first | 1 | a thing that lives | GUESS |",
        "| second | 0 | a thing that fits the description | WHO |",
        "now it means the milk",
        "In head 0 of the first layer, it attends to the last word both times.",
        "Only in the second layer does it turn to another position: from cat to milk.",
        "The heads of one layer work side by side: head 1 does not know what head 0 has found, so "
        "it finds cat both times.",
        "The second layer knows, because x + first(x) adds to each word what the first layer "
        "found for it.",
        "Heads let a word ask several things at once; layers let a word's next question use "
        "earlier answers.",
        "The first layer replaced the rows. With the residual path it adds to them.",
    )
    def test_two_layers_read_the_sentence(self) -> None:
        found, asked = [], {}
        for words in (THIRSTY, COLD):
            it = words.index("it")
            first = [step(rows(words), head) for head in (LIKE, GUESS)]
            given = [each.output @ head.W_O
                     for each, head in zip(first, (LIKE, GUESS), strict=True)]  # fmt: skip
            x = rows(words) + sum(given)
            second = step(x, WHO)
            asked[words[-1]] = second.Q[it]
            found.append([words[each.weights[it].argmax()] for each in (*first, second)])
            for each, wants in zip(first, ({"description"}, {"thing", "living"}), strict=True):
                assert {ASKED[i] for i in np.flatnonzero(each.Q[it])} == wants
        assert found == [["thirsty", "cat", "cat"], ["cold", "cat", "milk"]]
        places = [[words.index(word) for word in each]
                  for words, each in zip((THIRSTY, COLD), found, strict=True)]  # fmt: skip
        assert [a == b for a, b in zip(*places, strict=True)] == [True, True, False]
        thing, living, drink, _ = (ASKED.index(name) for name in ASKED)
        assert min(asked["thirsty"][[thing, living]]) > 1 > asked["thirsty"][drink]
        assert min(asked["cold"][[thing, drink]]) > 1 > asked["cold"][living]

    @holds(
        "Without the x +, the second layer sees only what the first one found, not the words:",
        "All weights are equal: the rows no longer say which words are things, so no key fits the "
        "query of it.",
        "It sees only what the first layer found, and that does not say which words are things, "
        "or which of them live or can be drunk.",
        "Larger numbers would not help: the features of a thing are missing.",
    )
    def test_without_the_residual_path(self) -> None:
        words = rows(COLD)
        handed = sum(step(words, head).output @ head.W_O for head in (LIKE, GUESS))
        things = [FEATURES.index(name) for name in ("thing", "living", "drink")]
        assert not handed[:, things].any()
        assert handed.any()
        for factor in (1, 1000):
            assert np.allclose(step(factor * handed, WHO).weights, 1 / 9)


class TestBlocks:
    BLOCK = initialise(EncoderBlock(12, 3).double(), np.random.default_rng(5)).requires_grad_(False)

    @holds(
        "a layer adds to the rows instead of replacing them",
        "Attention mixes the rows of different words. This layer works on each row alone:",
        "a linear map to four times the width, then GELU, a smooth function that leaves large "
        "positive numbers nearly as they are and brings negative ones close to 0, then a linear "
        "map back",
        "$X$, $Y$ and $Z$ are $n \\times d_{\\text{model}}$, $W_1$ is $d_{\\text{model}} \\times "
        "4 d_{\\text{model}}$, and $W_2$ is $4 d_{\\text{model}} \\times d_{\\text{model}}$.",
    )
    def test_feed_forward_works_on_each_row_alone(self) -> None:
        block, x = self.BLOCK, random(5, 12)
        other = x.clone()
        other[4] += 1
        assert torch.equal(block.feed_forward(other)[:4], block.feed_forward(x)[:4])
        assert not torch.allclose(block.attention(other)[:4], block.attention(x)[:4])
        assert block.feed_forward.expand.weight.shape == (48, 12)
        assert block.feed_forward.contract.weight.shape == (12, 48)
        negative = -torch.linspace(0.1, 9, 50)
        assert functional.gelu(negative).abs().max() < 0.2
        large = torch.linspace(3, 9, 50)
        assert torch.allclose(functional.gelu(large), large, rtol=0.005)
        silent = initialise(EncoderBlock(12, 3).double(), np.random.default_rng(5))
        for parameter in silent.parameters():
            parameter.requires_grad_(False).zero_()
        assert torch.equal(silent(x), x)  # parts that compute 0 leave the rows as they were

    @holds(
        "It subtracts each row's mean, divides by the row's standard deviation, and applies a "
        "learned factor and shift per feature.",
    )
    def test_norm(self) -> None:
        x = random(6, 300)
        mean, spread = x.mean(-1, keepdim=True), x.std(-1, keepdim=True, unbiased=False)
        norm = nn.LayerNorm(300).double().requires_grad_(False)
        norm.weight.copy_(factor := random(300))
        norm.bias.copy_(shift := random(300))
        left = functional.layer_norm(x, [300])
        assert torch.allclose(left, (x - mean) / spread, atol=1e-4)
        assert torch.allclose(norm(x), left * factor + shift)
        assert torch.allclose(left * spread + mean, x, atol=1e-4)  # two numbers bring it back
        assert torch.linalg.matrix_rank(left[:, :10]) == 6

    @holds(
        "Every part adds to the rows, so they tend to grow; the norm keeps what enters each "
        "part at the same size.",
    )
    def test_rows_grow_from_block_to_block(self) -> None:
        rng, x, sizes, entering = np.random.default_rng(6), random(1, 20, 48), [], []
        for _ in range(8):
            block = initialise(EncoderBlock(48, 4).double(), rng).requires_grad_(False)
            entering.append(functional.layer_norm(x, [48]).std())
            sizes.append(x.std())
            x = block(x)
        assert (torch.tensor(sizes).diff() > 0).all()
        assert torch.tensor(entering).std() < 0.01

    @holds(
        "each word sees all words",
        "In the encoder, the words of the source, the sentence to be translated, attend to each "
        "other. The mask hides padding.",
        "In the decoder, each word written so far attends to itself and the ones before it. The "
        "causal mask (因果掩码) hides the later ones.",
        "In cross-attention (交叉注意力), the words written so far attend to the output of the "
        "encoder, which gives the keys and values. The mask hides the padding of the source.",
        "With a causal mask, your block is also the block of a model that only writes, such as "
        "GPT-2.",
        "Section 6.3 trains a model with both encoder and decoder.",
    )
    def test_encoder_and_decoder(self) -> None:
        x, source = random(1, 4, 12), random(1, 5, 12)
        decoder = initialise(DecoderBlock(12, 3).double(), np.random.default_rng(7))
        decoder.requires_grad_(False)
        later = x.clone()
        later[:, 3] = random(12)
        assert not torch.allclose(self.BLOCK(later)[:, 0], self.BLOCK(x)[:, 0])
        assert torch.allclose(decoder(later, source)[:, :3], decoder(x, source)[:, :3])
        assert not torch.allclose(decoder(x, random(1, 5, 12)), decoder(x, source))
        order = []
        for name in ("attention", "memory_attention", "feed_forward"):
            part = getattr(decoder, name)
            part.register_forward_hook(lambda *_, name=name: order.append(name))
        decoder(x, source)
        assert order == ["attention", "memory_attention", "feed_forward"]
        kinds = {type(part) for part in TransformerTranslator(10, 10).modules()}
        assert {EncoderBlock, DecoderBlock} <= kinds
        assert any(isinstance(part, EncoderBlock) for part in GPT(10, 4, d_model=8).modules())
        real = torch.tensor([[True, True, True, True, False]])
        padded = source.clone()
        padded[:, 4] = 9
        hidden = {"memory_mask": real[:, None, None]}
        assert torch.allclose(decoder(x, padded, **hidden), decoder(x, source, **hidden))

    @holds(
        "Without positions (none), the output of one block depends only on what the best guess "
        "without order knows too.",
        "This map explains the answers: with one block and one head, a digit can reach another "
        "position only through its weight.",
        "a mask lets each position see only itself",
    )
    def test_one_block_without_positions(self) -> None:
        x = random(1, 5, 12)
        exchanged = x[:, [0, 3, 2, 1, 4]]
        assert torch.allclose(self.BLOCK(exchanged)[:, 0], self.BLOCK(x)[:, 0])
        causal = torch.ones(5, 5).tril().bool()  # place 4 sees both digits, place 2 only one
        moved = (self.BLOCK(exchanged, mask=causal) - self.BLOCK(x, mask=causal)).abs().amax(-1)
        assert moved[0, 4] < 1e-12
        assert moved[0, 2] > 0.01
        other = x.clone()
        other[:, 1] = random(12)
        assert not torch.allclose(self.BLOCK(other)[:, 0], self.BLOCK(x)[:, 0])
        mask = torch.ones(5, 5, dtype=torch.bool)
        mask[0, 1] = False  # the weight is 0, and nothing arrives
        assert torch.allclose(self.BLOCK(other, mask=mask)[:, 0], self.BLOCK(x, mask=mask)[:, 0])
        alone = self.BLOCK(other, mask=torch.eye(5, dtype=torch.bool))
        kept = [0, 2, 3, 4]
        assert torch.allclose(alone[:, kept], self.BLOCK(x, mask=torch.eye(5).bool())[:, kept])


@holds(
    "The first three nn.Linear hold the projections of all heads side by side; the fourth is "
    "$W_O$.",
    "Each of the four also adds a bias, which the formula leaves out.",
    "Here keys and values may come from a second input, context.",
    "Without it, the words of x attend to each other:",
)
def test_the_layers_of_this_book_have_the_names_of_the_page() -> None:
    layer, x = MultiHeadAttention(12, 3).double().requires_grad_(False), random(5, 12)
    assert {"query", "key", "value", "output"} <= {name for name, _ in layer.named_children()}
    for part, heads in zip(["query", "key", "value"], layer.project(x, x, x), strict=True):
        wide = getattr(layer, part)
        assert torch.allclose(heads[1], x @ wide.weight[4:8].T + wide.bias[4:8])
        assert wide.bias.abs().max() > 0
    Q, K, V = layer.project(x, x, x)
    merged = attention(Q, K, V).transpose(0, 1).flatten(1)
    assert torch.allclose(layer(x[None])[0], merged @ layer.output.weight.T + layer.output.bias)
    assert layer.output.bias.abs().max() > 0
    other = random(1, 4, 12)
    assert torch.equal(layer(x[None]), layer(x[None], x[None]))
    assert layer(x[None], other).shape == (1, 5, 12)
    assert not torch.allclose(layer(x[None], other), layer(x[None]))
