"""Byte-pair encoding loses nothing, joins as it learned, and refuses what it has no piece for."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qkv_lib.data import prose as prose_module
from qkv_lib.data.pieces import ALPHABET, WORDS, Pieces, load_pieces
from qkv_lib.data.prose import load_prose
from tests.holds import holds

PIECES = load_pieces()


@given(st.text(alphabet=ALPHABET))
def test_decoding_gives_back_what_was_encoded(text: str) -> None:
    assert PIECES.decode(PIECES.encode(text)) == text


@given(st.text(alphabet=ALPHABET, max_size=40))
def test_no_piece_reaches_beyond_a_word(text: str) -> None:
    assert "".join(WORDS.findall(text)) == text
    assert PIECES.split(text) == [p for word in WORDS.findall(text) for p in PIECES.split(word)]


@holds(
    "It begins with single characters.",
    "Again and again it joins the most frequent pair of neighbours within words into a new token.",
)
def test_the_first_merge_is_the_most_frequent_pair() -> None:
    text = "the other that then"
    pairs: Counter[tuple[str, str]] = Counter()
    for word in WORDS.findall(text):
        pairs.update(pairwise(word))
    learned = Pieces.learn(text, len(ALPHABET) + 2)
    assert pairs[learned.merges[0]] == max(pairs.values()) == 4
    assert learned.merges[0] == ("t", "h")
    assert learned.split("th") == ["th"]


def test_the_stored_merges_are_those_of_the_training_text() -> None:
    assert Pieces.learn(load_prose().train, 140).merges == PIECES.merges[:44]
    assert len(PIECES) == 512 == len(set(PIECES.pieces))


def test_other_characters_are_refused() -> None:
    with pytest.raises(ValueError, match="'é'"):
        PIECES.encode("café")


def test_no_document_is_in_two_parts() -> None:
    parts = [set(part.splitlines()) for part in load_prose()]
    assert sum(map(len, parts)) == len(set.union(*parts))


def test_another_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prose_module, "DIGEST", "0")
    with pytest.raises(ValueError, match="SHA-256"):
        load_prose()
