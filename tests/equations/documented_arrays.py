"""Formulas in the docstrings of the floors up to the measures, by arrays."""

from collections.abc import Callable

import numpy as np

from qkv_lib import attention, attention_steps, scoring, softmax
from qkv_lib.data.patches import to_patches
from qkv_lib.exact.tiles import Partial, merge
from qkv_lib.formula.gradients import attention_gradients, softmax_gradient, softmax_jacobian
from qkv_lib.formula.positions import alibi_bias, alibi_slopes, rope, sinusoidal
from qkv_lib.measures.cost import Block, block_cost, crossover_length
from qkv_lib.measures.maps import rollout, weighted_norms
from qkv_lib.measures.pointing import mass_inside
from qkv_lib.measures.relations import relation_mass, spread
from qkv_lib.measures.retrieval import ranks
from qkv_lib.measures.traffic import cache_traffic, latent_traffic, map_traffic
from qkv_lib.models.sampling import next_probabilities
from qkv_lib.multihead import multi_head_attention
from qkv_lib.variants.rotary import (
    frequencies,
)
from tests.equations.claims import Case, given

N, M, D, E = 5, 7, 3, 2
RNG = np.random.default_rng(22)
Q, K, V = RNG.normal(size=(N, D)), RNG.normal(size=(M, D)), RNG.normal(size=(M, E))
DO = RNG.normal(size=(N, E))
STEPS = attention_steps(Q, K, V)
PAIRS = {"i": N, "j": M, "l": M}
GRADIENTS = dict(zip(("dQ", "dK", "dV"), attention_gradients(Q, K, V, DO), strict=False))
DA = DO @ V.T
DS = softmax_gradient(STEPS.weights, DA)
W, R = RNG.dirichlet(np.ones(6), size=6), RNG.random((6, 6)) < 0.5
PLACES = np.array([divmod(i, 3) for i in range(6)])
ROW = RNG.normal(size=16)


def turn(way: Callable[[np.ndarray, np.ndarray], np.ndarray], **symbols: float) -> list[Case]:
    """The pairs of rows that are turned by a position-wise rotation; a mapping has an image."""
    theta = frequencies(6, base=50.0)
    x = RNG.normal(size=(N, 6))
    found = way(x, theta)
    return [
        given({"i": [i]}, first=0, x_a=x[t, i], x_b=x[t, i + 3], x_a_image=found[t, i],
              x_b_image=found[t, i + 3], t=t, theta=theta, **symbols)
        for t in (1, 4) for i in (1, 2)
    ]  # fmt: skip


def parts() -> dict[str, float | np.ndarray]:
    """Two parts of an attention, and what the library makes of both."""
    one = np.ones((1, 1))
    a, b = (Partial(x[None], t * one, p * one) for x, t, p in ((V[0], 2.0, 0.3), (V[1], 3.0, 1.1)))
    found = merge(a, b)
    return {
        f"{name}{end}": each.output[0] if name == "o" else getattr(each, field).item()
        for end, each in (("", found), ("_A", a), ("_B", b))
        for name, field in (("p", "peak"), ("t", "total"), ("o", "output"))
    }


def rolled_out(share: float) -> Case:
    """Attention through three layers of two heads, of which a share goes around."""
    A = RNG.dirichlet(np.ones(4), size=(3, 2, 4))
    mixed = np.stack([rollout([layer], residual=share) for layer in A])
    return given({"l": 3, "i": 2}, R=rollout(list(A), residual=share), A=A, A_tilde=mixed,
                 rho=share, L=3, h=2, also={"I": np.eye(4)})  # fmt: skip


def patches() -> Case:
    """The patches of an image of two rows of three."""
    image = RNG.normal(size=(4, 6))
    return given({"i": 6, "r": 2, "c": 2}, first=0, X=to_patches(image, 2), image=image, s=2, w=3)


def related() -> Case:
    """The weight on what is related, for the queries that have something related."""
    relation = np.array([[0, 1, 1], [0, 0, 0], [1, 0, 0]], dtype=bool)
    A, m = RNG.dirichlet(np.ones(3), size=3), np.full(3, np.nan)
    m[[0, 2]] = relation_mass(A, relation)
    return given({"i": 3, "j": 3}, condition=True, m=m, A=A, R=relation)


def documents() -> Case:
    """The ranks among documents of which some fit alike."""
    s, right = np.array([[3.0, 1, 2, 2], [1, 1, 1, 0], [0, 2, 1, 3]]), np.array([2, 1, 3])
    return given({"i": 3, "j": 4}, r=ranks(s, right), s=s, c=right + 1)


def of_heads() -> Case:
    """Two heads of their own projections, and what multi-head attention makes of them."""
    X, Y = RNG.normal(size=(N, 4)), RNG.normal(size=(M, 3))
    W_Q, W_K, W_V, W_O = (RNG.normal(size=size) for size in ((4, 6), (3, 6), (3, 4), (4, 5)))
    split = {f"W_{name}": np.stack(np.split(each, 2, axis=1))
             for name, each in (("Q", W_Q), ("K", W_K), ("V", W_V))}  # fmt: skip
    heads = [attention(X @ q, Y @ k, Y @ v) for q, k, v in zip(*split.values(), strict=True)]
    return given(
        {"i": 2}, MultiHead=lambda x, y: multi_head_attention(x, y, W_Q, W_K, W_V, W_O, n_heads=2),
        concat=lambda *each: np.concatenate(each, axis=-1), Attention=attention, X=X, Y=Y, O=heads,
        h=2, W_O=W_O, **split,
    )  # fmt: skip


