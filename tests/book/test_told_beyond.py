"""What quizzes and captions tell beyond the formula: each sentence beside what computes it."""

from inspect import Parameter, signature

import numpy as np
import pytest
import torch
from torch.nn import functional

from qkv_lib import attention, attention_steps, causal_mask, softmax
from qkv_lib.drawings.memory import EXAMPLES
from qkv_lib.exact import ring
from qkv_lib.exact.cache import KVCache
from qkv_lib.exact.paged import PagedCache
from qkv_lib.experiments import translation
from qkv_lib.formula.positions import rope
from qkv_lib.formula.rules import tree
from qkv_lib.layers.multihead import MultiHeadAttention
from qkv_lib.measures.cost import Block, kv_cache_bytes
from qkv_lib.measures.maps import rollout, weighted_norms
from qkv_lib.measures.traffic import cache_traffic, map_traffic
from qkv_lib.models.translator import RecurrentTranslator
from qkv_lib.variants.delta import delta_attention
from qkv_lib.variants.gated import gated_attention
from qkv_lib.variants.int8 import Int8Cache
from qkv_lib.variants.latent import LatentCache, latent_attention
from qkv_lib.variants.rotary import frequencies, interpolated, turned, yarn, yarn_factor
from tests.holds import holds

RNG = np.random.default_rng(9)
Q, K, V = RNG.normal(size=(3, 7)), RNG.normal(size=(5, 7)), RNG.normal(size=(5, 2))
ARTICLE = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])


class TestMemory:
    @holds("The cache holds no queries: each query is used only in its own step.")
    def test_a_cache_of_8_heads_in_place_of_32(self) -> None:
        cache = KVCache(4)
        cache.append(K[:3], V[:3])
        cache.attend(Q)
        rows = [each for each in vars(cache).values() if np.ndim(each) == 2]
        assert [each.shape for each in rows] == [(4, 7), (4, 2)]  # nothing of the queries
        for kind in (KVCache, PagedCache, Int8Cache, LatentCache):
            taken = list(signature(kind.append).parameters)[1:]
            assert len(taken) == 2
            assert not any("quer" in name for name in taken)
        sizes = [kv_cache_bytes(Block(4096, 32, g), 100) for g in (32, 8)]
        assert sizes[0] == 4 * sizes[1]

    @holds(
        "Reads and multiplications grow alike; the length drops out.",
        "Each sequence brings its own cache, so both grow alike.",
        "The intensity of the matrices grows with the batch; that of the caches does not.",
    )
    def test_what_raises_the_intensity_of_a_cache(self) -> None:
        one = cache_traffic(32, 8, 128, 1000)
        for more in (cache_traffic(32, 8, 128, 8000), cache_traffic(32, 8, 128, 1000, batch=8)):
            assert more.bytes == 8 * one.bytes
            assert more.intensity == one.intensity
        assert cache_traffic(32, 1, 128, 1000).intensity == 8 * one.intensity
        assert map_traffic(64, 64, batch=8).intensity == 8 * map_traffic(64, 64).intensity

    @holds("d_c + d_r numbers, whatever the number of heads.")
    def test_a_latent_cache_keeps_one_row_a_token(self) -> None:
        cache = LatentCache(capacity=5)
        cache.append(RNG.normal(size=(1, 5, 6)), RNG.normal(size=(1, 5, 2)))
        assert cache.rows.shape == (1, 5, 6 + 2)

    @holds("which are stored after turning.")
    def test_turned_keys_are_stored_as_they_are(self) -> None:
        latent, keys = RNG.normal(size=(1, 5, 6)), rope(RNG.normal(size=(1, 5, 2)))
        cache = LatentCache(capacity=5)
        cache.append(latent, keys)
        assert np.array_equal(cache.rows[..., 6:], keys)
        assert np.array_equal(cache.rows[..., :6], latent)

    @holds("Not in a causal model: no token sees a later one.")
    def test_later_tokens_change_no_earlier_row(self) -> None:
        x = RNG.normal(size=(5, 4))
        other = x.copy()
        other[3:] += 1
        before, after = (attention(each, each, each, causal=True) for each in (x, other))
        assert np.array_equal(before[:3], after[:3])


