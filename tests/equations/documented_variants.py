"""Formulas in the docstrings of the variants of attention, by arrays."""

from collections.abc import Callable

import numpy as np

from qkv_lib import attention, attention_steps, softmax
from qkv_lib.variants.convolution import convolve, offset_mask, offset_scores
from qkv_lib.variants.delta import delta_attention, delta_attention_by_chunks
from qkv_lib.variants.differential import (
    differential_attention,
    differential_weights,
    first_strength,
)
from qkv_lib.variants.flex import flex_attention_whole
from qkv_lib.variants.gated import gated_attention
from qkv_lib.variants.int8 import restored, rounded
from qkv_lib.variants.latent import latent_attention
from qkv_lib.variants.linear import elu_plus_one, kernel_weights, linear_attention
from qkv_lib.variants.rotary import (
    frequencies,
    interpolated,
    ntk_aware,
    turned,
    yarn,
    yarn_factor,
)
from qkv_lib.variants.sinks import sink_attention
from qkv_lib.variants.sparse import chosen_blocks
from tests.equations.claims import Case, given
from tests.equations.documented_arrays import (
    DO,
    PAIRS,
    PLACES,
    RNG,
    ROW,
    STEPS,
    D,
    E,
    K,
    M,
    N,
    Q,
    V,
    turn,
)


def convolved() -> Case:
    """An image under a filter of three by three taps."""
    image, kernel = RNG.normal(size=(2, 3, 2)), RNG.normal(size=(3, 3, 2, 4))
    taps = [np.array([r, s]) for r in (-1, 0, 1) for s in (-1, 0, 1)]

    def a(tap: np.ndarray, *pair: int) -> np.ndarray | int:
        mask = offset_mask(2, 3, tuple(tap)).astype(int)
        return mask[pair[0] - 1, pair[1] - 1] if pair else mask

    return given(
        {"Delta": taps, "i": 6, "j": 6},
        Y=convolve(image, kernel).reshape(6, 4),
        A=a,
        X=image.reshape(6, 2),
        W=lambda tap: kernel[tap[0] + 1, tap[1] + 1],
        p=PLACES,
    )


def deltas(*names: str, n: int = 4, earlier: int = 0) -> Case:
    """Keys written into a state one by one; the state is what unit queries read."""
    d = 3
    q, k, v = RNG.normal(size=(n, d)), RNG.normal(size=(n, d)), RNG.normal(size=(n, 2))
    beta, alpha = RNG.uniform(0.2, 0.9, size=n), RNG.uniform(0.5, 0.9, size=n)
    unit = [delta_attention(np.tile(e, (n, 1)), k, v, beta, decay=alpha) for e in np.eye(d)]
    S = dict(enumerate([np.zeros((d, 2)), *np.stack(unit, axis=1)]))
    e = np.stack([v[t] - k[t] @ (alpha[t] * S[t]) for t in range(n)])
    o = (delta_attention_by_chunks if earlier else delta_attention)(
        q, k, v, beta, decay=alpha, **({"chunk": earlier} if earlier else {})
    )
    here = slice(earlier, None)
    what = {"S": S[earlier] if earlier else S, "k": k[here], "v": v[here], "beta": beta[here],
            "alpha": alpha, "q": q[here], "e": e, "o": o[here], "I": np.eye(d),
            "g": np.cumprod(alpha[here]), "u": (beta[:, None] * e)[here]}  # fmt: skip
    return given({"t": n - earlier, "i": n - earlier}, also={each: what[each] for each in names})


def differences(*names: str, **more: object) -> Case:
    """Two heads of one map each, of which the second is taken from the first."""
    q, k, v = RNG.normal(size=(2, N, D)), RNG.normal(size=(2, M, D)), RNG.normal(size=(1, M, E))
    steps = [attention_steps(q[h], k[h], v[0]) for h in (0, 1)]
    found = {
        "Q_1": q[0], "Q_2": q[1], "K_1": k[0], "K_2": k[1], "V": v[0], "Attention": attention,
        "S_1": steps[0].scaled, "S_2": steps[1].scaled,
        "O": differential_attention(q, k, v, strength=0.3)[0],
        "A": differential_weights(q, k, v, strength=0.3)[0],
    }  # fmt: skip
    equals = found[str(more["equals"])] if more else None
    return given(equals=equals, lam=0.3, also={each: found[each] for each in names})