CASES: dict[str, Callable[[], Case | list[Case]]] = {
    "attention.attention": lambda: given(equals=attention(Q, K, V), Q=Q, K=K, V=V, d_k=D),
    "formula.steps": lambda: given(equals=attention(Q, K, V), Q=Q, K=K, V=V, d_k=D),
    "data.patches.to_patches": patches,
    "exact.backward": lambda: given(
        A=STEPS.weights, S=STEPS.scaled, L=STEPS.logsumexp[:, None], O=STEPS.output, dO=DO, V=V,
        D=(DO * STEPS.output).sum(axis=1, keepdims=True), dS=DS,
    ),
    "exact.backward.tiled_gradients": lambda: given(
        {"i": N, "j": M}, A=STEPS.weights, s=STEPS.scaled, L=STEPS.logsumexp, O=STEPS.output, dO=DO,
        v=V, D=(DO * STEPS.output).sum(axis=1), dS=DS,
    ),
    "formula.gradients.attention_gradients": lambda: given(
        A=STEPS.weights, dA=DA, dO=DO, V=V, dS=DS
    ),
    "formula.gradients.softmax_jacobian": lambda: given(
        {"i": 6, "j": 6}, a=W[0], delta=np.eye(6), also={"∂a/∂s": softmax_jacobian(W[0])}
    ),
    "formula.positions.alibi.alibi_slopes": lambda: given({"i": 4}, m=alibi_slopes(4), h=4),
    "formula.positions.rope.rope": lambda: turn(lambda x, _: rope(x, base=50.0), b=50.0, d=6),
    "measures.cost": lambda: given(
        n=7, d=12, d_ff=5, equals=block_cost(Block(12, 3, d_ff=5), 7).total.multiplications
    ),
    "measures.cost.crossover_length": lambda: given(
        n=crossover_length(Block(12, 4, 2, d_ff=5)), d=12, d_kv=6, d_ff=5
    ),
    "measures.relations.relation_mass": related,
    "measures.retrieval.ranks": documents,
    "measures.traffic": lambda: given(
        intensity=map_traffic(8, 6, n_tokens=5).intensity, multiplications=8 * 6 * 5,
        bytes_read=8 * 6 * 2,
    ),
    "measures.traffic.latent_traffic": lambda: given(
        n=2, h=8, d_c=6, d_r=3, B=4,
        equals=latent_traffic(8, 6, 3, 5, n_tokens=2, bytes_per_number=4).intensity,
    ),
    "multihead": of_heads,
    "formula.scoring.dot": lambda: given(PAIRS, s=scoring.dot(Q, K), q=Q, k=K),
    "formula.scoring.scaled_dot": lambda: given(PAIRS, s=scoring.scaled_dot(Q, K), q=Q, k=K, d=D),
    "formula.scoring.bilinear": lambda: given(
        PAIRS, s=scoring.bilinear(Q, K, W[:D, :D]), q=Q, k=K, W=W[:D, :D]
    ),
    "formula.scoring.additive": lambda: given(
        PAIRS, s=scoring.additive(Q, K, W[:D], R[:D] + 0.5, ROW[:6]), q=Q, k=K, W_q=W[:D],
        W_k=R[:D] + 0.5, v=ROW[:6],
    ),
    "formula.scoring.gaussian": lambda: given(
        PAIRS, s=scoring.gaussian(Q, K, bandwidth=1.7), q=Q, k=K, b=1.7
    ),
    "formula.steps.softmax": lambda: given({"j": M, "l": M}, softmax=softmax, s=Q[0, :1] * K[:, 0]),
    "attention": lambda: given(Attention=attention, Q=Q, K=K, V=V, d_k=D),
    "formula.gradients": lambda: given(
        A=STEPS.weights, dO=DO, dA=DA, V=V, dS=DS, Q=Q, K=K, d_k=D, **GRADIENTS
    ),
    "formula.gradients.softmax_gradient": lambda: given(dS=DS, A=STEPS.weights, dA=DA),
    "formula.positions.alibi.alibi_bias": lambda: given(
        {"h": 4, "i": N, "j": M}, B=alibi_bias(4, N, M, offset=2), m=alibi_slopes(4), offset=2
    ),
    "formula.positions.sinusoidal.sinusoidal": lambda: given(
        {"t": N, "i": 3}, first=0, P=sinusoidal(N, 6, base=50.0), b=50.0, d=6
    ),
    "exact.tiles.merge": lambda: given(**parts()),
    "measures.maps.rollout": lambda: rolled_out(0.3),
    "measures.maps.weighted_norms": lambda: given(
        {"i": N, "j": M}, A=STEPS.weights, v=V, W_O=W[:E],
        equals=lambda i, j: weighted_norms(STEPS.weights[None], V[None], W[:E])[0, i - 1, j - 1],
    ),
    "measures.pointing.mass_inside": lambda: given(
        {"j": 6}, a=W[0], c=W[1], equals=mass_inside(W[:1], W[1:2])[0]
    ),
    "measures.relations.spread": lambda: given({"i": 6, "j": 6}, H=spread(W), A=W, n=6),
    "measures.traffic.map_traffic": lambda: given(
        b=3, n=5, d=8, d_prime=6, B=4,
        equals=map_traffic(8, 6, n_tokens=5, batch=3, bytes_per_number=4).intensity,
    ),
    "measures.traffic.cache_traffic": lambda: given(
        b=3, n=2, h=8, g=2, m=7, d_h=16, B=4,
        equals=cache_traffic(8, 2, 16, 7, n_tokens=2, batch=3, bytes_per_number=4).intensity,
    ),
    "models.sampling.next_probabilities": lambda: given(
        {"t": 16}, p=next_probabilities(ROW, temperature=0.3), z=ROW, tau=0.3
    ),
}  # fmt: skip