class TestChoice:
    @holds(
        "is joined with causal by |, so all queries see the first four keys, for example those of "
        "a prompt; the other four by &.",
        "three texts, one after another; no token sees another text.",
    )
    def test_the_six_rules_that_are_drawn(self) -> None:
        masks = {name: rule.mask(10) for name, rule in EXAMPLES.items()}
        under = np.tri(10, dtype=bool)
        assert (masks["prefix of 4"] == under | (np.arange(10) < 4)).all()
        assert all((mask <= under).all() for name, mask in masks.items() if "prefix" not in name)
        texts = np.repeat([0, 1, 2], [3, 4, 3])
        assert (masks["documents"] == under & (texts[:, None] == texts)).all()

    def test_shapes_broadcast_from_the_right(self) -> None:
        assert np.broadcast_shapes((8, 3, 3), (8, 8, 3, 3)) == (8, 8, 3, 3)

    @holds(r"multiplies each feature by a factor between 0 and 1 ($\odot$).")
    def test_a_gate_makes_nothing_larger_and_turns_no_sign(self) -> None:
        plain = attention(Q, K, V)
        gated = gated_attention(Q, K, V, RNG.normal(size=plain.shape))
        assert (gated / plain > 0).all()
        assert (gated / plain < 1).all()


class TestLonger:
    theta = frequencies(128)
    turns = 1000 * theta / (2 * np.pi)

    @holds(
        "They have turned many times in training, so the model has seen them at every angle.",
        "They leave the part of the circle that training showed.",
        "A pair with a short wavelength has seen the whole circle.",
    )
    def test_fast_pairs_have_turned_and_slow_ones_have_not(self) -> None:
        assert self.turns[0] > 100
        assert self.turns[-1] < 1 < 4 * self.turns[self.turns < 1].max()

    @holds("All pairs are slowed alike.")
    def test_interpolation_divides_each_angle(self) -> None:
        slower = interpolated(self.theta, 4.0)
        assert np.allclose(slower, self.theta / 4)
        x = RNG.normal(size=(2, 128))
        places = np.array([0, 4])
        assert np.allclose(turned(x, slower, positions=places), turned(x, self.theta))

    @holds("A state of fixed size takes the place of the cache.")
    def test_four_tokens_can_stand_for_any_past_of_a_delta_rule(self) -> None:
        k = RNG.normal(size=(40, 4))
        k /= np.linalg.norm(k, axis=1, keepdims=True)
        v, beta, unit = RNG.normal(size=(40, 3)), RNG.uniform(size=40), np.eye(4)

        def state(key: np.ndarray, value: np.ndarray, strength: np.ndarray) -> np.ndarray:
            keys, values = np.concatenate([key, unit]), np.concatenate([value, 0 * value[:4]])
            wrote = np.concatenate([strength, np.zeros(4)])  # the last four only read
            return delta_attention(np.concatenate([key, unit]), keys, values, wrote)[-4:]

        held = state(k[:30], v[:30], beta[:30])
        keys, values = np.concatenate([unit, k[30:]]), np.concatenate([held, v[30:]])
        later = delta_attention(keys, keys, values, np.concatenate([np.ones(4), beta[30:]]))[-10:]
        assert np.allclose(later, delta_attention(k, k, v, beta)[-10:])

    @holds("1 for the first pairs, a quarter for the last, and a fall between them.")
    def test_yarn_leaves_the_first_and_slows_the_last(self) -> None:
        speed = yarn(self.theta, 4.0, trained=4096) / self.theta
        assert speed[0] == 1
        assert np.isclose(speed[-1], 1 / 4)
        assert (np.diff(speed) <= 1e-12).all()
        assert ((speed > 0.26) & (speed < 0.99)).any()

    @pytest.mark.parametrize("s", [2.0, 4.0, 32.0])
    def test_yarn_multiplies_the_scores_by_the_square(self, s: float) -> None:
        from transformers import LlamaConfig  # here, so that not every worker imports it
        from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

        assert np.isclose(yarn_factor(s), (0.1 * np.log(s) + 1) ** 2)
        parameters = {"rope_type": "yarn", "factor": s, "rope_theta": 10_000.0,
                      "original_max_position_embeddings": 512}  # fmt: skip
        _, each = ROPE_INIT_FUNCTIONS["yarn"](LlamaConfig(rope_parameters=parameters), "cpu")
        assert np.isclose(yarn_factor(s), each * each)  # once on queries and once on keys
        plain, sharper = (softmax(c * (Q @ K.T)).max(axis=1) for c in (1.0, yarn_factor(s)))
        assert (sharper > plain).all()


