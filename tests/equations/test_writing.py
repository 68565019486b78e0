"""The equations of section 6.4, as they are printed, against the library."""

import numpy as np
import torch

from qkv_lib.layers import recorded_weights
from qkv_lib.measures import induction
from qkv_lib.models.gpt import BASE, GPT, new_gpt, next_token_loss
from qkv_lib.models.sampling import next_probabilities
from tests.equations.claims import given
from tests.equations.registry import Cases, evaluated
from tests.holds import holds

IDS = np.random.default_rng(64).integers(7, size=9)
Matrix = np.ndarray


def small() -> GPT:
    model = new_gpt(np.random.default_rng(64), n_tokens=7, length=12, d_model=8, n_heads=2)
    torch.manual_seed(64)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.4 * torch.randn_like(parameter)
    return model.double().eval()


MODEL = small()


def array(tensor: torch.Tensor) -> Matrix:
    return tensor.detach().numpy()


def norm(x: Matrix, layer: torch.nn.Module) -> Matrix:
    centred = x - x.mean(axis=-1, keepdims=True)
    unit = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return unit * array(layer.weight) + array(layer.bias)


@evaluated("eq-writing-model")
@holds(
    "Each token enters as its row of the table $E$ (for all tokens: $E_t$);",
    "A decoder-only model is a stack of blocks under a causal mask, with one table of tokens at "
    "both ends.",
    "The rows pass through $L$ layers and a last norm.",
    "Then each is compared, by dot products, with all rows of the same table:",
)
def test_the_model_is_a_table_blocks_and_the_same_table() -> Cases:
    table = array(MODEL.tokens.weight)
    rows = [table[IDS]]
    by = [lambda x, block=block: array(block(torch.from_numpy(x)[None], causal=True))[0]
          for block in MODEL.stack]  # fmt: skip
    for block in by:
        rows.append(block(rows[-1]))
    last = len(by)
    yield given({"l": range(1, last + 1)}, first=0, X=np.stack(rows), E=table, t=IDS, L=last,
                Block=[by[0], *by], norm=lambda x: norm(x, MODEL.norm), n=9, d_model=8, n_tokens=7,
                Z=array(MODEL(torch.tensor(IDS)[None]))[0])  # fmt: skip


@evaluated("eq-writing-loss")
@holds(
    "The surprise at the token that did come next is minus the logarithm of its probability, "
    "and training lowers the mean surprise, the loss:",
    "A softmax turns them into probabilities.",
    "of the token after $t_i$, one for each of the $n_{\\text{tokens}}$ candidates.",
)
def test_the_loss_is_the_mean_surprise_at_the_next_token() -> Cases:
    ids = torch.tensor(IDS)[None]
    yield given(ell=next_token_loss(MODEL, ids).item(), n=len(IDS) - 1, z=array(MODEL(ids))[0],
                t=IDS + 1)  # fmt: skip


@evaluated("eq-writing-temperature")
@holds(
    "The temperature $\\tau$ divides the logits $z$, and top-p keeps only the likeliest tokens:",
)
def test_the_temperature_divides_the_logits() -> Cases:
    z = np.random.default_rng(0).normal(size=7)
    for tau in (0.3, 1.0, 2.5):
        yield given({"a": 7, "b": 7}, p=next_probabilities(z, temperature=tau), z=z, tau=tau)


@evaluated("eq-writing-top-p")
@holds(
    "$S$ is the smallest set of the likeliest tokens whose probabilities sum to at least the "
    "chosen share (top_p in the cell).",
)
def test_top_p_keeps_the_smallest_set_of_the_likeliest() -> Cases:
    z = np.random.default_rng(1).normal(size=7)
    p = np.exp(z) / np.exp(z).sum()
    for share in (0.2, 0.5, 0.9, 1.0):
        kept: list[int] = []
        for t in np.argsort(-p):
            if sum(p[u] for u in kept) < share:
                kept.append(int(t))
        yield given({"a": 7}, p_tilde=next_probabilities(z, top_p=share), p=p,
                    S={t + 1 for t in kept})  # fmt: skip


