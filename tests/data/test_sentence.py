"""The sentence made by hand: its scores as worked out on paper, and what each part is there for."""

from collections.abc import Sequence
from math import exp

import numpy as np
import pytest

from qkv_lib import causal_mask, padding_mask
from qkv_lib.data.sentence import (
    ASKED,
    CHINESE,
    CHINESE_COLD,
    COLD,
    FEATURES,
    GUESS,
    LEXICON,
    LIKE,
    PAD,
    THIRSTY,
    WHO,
    Head,
    Step,
    layers,
    lines,
    reason,
    rows,
    step,
    words_of,
)

IT, CAT, MILK, LAST = (THIRSTY.index(word) for word in ("it", "cat", "milk", "thirsty"))
NEARLY = {"rtol": 1e-12, "atol": 1e-12}


def of(head: Head, words: Sequence[str], asking: str, **options: bool) -> dict[str, float]:
    """Return the weights of one word of a sentence in which no asked word comes twice."""
    weights = step(rows(words), head, **options).weights[list(words).index(asking)]
    return dict(zip(words, weights, strict=True))


def best(found: Step, words: Sequence[str], asking: str) -> str:
    weights = found.weights[list(words).index(asking)]
    assert (weights == weights.max()).sum() == 1  # no tie
    return words[int(weights.argmax())]


def test_the_rows_are_small_whole_numbers_and_no_word_of_the_sentence_is_blank() -> None:
    every = rows(list(LEXICON))
    assert set(every.ravel()) <= {0.0, 1.0, 2.0, 3.0}
    assert rows(THIRSTY).shape == (9, len(FEATURES))
    assert (rows(THIRSTY).sum(axis=1) >= 1).all()
    assert not rows([PAD]).any()
    assert all(set(features) <= set(FEATURES) for features in LEXICON.values())


def test_the_scores_of_the_guess_are_those_worked_out_by_hand() -> None:
    by_hand = np.zeros((9, 9))
    by_hand[IT, [CAT, MILK]] = 8, 4  # thing 2·2 + living 2·2, thing 2·2
    by_hand[LAST, [CAT, MILK]] = 8, 4  # thirsty asks for a thing that lives, too
    assert np.array_equal(step(rows(THIRSTY), GUESS).scores, by_hand)
    by_hand[LAST, [CAT, MILK]] = 4, 8  # cold asks for a drink
    assert np.array_equal(step(rows(COLD), GUESS).scores, by_hand)


def test_the_weights_are_exponentials_of_half_the_scores() -> None:
    total = exp(4) + exp(2) + 7
    found = step(rows(THIRSTY), GUESS)
    np.testing.assert_allclose(found.scaled, found.scores / 2, **NEARLY)
    np.testing.assert_allclose(
        found.weights[IT, [CAT, MILK, 0]], np.array([exp(4), exp(2), 1]) / total, **NEARLY
    )
    np.testing.assert_allclose(found.output[IT], np.array([exp(4), exp(2)]) / total, **NEARLY)
    assert found.weights[IT, [CAT, MILK]].round(2).tolist() == [0.79, 0.11]


def test_the_adjective_finds_its_noun_and_the_noun_does_not_find_the_adjective() -> None:
    assert best(step(rows(THIRSTY), GUESS), THIRSTY, "thirsty") == "cat"
    assert best(step(rows(COLD), GUESS), COLD, "cold") == "milk"
    np.testing.assert_allclose(list(of(GUESS, THIRSTY, "cat").values()), 1 / 9, **NEARLY)
    same = GUESS._replace(W_Q=GUESS.W_K)  # Q = K: everybody finds what is like himself
    assert best(step(rows(THIRSTY), same), THIRSTY, "thirsty") == "thirsty"
    assert of(same, THIRSTY, "it")["cat"] == pytest.approx(1 / 9)  # and the pronoun nobody


def test_what_a_word_is_found_by_is_not_what_it_hands_over() -> None:
    dog = tuple("dog" if word == "cat" else word for word in THIRSTY)
    cat_found, dog_found = (step(rows(words), GUESS) for words in (THIRSTY, dog))
    assert np.array_equal(cat_found.K, dog_found.K)
    assert np.array_equal(cat_found.weights, dog_found.weights)
    assert dog_found.output[IT, 0] == pytest.approx(2 * cat_found.output[IT, 0])
    same = GUESS._replace(W_V=GUESS.W_K, W_O=GUESS.W_K.T, handed=ASKED)  # K = V
    assert np.array_equal(step(rows(dog), same).output, step(rows(THIRSTY), same).output)


@pytest.mark.parametrize(
    ("words", "one", "two"),
    [
        (THIRSTY, "cat", "cat"),
        (COLD, "cat", "milk"),
        (CHINESE, "猫", "猫"),
        (CHINESE_COLD, "猫", "牛奶"),
        ("the girl spilled the tea because she was cold", "girl", "girl"),
        ("the dog liked the juice because it was warm", "dog", "juice"),
    ],
)
def test_two_layers_let_it_ask_the_adjective_first(
    words: Sequence[str], one: str, two: str
) -> None:
    words = words_of(words)
    it = next(word for word in words if "pronoun" in LEXICON[word])
    assert best(layers(words, depth=1)[-1], words, it) == one
    assert best(layers(words)[-1], words, it) == two