class TestImagesAndTranslation:
    @holds(
        "Every translator with attention is ahead of the one without, and on "
        "new years by much more than on new dates.",
    )
    @pytest.mark.parametrize("name", ["additive", "dot", "Transformer"])
    def test_attention_is_ahead_above_all_on_new_years(self, name: str) -> None:
        def reached(model: str, part: str) -> np.ndarray:
            wanted = (model, 400, translation.RECIPES[model].lr)
            return np.array([run[part] for run in translation.TABLE.runs
                             if (run["model"], run["updates"], run["rate"]) == wanted])  # fmt: skip

        dates, years = (reached(name, part) - reached("no attention", part)
                        for part in ("dates", "years"))  # fmt: skip
        assert len(years) == 3
        assert dates.min() > 0.05
        assert years.min() > 2 * dates.max()
        assert years.mean() > dates.mean() + 0.3

    @holds("a short value adds little.")
    def test_what_a_key_adds_is_as_long_as_weight_times_value(self) -> None:
        weights, values = attention_steps(Q, K, V).weights, V.copy()
        values[weights[0].argmax()] *= 1e-3
        added = weighted_norms(weights[None], values[None], np.eye(2))[0]
        assert np.allclose(added, weights * np.linalg.norm(values, axis=1))
        assert added[0].argmax() != weights[0].argmax()
        assert weights.min() > 0

    @holds("Rollout uses weights only.")
    def test_rollout_asks_for_weights_only(self) -> None:
        takes = [each.name for each in signature(rollout).parameters.values()
                 if each.default is Parameter.empty]  # fmt: skip
        assert len(takes) == 1
        maps = list(RNG.dirichlet(np.ones(4), size=(2, 3, 4)))
        assert np.allclose(rollout(maps).sum(axis=1), 1)

    def test_weights_of_a_translator_have_a_row_for_each_symbol_written(self) -> None:
        model = RecurrentTranslator(9, 8, d=4)
        source, previous = torch.ones(1, 12, dtype=torch.int64), torch.ones(1, 5, dtype=torch.int64)
        _, weights = model.decode(model.encode(source), previous)
        assert weights.shape[-2:] == (5, 12)


class Circle:
    """A ring of which one rank runs: it notes what it passes on, and gets what the others hold."""

    def __init__(self, rank: int, held: list[tuple[torch.Tensor, ...]]) -> None:
        self.rank, self.size, self.held = rank, len(held), held
        self.sent: list[tuple[torch.Tensor, ...]] = []

    def tell(self, facts: dict[str, str]) -> list[dict[str, str]]:
        """Return what all ranks say: the same."""
        return [facts] * self.size

    def start_passing(self, tensors: tuple[torch.Tensor, ...]) -> "Circle":
        """Note what goes out."""
        self.sent.append(tensors)
        return self

    def finish(self) -> tuple[torch.Tensor, ...]:
        """Return what comes in."""
        return self.held[(self.rank - len(self.sent)) % self.size]


