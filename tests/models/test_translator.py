"""The translators: padding is nothing to them, and their attention is this library's."""

import numpy as np
import pytest
import torch
from torch import nn

from qkv_lib import attention
from qkv_lib.layers import initialise
from qkv_lib.models.decoding import greedy
from qkv_lib.models.translation import load_translator
from qkv_lib.models.translator import PAD, RecurrentTranslator, TransformerTranslator
from tests.holds import holds

MAKE = {
    "none": lambda: RecurrentTranslator(11, 9, d=8, score="none"),
    "additive": lambda: RecurrentTranslator(11, 9, d=8, score="additive"),
    "dot": lambda: RecurrentTranslator(11, 9, d=8, score="dot"),
    "Transformer": lambda: TransformerTranslator(11, 9, d=8, n_heads=2, n_blocks=2),
}
SOURCE = torch.tensor([[3, 1, 4, 1, 5], [9, 2, 6, PAD, PAD], [7, PAD, PAD, PAD, PAD]])
PREVIOUS = torch.tensor([[1, 3, 4], [1, 5, 6], [1, 7, 8]])


@pytest.fixture(params=MAKE)
def model(request: pytest.FixtureRequest) -> nn.Module:
    """Return one translator of each kind, with fixed weights in float64."""
    return initialise(MAKE[request.param](), np.random.default_rng(0)).double()


@holds("The weights of one translation are a matrix of shape target × source:")
def test_shapes(model: nn.Module) -> None:
    logits, weights = model.decode(model.encode(SOURCE), PREVIOUS)
    n_heads = 4 if isinstance(model, TransformerTranslator) else 1
    m = 1 if getattr(model, "score", "") == "none" else 5
    assert logits.shape == (3, 3, 9)
    assert weights.shape == (3, n_heads, 3, m)
    torch.testing.assert_close(logits, model(SOURCE, PREVIOUS))


def test_padding_changes_nothing(model: nn.Module) -> None:
    padded = nn.functional.pad(SOURCE, (0, 3), value=PAD)
    torch.testing.assert_close(model(padded, PREVIOUS), model(SOURCE, PREVIOUS))
    assert torch.equal(greedy(model, padded), greedy(model, SOURCE))


def test_each_row_is_as_if_it_were_alone(model: nn.Module) -> None:
    together = model(SOURCE, PREVIOUS)
    for row, n in enumerate([5, 3, 1]):
        alone = model(SOURCE[row : row + 1, :n], PREVIOUS[row : row + 1])
        torch.testing.assert_close(together[row : row + 1], alone)


def test_weights_are_positive_sum_to_one_and_are_nothing_on_padding(model: nn.Module) -> None:
    _, weights = model.decode(model.encode(SOURCE), PREVIOUS)
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones_like(weights[..., 0]))
    if weights.shape[-1] > 1:
        assert (weights[1, :, :, 3:] == 0).all()


@holds(
    "Only through the decoder's states, which depend on the symbols before, "
    "never on the one to be written."
)
def test_later_symbols_do_not_touch_earlier_answers(model: nn.Module) -> None:
    other = PREVIOUS.clone()
    other[:, 2] = 2
    before, after = (model(SOURCE, each) for each in (PREVIOUS, other))
    torch.testing.assert_close(before[:, :2], after[:, :2])
    assert not torch.allclose(before[:, 2], after[:, 2])


def test_every_symbol_of_the_source_matters(model: nn.Module) -> None:
    for place in range(5):
        other = SOURCE.clone()
        other[0, place] = 10
        assert not torch.allclose(model(SOURCE, PREVIOUS)[0], model(other, PREVIOUS)[0])


def test_the_dot_translator_attends_by_the_formula_of_the_book() -> None:
    model = initialise(MAKE["dot"](), np.random.default_rng(0)).double()
    memory = model.encode(SOURCE)
    states, _ = model.decoder(model.embed_target(PREVIOUS), memory.first)
    context = attention(
        states @ model.w_query, memory.states @ model.w_key, memory.states, mask=memory.mask
    )
    logits = model.answer(torch.cat([states, context], dim=-1))
    torch.testing.assert_close(logits, model(SOURCE, PREVIOUS))


def test_the_three_recurrent_ones_have_the_same_parameters() -> None:
    shapes = [
        {name: each.shape for name, each in MAKE[kind]().named_parameters()}
        for kind in ("none", "additive", "dot")
    ]
    assert shapes[0] == shapes[1] == shapes[2]


@holds(
    "Without attention, $c_t$ is the same for every $t$:",
    "the vector that the decoder started from.",
)
def test_without_attention_the_decoder_sees_one_vector() -> None:
    model = initialise(MAKE["none"](), np.random.default_rng(0))
    memory = model.encode(SOURCE)
    assert memory.states.shape == (3, 1, 8)
    assert torch.equal(memory.states[:, 0], memory.first[0])


@pytest.mark.parametrize("source", [[[PAD, 1, 2]], [[1, PAD, 2]], [[PAD, PAD]], [1, 2]], ids=str)
def test_padding_elsewhere_is_refused(model: nn.Module, source: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="source has shape"):
        model.encode(torch.tensor(source))


def test_an_unknown_score_is_refused() -> None:
    with pytest.raises(ValueError, match="score is 'cosine'"):
        RecurrentTranslator(5, 5, d=4, score="cosine")  # type: ignore[arg-type]


@holds("one encoder block and one decoder block of four heads")
def test_the_transformer_of_the_book_has_a_block_each_way_and_four_heads() -> None:
    model = load_translator("Transformer")
    assert len(model.encoder) == len(model.decoder) == 1
    _, weights = model.decode(model.encode(SOURCE), PREVIOUS)
    assert weights.shape[1] == 4


@holds(
    "reads the source in both directions and leaves a state $h_j$ at each character.",
    "since the encoder reads in both directions.",
    "each has read its neighbours, and a recurrent decoder starts from a summary of the whole "
    "source.",
)
@pytest.mark.parametrize("kind", ["additive", "dot"])
def test_each_state_of_the_encoder_has_read_all_and_so_has_the_start(kind: str) -> None:
    model = initialise(MAKE[kind](), np.random.default_rng(0)).double()
    whole = model.encode(SOURCE[:1])
    assert whole.states.shape[:2] == (1, 5)
    for place in range(5):
        other = SOURCE[:1].clone()
        other[0, place] = 10
        changed = model.encode(other)
        assert (changed.states != whole.states).any(dim=-1).all()  # before it and after it
        assert not torch.equal(changed.first, whole.first)
