"""What gives the formulas of running text their values, from the library wherever it has them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

from qkv_lib import attention, attention_steps, causal_mask, scoring, softmax
from qkv_lib.data.sentence import GUESS, THIRSTY, rows, step
from qkv_lib.exact.tiles import Partial, merge
from qkv_lib.formula.positions import alibi_bias, alibi_slopes
from qkv_lib.measures.cost import Block, crossover_length
from qkv_lib.models.encoder import SentenceEncoder
from qkv_lib.models.mixers import Convolution
from qkv_lib.variants.flex import flex_attention_whole
from qkv_lib.variants.linear import elu_plus_one
from qkv_lib.variants.rotary import frequencies
from tests.equations.claims import Case, given
from tests.equations.documented_arrays import DO, PAIRS, RNG, STEPS, D, K, M, N, Q, V
from tests.equations.documented_models import double, on, small_gpt, table, weights
from tests.equations.documented_variants import elu


class Claim(NamedTuple):
    """How a formula of running text is evaluated."""

    case: Callable[[], Case]
    within: str = "{}"
    """The sentence around the formula, as a formula: it holds there, and under this condition."""
    same: Mapping[str, str] = {}


X = rows(THIRSTY)
READ = step(X, GUESS)
"""The sentence of the course, read by its first head."""
I_, J = np.arange(N)[:, None], np.arange(M)
SEEN = causal_mask(N, M, offset=2)
MAPS = RNG.normal(size=(3, 4, 3))


def projected(letter: str) -> Claim:
    """One of the three projections of the sentence."""
    parts = {letter: getattr(READ, letter), f"W_{letter}": getattr(GUESS, f"W_{letter}")}
    return Claim(lambda: given(X=X, also=parts))


def bandwidth() -> Case:
    """The width at which a Gaussian kernel of keys of equal length gives the weights."""
    k = K / np.linalg.norm(K, axis=1, keepdims=True)
    sigma = 1 / np.sqrt(1 / np.sqrt(D))
    near = softmax(scoring.gaussian(Q, k, bandwidth=sigma))
    assert np.allclose(near, attention_steps(Q, k, V).weights)
    return given(sigma=sigma, d_k=D)


def one_by_one() -> tuple[dict[int, Any], dict[int, Any]]:
    """Keys merged one at a time: the sums after each, and the values weighted so far."""
    s, one = STEPS.scaled[0], np.ones((1, 1))
    parts = [Partial(V[j : j + 1], one, s[j] * one) for j in range(M)]
    held = [parts[0]]
    for each in parts[1:]:
        held.append(merge(held[-1], each))
    return (
        {j: each.output[0] for j, each in enumerate(held, start=1)},
        {j: each.total.item() for j, each in enumerate(held, start=1)},
    )


def of_two_sets() -> dict[str, Any]:
    """Keys in two sets, and what `merge` needs of each."""
    s = STEPS.scaled[0]
    order = np.argsort(s) + 1  # the peak is in the second set
    sets = {"A": tuple(order[:3].tolist()), "B": tuple(order[3:].tolist())}
    found: dict[str, Any] = {"s": s, "v": V, **sets}
    for name, places in sets.items():
        at = np.array(places) - 1
        powers = np.exp(s[at] - s[at].max())
        found |= {f"p_{name}": s[at].max(), f"t_{name}": powers.sum(), f"o_{name}": powers @ V[at]}
    both = merge(*(Partial(found[f"o_{n}"][None], np.array([[found[f"t_{n}"]]]),
                           np.array([[found[f"p_{n}"]]])) for n in sets))  # fmt: skip
    assert np.allclose(both.output / both.total, STEPS.output[:1])
    return found | {"p": both.peak.item()}


def sets(*names: str, **over: int) -> Callable[[], Case]:
    return lambda: given(over, also={each: of_two_sets()[each] for each in names})


def biased() -> Case:
    """ALiBi as a change of the scores."""
    slope = alibi_slopes(4)[1]
    changed = flex_attention_whole(
        Q, K, V, rule=lambda i, j: j <= i, change=lambda s, i, j: s - slope * (i - j)
    )
    assert np.allclose(changed, attention(Q, K, V, bias=alibi_bias(4, N, M)[1], causal=True))
    bias = alibi_bias(4, N, M)[1]
    return given({"s": [0.3, -2.0], "i": range(2, 5), "j": range(1, 3)}, m=slope,
                 f=lambda s, i, j: s + bias[i - 1, j - 1])  # fmt: skip


def shared() -> Case:
    """Queries and keys from one projection."""
    return given({"i": 4, "j": 4}, x=Q[:4], W=MAPS[0, :3, :2])


def bilinear() -> Case:
    return given({"i": 4, "j": 3}, x=Q, W_Q=MAPS[0, :3], W_K=MAPS[1, :3])


def joined(name: str) -> Case:
    """One matrix in place of two."""
    W_Q, W_K, x = MAPS[0, :3], MAPS[1, :3], MAPS[2, :3]
    scores = (x @ W_Q) @ (x @ W_K).T
    inverse = np.linalg.inv(x)
    return given(**{name: inverse @ scores @ inverse.T}, W_Q=W_Q, W_K=W_K)


def filtered() -> Case:
    layer = double(lambda: Convolution(6))
    layer.filter.bias.data.zero_()
    x, taps = RNG.normal(size=(5, 6)), layer.filter.weight.detach().numpy()
    return given({"i": 5, "r": range(4)}, y=on(layer)(x),
                 x=lambda i: x[i - 1] if i > 0 else np.zeros(6),
                 W={r: taps[:, :, 3 - r].T for r in range(4)})  # fmt: skip


def keys_of_gpt() -> Case:
    model, ids = small_gpt(), np.array([3, 1, 4, 1, 5])
    layer = model.stack[0]
    layer.attention.key.bias.data.zero_()
    read = layer.attention_norm(model.tokens(torch.tensor(ids)[None]))
    k = layer.attention.project(read, read, read)[1]  # one head
    return given({"j": 5}, first=0, k=k[0, 0].detach().numpy(), t=ids, E=table(model),
                 norm=on(layer.attention_norm), W_K=weights(layer.attention.key))  # fmt: skip


def of_unit_size() -> Case:
    """Rows of root mean square 1, as a norm of queries and keys makes them."""
    norm = torch.nn.RMSNorm(D, elementwise_affine=False, eps=0.0)
    q, k = (norm(torch.tensor(x)).numpy() for x in (Q, K))
    return given(q_hat=q, k_hat=k, d_k=D)


HEAD = Block(512, 8)
FEWER = Claim(lambda: given({"d_k": range(1, 13)}, d_model=12),
              r"2\, d_{{model}}\, d_k < d_{{model}}^2 \Longleftrightarrow {}")  # fmt: skip
NOTHING = "every power of −∞ is 0"
ANY = "every number to the power of 0 is 1"

CLAIMS: dict[str, Claim] = {
    **{f"{each} = X W_{each}": projected(each) for each in "QKV"},
    r"2 \cdot 2 + 2 \cdot 2 = 8": Claim(given),
    r"2 \cdot 2 = 4": Claim(given),
    r"\sqrt{d_k} = 2": Claim(lambda: given(d_k=GUESS.W_K.shape[1])),
    "d_k = 4": Claim(lambda: given(d_k=GUESS.W_K.shape[1])),
    "d_v = 2": Claim(lambda: given(d_v=GUESS.W_V.shape[1])),
    r"e^{-\infty} = 0": Claim(given, same={"e^ → 3^": NOTHING}),
    "e^0 = 1": Claim(given, same={"e^ → 3^": ANY}),
    r"q \cdot k = q_1 k_1 + q_2 k_2": Claim(lambda: given(q=Q[0, :2], k=K[0, :2])),
    r"\sigma^2 = \sqrt{d_k}": Claim(bandwidth),
    r"x_i W \cdot x_j W = x_j W \cdot x_i W": Claim(shared),
    r"d_k < d_{\text{model}}/2": FEWER,
    r"d_k < d_\text{model} / 2": FEWER,
    r"e^4 + e^2 + 7 e^0 \approx 54.6 + 7.4 + 7 = 69": Claim(
        lambda: given(atol=0.05), same={"e^ → 3^ (3)": ANY}
    ),
    r"e^4 \approx 54.6": Claim(lambda: given(atol=0.05)),
    r"e^2 \approx 7.4": Claim(lambda: given(atol=0.05)),
    r"S = QK^\top/\sqrt{d_k}": Claim(lambda: given(S=STEPS.scaled, Q=Q, K=K, d_k=D)),
    r"A = \operatorname{softmax}(S)": Claim(lambda: given(A=STEPS.weights, S=STEPS.scaled)),
    r"A = \mathrm{softmax}(S)": Claim(lambda: given(A=STEPS.weights, S=STEPS.scaled)),
    "O = AV": Claim(lambda: given(O=STEPS.output, A=STEPS.weights, V=V)),
    "O = A V": Claim(lambda: given(O=STEPS.output, A=STEPS.weights, V=V)),
    r"(x_i W_Q) \cdot (x_j W_K) = x_i\,(W_Q W_K^\top)\,x_j^\top": Claim(bilinear),
    r"p = \operatorname{softmax}(s)": Claim(lambda: given(p=STEPS.weights[0], s=STEPS.scaled[0])),
    r"o_i = \sum_j A_{ij} v_j": Claim(
        lambda: given({"i": N, "j": M}, o=STEPS.output, A=STEPS.weights, v=V)
    ),
    r"r = 1, \dots, h": Claim(lambda: given({"r": len(alibi_slopes(4))}, h=4)),
    r"l = 0, \dots, d/2 - 1": Claim(
        lambda: given({"l": len(frequencies(8))}, first=0, d=8)
    ),
    "m_r = 2^{-8r/h}": Claim(lambda: given({"r": 4}, m=alibi_slopes(4), h=4)),
    r"j \le i": Claim(
        lambda: given({"i": N, "j": N}, M=causal_mask(N).astype(int)), r"M_{{ij}} = [{}]"
    ),
    r"j \le i + o": Claim(
        lambda: given({"i": N, "j": M}, M=SEEN.astype(int), o=2), r"M_{{ij}} = [{}]"
    ),
    r"\tfrac12 (1, 0, 0) + \tfrac12 (0, \tfrac12, \tfrac12) = (\tfrac12, \tfrac14, \tfrac14)":
        Claim(given),
    "d_k = d_v = 32": Claim(
        lambda: given(d_k=384 // 12, d_v=SentenceEncoder(9, 4, n_blocks=1).blocks[0].attention
                      .value.weight.shape[0] // 12)
    ),
    r"a_t = \operatorname{softmax}(e_t)": Claim(
        lambda: given({"t": N}, a=STEPS.weights, e=STEPS.scaled)
    ),
    r"\ln 512 = 6.2": Claim(lambda: given(atol=0.05)),
    r"\ln 32 = 3.5": Claim(lambda: given(atol=0.05)),
    r"e^{0.5} \approx 1.6": Claim(lambda: given(atol=0.05)),
    r"k_j = \operatorname{norm}(E_{t_j}) W_K": Claim(keys_of_gpt),
    r"e^{s_l - p_j} = e^{s_l - p_{j-1}}\, e^{p_{j-1} - p_j}": Claim(
        lambda: given({"j": [2, 3, 4], "l": 3}, s=STEPS.scaled[0], p=np.cumsum(ALPHA))
    ),
    "o = u_n / t_n": Claim(
        lambda: given(o=STEPS.output[0], u=one_by_one()[0], t=one_by_one()[1], n=M)
    ),
    r"D_i = \sum_j a_{ij}\, \delta_i \cdot v_j": Claim(
        lambda: given(
            PAIRS_ONLY, D=(DO * STEPS.output).sum(axis=1), a=STEPS.weights, delta=DO, v=V
        )
    ),
    r"L_i = \ln \sum_j e^{s_{ij}}": Claim(
        lambda: given(PAIRS_ONLY, L=STEPS.logsumexp, s=STEPS.scaled)
    ),
    r"\sum_j a_{ij} v_j = o_i": Claim(
        lambda: given(PAIRS_ONLY, o=STEPS.output, a=STEPS.weights, v=V)
    ),
    "g = h": Claim(lambda: given(g=Block(12, 4).n_kv_heads, h=4)),
    r"\phi = \mathrm{elu} + 1": Claim(
        lambda: given(phi=elu_plus_one(V), elu=np.vectorize(elu)(V))
    ),
    r"\phi(x) = \operatorname{elu}(x) + 1": Claim(
        lambda: given({"x": [-1.3, 0.2]}, elu=elu, phi=lambda x: elu_plus_one(np.array([x]))[0])
    ),
    r"\lVert \hat q \rVert = \lVert \hat k \rVert = \sqrt{d_k}": Claim(of_unit_size),
    "B = 2": Claim(lambda: given(B=np.dtype(np.float16).itemsize)),
    r"f(s, i, j) = s - m\,(i - j)": Claim(biased),
    r"\theta_i = b^{-2i/d}": Claim(
        lambda: given({"i": 4}, first=0, theta=frequencies(8, base=50.0), b=50.0, d=8)
    ),
    r"r_i = N / \lambda_i": Claim(
        lambda: given({"i": 4}, first=0, r=1000 * frequencies(8) / (2 * np.pi), N=1000,
                      lam=2 * np.pi / frequencies(8))
    ),
    r"B = W_Q W_K^\top": Claim(lambda: joined("B")),
    r"n = 6\, d_\text{model}": Claim(lambda: given(n=crossover_length(HEAD), d_model=512)),
    r"y_i = \sum_r x_{i-r}\, W_r": Claim(filtered),
    r"S_{ij} = \sum_c Q_{ic} K_{jc} / \sqrt{d_k}": Claim(
        lambda: given({"i": N, "j": M, "c": D}, S=STEPS.scaled, Q=Q, K=K, d_k=D)
    ),
    r"S_{ij} = -\infty": Claim(
        lambda: given({"i": N, "j": M}, M=SEEN.astype(int),
                      S=attention_steps(Q, K, V, mask=SEEN).masked),
        r"M_{{ij}} = 0 \Longleftrightarrow {}",
    ),
    r"A_{ij} = e^{S_{ij}} / \sum_l e^{S_{il}}": Claim(
        lambda: given(PAIRS, A=STEPS.weights, S=STEPS.scaled)
    ),
    r"O_{ic} = \sum_j A_{ij} V_{jc}": Claim(
        lambda: given({"i": N, "j": M, "c": V.shape[1]}, O=STEPS.output, A=STEPS.weights, V=V)
    ),
    r"O = \operatorname{softmax}(Q K^\top / \sqrt{d_k})\, V": Claim(
        lambda: given(O=STEPS.output, Q=Q, K=K, V=V, d_k=D)
    ),
    r"p_A = \max_{j \in A} s_j": Claim(sets("p_A", "A", "s")),
    r"t_A = \sum_{j \in A} e^{s_j - p_A}": Claim(sets("t_A", "A", "s", "p_A")),
    r"o_A = \sum_{j \in A} e^{s_j - p_A} v_j": Claim(sets("o_A", "A", "s", "p_A", "v")),
    r"p = \max(p_A, p_B)": Claim(sets("p", "p_A", "p_B")),
    r"e^{s_j - p} = e^{s_j - p_A} e^{p_A - p}": Claim(sets("s", "p", "p_A", j=M)),
    r"g_t = \alpha_1 \cdots \alpha_t": Claim(
        lambda: given({"t": 5}, g=np.cumprod(ALPHA), alpha=ALPHA)
    ),
}  # fmt: skip

PAIRS_ONLY = {"i": N, "j": M}
ALPHA = RNG.uniform(0.5, 0.9, size=5)