class TestFacts:
    @holds(
        "One sequence spread over several processes.",
        "Each process keeps its queries, and keys and values are passed among the processes.",
        "Ring attention is one way.",
    )
    @pytest.mark.parametrize("rank", range(3))
    def test_keys_and_values_go_round_and_queries_stay(self, rank: int) -> None:
        q, k, v = (torch.tensor(RNG.normal(size=(1, 6, d))) for d in (4, 4, 3))
        held = list(zip(k.chunk(3, dim=1), v.chunk(3, dim=1), strict=True))
        circle = Circle(rank, held)
        own = q.chunk(3, dim=1)[rank]
        found = ring.attend(circle, own, *held[rank], causal=False, zigzag=False)
        assert torch.allclose(found, attention(q, k, v).chunk(3, dim=1)[rank])
        assert len(circle.sent) == 2
        for step, passed in enumerate(circle.sent):  # its own, then those of the rank before
            wanted = held[(rank - step) % 3]
            assert all(torch.equal(x, y) for x, y in zip(passed, wanted, strict=True))

    @holds(
        "Where the diagonal of a causal mask begins when there are more keys than queries: either "
        "the first query sees only the first key, or the last query sees all keys.",
    )
    def test_causal_alignment(self) -> None:
        from torch.nn.attention.bias import causal_lower_right  # here: it imports a compiler

        first, last = causal_mask(3, 5), causal_mask(3, 5, offset=2)
        assert np.flatnonzero(first[0]).tolist() == [0]
        assert last[2].all()
        assert not first[2].all()
        q, k, v = (torch.tensor(x)[None] for x in (Q, K, V))
        flags = {"is_causal": True}, {"attn_mask": causal_lower_right(3, 5)}
        for flag, mask in zip(flags, (first, last), strict=True):
            found = functional.scaled_dot_product_attention(q, k, v, **flag)
            assert torch.allclose(found, attention(q, k, v, mask=torch.tensor(mask)))

    @holds("Dropout sets weights to 0 and scales the rest; it makes no NaN out of numbers.")
    def test_dropout_makes_no_nan(self) -> None:
        weights = torch.tensor(attention_steps(Q, K, V).weights)
        dropped = torch.nn.functional.dropout(weights, 0.5)
        kept = dropped != 0
        assert torch.isfinite(dropped).all()
        assert torch.allclose(dropped[kept], 2 * weights[kept])

    @holds("Then terms relative to different peaks would be added, and the weights would be wrong.")
    def test_sums_relative_to_different_peaks_do_not_add(self) -> None:
        scores = np.array([0.0, 3.0])
        added = np.exp(scores[0] - 0.0) + np.exp(scores[1] - 3.0)
        assert not np.isclose(added, np.exp(scores - 3.0).sum())

    @holds("MLA stores a latent, from which each head has a key of its own, built or absorbed;")
    def test_heads_of_mla_have_keys_of_their_own(self) -> None:
        c, up = RNG.normal(size=(1, 5, 6)), RNG.normal(size=(2, 2, 6, 4))
        query = np.stack([Q[:, :4]] * 2)
        found = latent_attention(query, c, up[0], np.stack([up[1][0]] * 2))
        assert not np.allclose(found[0], found[1])  # by their keys alone

    @holds(
        "Where the tokens differ, so do keys and values.",
        "Different texts have keys and values of their own.",
    )
    def test_another_token_has_another_key(self) -> None:
        layer = MultiHeadAttention(6, 2)
        x, other = torch.ones(1, 6), 2 * torch.ones(1, 6)
        for one, two in zip(
            layer.project(x, x, x), layer.project(other, other, other), strict=True
        ):
            assert not torch.allclose(one, two)

    @holds("each may attend to the text before the tree, to its own ancestors and to itself.")
    def test_the_beginning_of_a_tree_sees_no_branch(self) -> None:
        mask = tree(np.array([-1, 0, 0])).mask(3)
        assert not mask[0, 1:].any()
        assert not mask[1, 2]
        assert not mask[2, 1]
        assert mask[1:, 0].all()

    @holds("Attention keeps every key and value apart, and chooses when the question is there.")
    def test_a_cache_keeps_every_key(self) -> None:
        cache = KVCache(5)
        for j in range(5):
            cache.append(K[j : j + 1], V[j : j + 1])
        assert np.array_equal(cache.key, K)
        assert np.array_equal(cache.value, V)

    @holds(
        "Every hand turns, but the angle between the two hands of a circle stays the same.",
        "Every hand points elsewhere below, and each pair has the same angle as above.",
    )
    def test_pairs_keep_their_angle_when_both_move(self) -> None:
        x = np.tile([1.0, 1.0, 1.0, 0.0, 0.0, 0.0], (4, 1))
        places = np.array([1, 3, 4, 6])
        found = rope(x, positions=places, base=10.0)
        angles = np.arctan2(found[:, 3:], found[:, :3])
        assert np.allclose(np.cos(angles[1] - angles[0]), np.cos(angles[3] - angles[2]))
        assert (np.abs(angles[2:] - angles[:2]) > 0.1).all()