def flexible() -> Case:
    """Attention under a rule with changed scores; softmax sees nothing of what is not allowed."""

    def rule(i: object, j: object) -> object:
        return i + 2 >= j  # type: ignore[operator]

    def change(s: object, i: object, j: object) -> object:
        return s - 0.3 * (i - j)  # type: ignore[operator]

    o = flex_attention_whole(Q, K, V, rule=rule, change=change)
    return given(
        PAIRS,
        o=o,
        s=STEPS.scaled,
        v=V,
        rule=rule,
        change=lambda s, i, j: change(s, i, j) if rule(i, j) else -np.inf,
    )


def ruled() -> Case:
    """The same as matrices."""
    i, j = np.arange(N)[:, None], np.arange(M)
    o = flex_attention_whole(Q, K, np.eye(M), rule=lambda i, j: i + 2 >= j,
                             change=lambda s, i, j: s - 0.3 * (i - j))  # fmt: skip
    return given(
        A=o, change=lambda s: np.where(i + 2 >= j, s - 0.3 * (i - j), -np.inf), Q=Q, K=K, d_k=D
    )


def in_8_bits() -> Case:
    """A row in 8 bits, with a number that lies half way between two codes."""
    x = np.array([[127.0, 0.5, -3.2, 64.0]])
    found = rounded(x)
    return given({"a": 4}, x=x[0], x_hat=restored(found)[0], c=found.scales.item())


def latents(*names: str) -> Case:
    """Keys and values of two heads from one latent; where something is turned, of the first."""
    h, d_c, d_r = 2, 4, 2
    q, c, r, t = (RNG.normal(size=size) for size in ((h, N, D), (1, M, d_c), (h, N, d_r),
                                                     (1, M, d_r)))  # fmt: skip
    up_k, up_v = RNG.normal(size=(h, d_c, D)), RNG.normal(size=(h, d_c, E))
    k, v = c @ up_k, c @ up_v
    assert np.allclose(latent_attention(q, c, up_k, up_v), attention(q, k, v))
    s = (q @ k.mT + r @ t.mT) / np.sqrt(D + d_r)
    a = softmax(s)
    o = latent_attention(q, c, up_k, up_v, query_turned=r, key_turned=t)
    whole = {"k": lambda i, j: k[i - 1, j - 1], "v": lambda i, j: v[i - 1, j - 1], "c": c[0],
             "W_UK": up_k, "W_UV": up_v}  # fmt: skip
    one = {"s": s[0], "q": q[0], "c": c[0], "W_UK": up_k[0], "W_UV": up_v[0], "r": r[0], "t": t[0],
           "d_k": D, "d_r": d_r, "o": o[0], "a": a[0]}  # fmt: skip
    if "k" in names:
        return given({"i": h, "j": M}, also={each: whole[each] for each in names})
    if "r" not in names:
        one |= {"a": a[0, 0]}
    return given({"i": N, "j": M}, also={each: one[each] for each in names})


def stretched() -> Case:
    """The frequencies of YaRN: one pair stays, one is slowed down, two lie between."""
    theta, s = np.array([1.0, 0.1, 0.05, 0.001]), 3.0
    found = yarn(theta, s, trained=1000, slow=2.0, fast=20.0)
    gamma = (found - theta / s) / (theta - theta / s)
    return given({"i": 4}, theta=theta, theta_prime=found, gamma=gamma, s=s, N=1000, a=2.0,
                 c=20.0, r=1000 * theta / (2 * np.pi))  # fmt: skip


def liked() -> Case:
    """How well blocks of two keys fit; the best is the one that a query chooses."""
    k = RNG.normal(size=(6, D))
    blocks = [(1, 2), (3, 4), (5, 6)]
    liking = Q @ k.reshape(3, 2, D).mean(axis=1).T
    chosen = chosen_blocks(Q, k, block=2, n_chosen=1)
    assert (liking.argmax(axis=1) == chosen.argmax(axis=1)).all()
    return given({"i": N, "B": blocks}, q=Q, k=k, r=lambda i, B: liking[i - 1, blocks.index(B)])


def elu(x: float) -> float:
    return x if x > 0 else np.expm1(x)