def test_the_first_layer_hands_the_pronoun_what_the_adjective_describes() -> None:
    weight = exp(4) / (exp(4) + 8)
    for words, feature in ((THIRSTY, "of-living"), (COLD, "of-drink")):
        like = layers(words)[0]
        assert best(like, words, "it") == words[-1]
        assert like.added[IT, FEATURES.index(feature)] == pytest.approx(weight)
        assert like.added[IT, FEATURES.index("pronoun")] == 1  # what was there stays
    assert round(weight, 2) == 0.87


def test_the_second_layer_asks_with_the_strength_of_what_it_was_handed() -> None:
    weight = exp(4) / (exp(4) + 8)
    for words, scores in ((THIRSTY, [8, 4]), (COLD, [4, 8])):
        found = layers(words)[1]
        np.testing.assert_allclose(
            found.scores[IT, [CAT, MILK]], weight * np.array(scores), **NEARLY
        )
        assert sorted(found.weights[IT].round(2))[-2:] == [0.13, 0.72]


def test_with_its_own_guess_the_second_layer_would_still_say_cat() -> None:
    like = layers(COLD)[0]
    assert best(step(like.added, GUESS), COLD, "it") == "cat"
    assert best(step(like.added, WHO), COLD, "it") == "milk"


def test_without_its_last_word_a_causal_reader_cannot_tell() -> None:
    causal = layers(COLD, causal=True)
    assert not causal[0].weights[IT, IT + 1 :].any()
    np.testing.assert_allclose(causal[0].weights[IT, : IT + 1], 1 / 7, **NEARLY)
    for thirsty, cold in zip(layers(THIRSTY, causal=True), causal, strict=True):
        assert np.array_equal(thirsty.weights[: LAST - 1], cold.weights[: LAST - 1])
    n = len(COLD)
    by_mask = step(rows(COLD), LIKE, mask=causal_mask(n))
    assert np.array_equal(causal[0].weights, by_mask.weights)


def test_padding_takes_weight_unless_it_is_masked() -> None:
    short = words_of("the dog was thirsty")
    padded = short + [PAD] * 5
    alone = step(rows(short), GUESS)
    loose = step(rows(padded), GUESS)
    kept = step(rows(padded), GUESS, mask=padding_mask(np.array([4]), 9)[0, 0])
    assert loose.weights[3, 4:].sum() == pytest.approx(5 / (exp(4) + 8))
    np.testing.assert_allclose(kept.weights[:4, :4], alone.weights, **NEARLY)
    assert not kept.weights[:, 4:].any()


def test_without_positions_the_order_says_nothing() -> None:
    one, other = words_of("the cat drank the milk"), words_of("the milk drank the cat")
    order = [0, 4, 2, 3, 1]  # where the words of the one stand in the other
    assert [one[i] for i in order] == other
    for found, moved in zip(layers(one), layers(other), strict=True):
        np.testing.assert_allclose(moved.output, found.output[order], **NEARLY)


def test_written_word_by_word_the_old_keys_and_values_do_not_change() -> None:
    whole = step(rows(THIRSTY), GUESS, causal=True)
    for n in range(1, len(THIRSTY) + 1):
        part = step(rows(THIRSTY[:n]), GUESS, causal=True)
        assert np.array_equal(part.K, whole.K[:n])
        assert np.array_equal(part.V, whole.V[:n])
        np.testing.assert_allclose(part.output, whole.output[:n], **NEARLY)


def test_the_chinese_words_have_the_features_of_the_english_ones() -> None:
    zh, en = words_of("猫 喝 牛奶 因为 它 渴"), words_of("cat drank milk because it thirsty")
    assert np.array_equal(rows(zh), rows(en))
    assert set(CHINESE) - set(zh) == {"了"}


def test_a_matrix_is_read_aloud_and_a_score_has_its_reason() -> None:
    assert lines(LIKE.W_Q, FEATURES, ASKED) == ["pronoun → description 4"]
    assert lines(WHO.W_Q, FEATURES, ASKED) == lines(GUESS.W_Q, FEATURES, ASKED)[1:]
    assert lines(GUESS.W_V, FEATURES, GUESS.handed) == ["size → size 1", "sweet → sweet 1"]
    assert all(np.array_equal(head.W_K, GUESS.W_K) for head in (LIKE, WHO))
    found = layers(COLD)[1]
    assert reason(found.Q[IT], found.K[MILK]) == "thing 3.49 + drink 3.49 = 6.98"


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match=r"^fish, sea is not in the lexicon, which has: cat, dog"):
        words_of("the fish drank the sea")
    with pytest.raises(ValueError, match=r"^words is empty"):
        rows("")
    with pytest.raises(ValueError, match=r"^depth is 3"):
        layers(THIRSTY, depth=3)
    with pytest.raises(ValueError, match=r"^W has shape \(10, 4\)"):
        lines(GUESS.W_Q, FEATURES, FEATURES)
    with pytest.raises(ValueError, match=r"^q has 3 numbers"):
        reason(np.zeros(3), np.zeros(4))