@evaluated("eq-writing-induction")
@holds(
    "The induction score is the mean weight on the token to copy, and the previous score the mean "
    "weight on the token just before.",
)
def test_the_scores_are_means_over_the_second_half() -> Cases:
    period = 5
    ids = induction.repeated(7, period, 3, np.random.default_rng(2))
    with recorded_weights(MODEL) as maps:
        MODEL(ids)
    found = induction.head_scores(MODEL, ids)
    for block, (weights,) in enumerate(maps.values()):
        for head in range(2):
            A = array(weights)[:, head].mean(axis=0)
            yield given(first=0, A=A, r=period, induction=found.induction[block, head],
                        previous=found.previous[block, head])  # fmt: skip


def without_biases() -> GPT:
    """A model of one norm, and of heads without biases, as the two formulas have it."""
    model = small()
    with torch.no_grad():
        for block in model.stack:
            block.attention_norm.load_state_dict(model.stack[0].attention_norm.state_dict())
            for layer in (block.attention.query, block.attention.key, block.attention.value):
                layer.bias.zero_()
    return model


def of_head(model: GPT, block: int, head: int) -> dict[str, Matrix]:
    """The maps of one head."""
    layer, own = model.stack[block].attention, slice(4 * head, 4 * head + 4)
    maps = {"W_Q": layer.query, "W_K": layer.key, "W_V": layer.value}
    found = {name: array(each.weight).T[:, own] for name, each in maps.items()}
    return found | {"W_O": array(layer.output.weight).T[own]}


def turn(distance: int, d: int = 4) -> Matrix:
    """R: features i and i + d / 2 turn by the distance times a frequency."""
    found = np.zeros((d, d))
    for i in range(d // 2):
        angle = distance * BASE ** (-2 * i / d)
        pair = [i, i + d // 2]
        found[np.ix_(pair, pair)] = [
            [np.cos(angle), np.sin(angle)],
            [-np.sin(angle), np.cos(angle)],
        ]
    return found


@evaluated("eq-writing-match")
@holds(
    "The previous-token head turns each token into a mark, a row of $E_m$ (m for mark);",
    "The induction head makes its keys $K$ from such marks and its queries from tokens.",
    "$R_\\Delta$ is the rotation of RoPE over a distance $\\Delta$.",
)
def test_a_query_is_matched_with_the_marks_of_all_tokens() -> Cases:
    model, distance = without_biases(), 3
    marks, asks = of_head(model, 0, 0), of_head(model, 1, 1)

    def both(name: str) -> dict[int, Matrix]:
        return {1: marks[name], 2: asks[name]}

    M = induction.matching_matrix(model, (0, 0), (1, 1), distance=distance)
    E = array(model.tokens.weight)

    def normed(x: Matrix) -> Matrix:
        return norm(x, model.stack[0].attention_norm)

    E_m = normed(E) @ marks["W_V"] @ marks["W_O"]
    yield given(
        M=M, E=E, E_m=E_m, K=normed(E_m) @ asks["W_K"], norm=normed,
        W_Q=both("W_Q"), W_K=both("W_K"), W_V=both("W_V"), W_O=both("W_O"), d=4,
        R={distance: turn(distance)}, Delta=distance,
    )  # fmt: skip


@evaluated("eq-writing-copy")
@holds(
    "Row $a$ of $E_c$ is about what the induction head adds at a place that looks at token $a$ "
    "alone.",
    "$C$ too is an approximation: it takes the bare row of each token, and of the last norm only "
    "its gain $g$, one number per feature:",
    "Entry $(a, b)$ of $C$ is about what this adds to the logit of token $b$, up to a factor that "
    "the last norm sets for each place.",
)
def test_what_a_head_adds_to_the_logits() -> Cases:
    model = without_biases()
    own, E = of_head(model, 1, 0), array(model.tokens.weight)

    def normed(x: Matrix) -> Matrix:
        return norm(x, model.stack[1].attention_norm)

    yield given(
        C=induction.copying_matrix(model, (1, 0)), E=E, norm=normed,
        E_c=normed(E) @ own["W_V"] @ own["W_O"], W_V={2: own["W_V"]}, W_O={2: own["W_O"]},
        g=array(model.norm.weight),  # of the last norm, whose scale differs from place to place
    )  # fmt: skip
