"""A verdict is the same in every process: it hangs on no hash and on no address."""

import json
import os
import subprocess
import sys

import pytest

from qkv_lib.practice import grade
from tests.practice.answers import ANSWERS
from tests.practice.answers.source import function

NAMES = ("explain-score", "left-out", "cache-bytes")
UNNAMED = {
    "explain-score": ("""
def explain_score(asking, answering, W_Q, W_K):
    table = np.outer(asking, answering) * (W_Q @ W_K.T)
    return np.where(table < 0, table, 2 * table)
""",),
    "cache-bytes": ("""
def cache_bytes(lengths, d_model, n_heads, n_kv_heads, n_blocks, size):
    width = d_model // n_heads * n_kv_heads
    return 2 * n_blocks * lengths * np.minimum(width, 8) * size
""",),
    "masked-attention": ("""
def masked_attention(query, key, value, mask):
    mask = mask | (np.arange(mask.shape[-1]) == 0)
    return qkv_lib.attention(query, key, value, mask=mask)
""",),
}  # fmt: skip
"""Answers that only a place or a condition describes: found in a set, told by the shortest."""


def verdicts() -> list[tuple[str, str, str]]:
    """Return exercise, mistake and text of the verdict on every answer."""
    answers = [(name, ANSWERS[name].edited(e)) for name in NAMES for e in ANSWERS[name].edits]
    answers += [(name, answer) for name, each in UNNAMED.items() for answer in each]
    graded = [(name, grade(name, function(source))) for name, source in answers]
    return [(name, str(verdict.mistake), verdict.text) for name, verdict in graded]


def in_a_process(seed: str) -> list[list[str]]:
    """Return the verdicts of a fresh process with this seed for its hashes."""
    code = f"import json; from {__name__} import verdicts; print(json.dumps(verdicts()))"
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def first():
    """The verdicts of this process, whose hashes have a seed of their own."""
    return json.loads(json.dumps(verdicts()))


@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_verdict_does_not_hang_on_the_hash_seed(first, seed):
    other = in_a_process(seed)
    differ = [(a, b) for a, b in zip(first, other, strict=True) if a != b]
    assert not differ


def test_a_factor_is_the_factor_of_the_whole(first):
    by_text = [mistake for name, mistake, _ in first if name == "explain-score"]
    assert "factor" in by_text
    assert "asking-doubled" not in by_text