CASES: dict[str, Callable[[], Case | list[Case]]] = {
    "variants.convolution.convolve": convolved,
    "variants.delta": lambda: deltas("S", "alpha", "beta", "k", "v", "I"),
    "variants.delta.delta_attention": lambda: deltas("e", "v", "k", "alpha", "S", "beta", "o", "q"),
    "variants.delta.delta_attention_by_chunks": lambda: deltas(
        "u", "beta", "g", "k", "v", "S", "o", "q", earlier=2
    ),
    "variants.differential": lambda: differences("O", "S_1", "S_2", "V"),
    "variants.differential.differential_attention": lambda: differences(
        "Attention", "Q_1", "K_1", "Q_2", "K_2", "V", equals="O"
    ),
    "variants.differential.differential_weights": lambda: differences("S_1", "S_2", equals="A"),
    "variants.flex": flexible,
    "variants.flex.flex_attention_whole": ruled,
    "variants.gated": lambda: given(
        PAIRS, o=gated_attention(Q, K, V, DO), g=DO, a=STEPS.weights, v=V
    ),
    "variants.gated.gated_attention": lambda: given(
        equals=gated_attention(Q, K, V, DO), G=DO, Attention=attention, Q=Q, K=K, V=V
    ),
    "variants.int8": in_8_bits,
    "variants.latent": lambda: latents("k", "v", "c", "W_UK", "W_UV"),
    "variants.latent.latent_attention": lambda: latents(
        "s", "q", "c", "W_UK", "W_UV", "r", "t", "d_k", "d_r", "o", "a"
    ),
    "variants.latent.absorbed_attention": lambda: latents("q", "c", "W_UK", "W_UV", "a"),
    "variants.linear": lambda: given(
        PAIRS, o=linear_attention(Q, K, V), phi=elu_plus_one, q=Q, k=K, v=V
    ),
    "variants.linear.elu_plus_one": lambda: given(
        {"x": [-1.3, 0.0, 2.0]}, elu=elu, phi=lambda x: elu_plus_one(np.array([x])).item()
    ),
    "variants.rotary": lambda: given(
        {"i": 4}, first=0, theta=frequencies(8, base=50.0), b=50.0, d=8
    ),
    "variants.rotary.yarn": stretched,
    "variants.rotary.turned": lambda: turn(turned),
    "variants.sparse": liked,
    "variants.convolution.offset_mask": lambda: given(
        {"i": 6, "j": 6}, M=offset_mask(2, 3, (0, 1)), p=PLACES, Delta=np.array([0, 1])
    ),
    "variants.convolution.offset_scores": lambda: given(
        {"i": 6, "j": 6}, S=offset_scores(2, 3, (0, 1), strength=1.7), p=PLACES,
        Delta=np.array([0, 1]), alpha=1.7,
    ),
    "variants.differential.first_strength": lambda: given(
        {"l": 5}, lam=np.array([first_strength(layer) for layer in range(1, 6)])
    ),
    "variants.int8.rounded": lambda: given({"a": 16}, c=rounded(ROW[None])[1].item(), x=ROW),
    "variants.linear.linear_attention": lambda: given(
        PAIRS, o=linear_attention(Q, K, V), phi=elu_plus_one, q=Q, k=K, v=V
    ),
    "variants.linear.kernel_weights": lambda: given(
        PAIRS, a=kernel_weights(Q, K), phi=elu_plus_one, q=Q, k=K
    ),
    "variants.rotary.frequencies": lambda: given(
        {"i": 4}, first=0, theta=frequencies(8, base=50.0), b=50.0, d=8
    ),
    "variants.rotary.interpolated": lambda: given(
        {"i": 4}, theta=frequencies(8), theta_prime=interpolated(frequencies(8), 3.0), s=3.0
    ),
    "variants.rotary.ntk_aware": lambda: given(
        b=50.0, b_prime=(1 / ntk_aware(8, 3.0, base=50.0)[1]) ** 4, s=3.0, d=8
    ),
    "variants.rotary.yarn_factor": lambda: given(s=3.0, equals=yarn_factor(3.0)),
    "variants.sinks": lambda: given(
        PAIRS, a=sink_attention(Q, K, np.eye(M), sink=0.7), s=STEPS.scaled, beta=0.7
    ),
    "variants.sinks.sink_attention": lambda: given(
        PAIRS, o=sink_attention(Q, K, V, sink=0.7), L=STEPS.logsumexp, beta=0.7, s=STEPS.scaled, v=V
    ),
}  # fmt: skip
