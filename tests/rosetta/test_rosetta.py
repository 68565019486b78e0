"""The tools agree once they are translated, and the probes find what is planted."""

import json
import math
import sys
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from qkv_lib import attention, attention_steps, causal_mask
from qkv_lib.rosetta import TOOLS, Conventions, Tool, ask, probe, table
from qkv_lib.rosetta._optional import optional
from qkv_lib.rosetta.conventions import MASKS, ORDERS, SCALES
from qkv_lib.rosetta.layouts import LAYOUTS
from qkv_lib.rosetta.tool import NotOfferedError
from tests.arrays import Array
from tests.holds import holds

pytestmark = [
    # Keras calls what torch has announced to change; neither is ours.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    # Of a single key: Keras doubts that anybody means it.
    pytest.mark.filterwarnings(r"ignore:[\s\S]*softmax over axis -1:UserWarning"),
]
TOLERANCE = 1e-5
RESULTS = Path(__file__).parents[2] / "qkv_lib" / "experiments" / "measured" / "tools.json"
seeds, sizes = st.integers(0, 2**32 - 1), st.integers(1, 6)


@cache
def conventions(name: str) -> Conventions:
    return probe(TOOLS[name])


def operands(seed: int, n: int, m: int, h: int = 3, d: int = 4) -> tuple[Array, ...]:
    rng = np.random.default_rng(seed)
    lengths = (n, m, m)
    return tuple(rng.standard_normal((2, h, each, d), dtype=np.float32) for each in lengths)


def mask_for(seed: int, n: int, m: int) -> Array:
    """A mask in which each query sees a key at least."""
    rng = np.random.default_rng(seed)
    mask = rng.random((n, m)) < 0.5
    mask[np.arange(n), rng.integers(m, size=n)] = True
    return mask


def same(found: Array, expected: Array) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)


# The tools, through what the probe found.


@pytest.mark.parametrize("name", TOOLS)
@settings(max_examples=12, deadline=None)
@given(seed=seeds, n=sizes, m=sizes, h=st.integers(1, 3), d=st.integers(1, 5))
def test_translated_every_tool_gives_attention(
    name: str, seed: int, n: int, m: int, h: int, d: int
) -> None:
    query, key, value = operands(seed, n, m, h, d)
    same(ask(TOOLS[name], conventions(name), query, key, value), attention(query, key, value))


@pytest.mark.parametrize("name", TOOLS)
@settings(max_examples=12, deadline=None)
@given(seed=seeds, n=sizes, m=sizes)
def test_translated_every_tool_keeps_to_the_mask(name: str, seed: int, n: int, m: int) -> None:
    query, key, value = operands(seed, n, m)
    mask = mask_for(seed, n, m)
    if name == "keras.layers.Attention":  # its masks say the same for all queries
        mask = np.repeat(mask[:1], n, axis=0)
    found = ask(TOOLS[name], conventions(name), query, key, value, mask=mask)
    same(found, attention(query, key, value, mask=mask))


@pytest.mark.parametrize("name", TOOLS)
@settings(max_examples=10, deadline=None)
@given(seed=seeds, n=sizes, more=st.integers(0, 4))
def test_the_causal_flag_does_what_the_probe_says(name: str, seed: int, n: int, more: int) -> None:
    query, key, value = operands(seed, n, n + more)
    found = conventions(name)
    if found.causal in ("refused", "no option"):
        with pytest.raises((NotOfferedError, RuntimeError)):
            found.call(TOOLS[name], query, key, value, causal=True)
        return
    seen = {
        "top-left": causal_mask(n, n + more),
        "top-left; one query sees all": causal_mask(n, n + more) | (n == 1),
        "ignored": np.ones((n, n + more), dtype=bool),
    }
    output = found.call(TOOLS[name], query, key, value, causal=True)
    scale = SCALES[found.scale](4, 3)
    same(output, attention(query, key, value, mask=seen[found.causal], scale=scale))


@pytest.mark.parametrize("name", TOOLS)
def test_numbers_are_taken_as_the_probe_says(name: str) -> None:
    query, key, value = operands(1, 5, 7)
    bias = np.random.default_rng(2).standard_normal((5, 7), dtype=np.float32)
    bias[:, 0] = 0
    found = conventions(name)
    here, _, there = found.numbers.partition("; ")
    if name == "keras.layers.Attention":
        bias = np.repeat(bias[:1], 5, axis=0)
    scale = SCALES[found.scale](4, 3)
    expected = {
        "added": {"bias": bias}, "not 0 = True": {"mask": bias != 0},
    }  # fmt: skip
    if here == "refused":
        with pytest.raises((TypeError, RuntimeError)):
            found.call(TOOLS[name], query, key, value, mask=bias)
    else:
        output = found.call(TOOLS[name], query, key, value, mask=bias)
        same(output, attention(query, key, value, scale=scale, **expected[here]))
    if there:
        output = found.call(TOOLS[name], query, key, value, bias=bias)
        same(output, attention(query, key, value, bias=bias))


@pytest.mark.parametrize("name", TOOLS)
def test_weights_come_back_as_the_probe_says(name: str) -> None:
    query, key, value = operands(3, 5, 7)
    found, tool = conventions(name), TOOLS[name]
    each = attention_steps(query, key, value, scale=SCALES[found.scale](4, 3)).weights
    default, _, more = found.weights.partition("; ")
    given_back = tool.call(*found.arrange(query, key, value), heads=3)[1]
    if default == "none":
        assert given_back is None
    else:
        assert given_back is not None
        same(given_back, each.mean(axis=1) if default == "mean of the heads" else each)
    if more:
        on_request = tool.call(*found.arrange(query, key, value), heads=3, each_head=True)[1]
        assert on_request is not None
        same(on_request.reshape(each.shape), each)


@pytest.mark.parametrize("name", TOOLS)
def test_a_query_that_sees_nothing_gets_what_the_probe_says(name: str) -> None:
    query, key, value = operands(4, 5, 7)
    nothing = np.zeros((5, 7), dtype=bool)
    found = conventions(name)
    mean = np.repeat(value.mean(axis=2, keepdims=True), 5, axis=2)
    expected = {"0": 0 * query, "NaN": np.nan * query, "mean of V": mean}
    same(ask(TOOLS[name], found, query, key, value, mask=nothing), expected[found.nothing])


@holds(
    "one query sees all: with a single query, the tool drops the flag;",
    "bias adds: numbers passed as bias, not as mask, are added;",
)
def test_the_known_differences_are_there() -> None:
    """What the chapter tells of is true, whatever the tests above would let pass."""
    rows = {name: conventions(name) for name in TOOLS}
    assert rows["nn.MultiheadAttention"].mask == "hidden"
    assert rows["F.scaled_dot_product_attention"].mask == "may attend"
    assert rows["keras.layers.Attention"].scale == "1"
    assert rows["transformers, sdpa"].dropout == "0; acts always"
    assert rows["transformers, sdpa"].causal == "top-left; one query sees all"
    assert rows["keras.ops.dot_product_attention"].numbers.endswith("; bias adds")
    assert not [row for row in rows.values() if "something else" in asdict(row).values()]


@holds("Versions: PyTorch 2.13, Keras 3.15, transformers 5.23, ONNX 1.23 and einops 0.8, on a CPU.")
def test_the_versions_are_those_that_the_chapter_names() -> None:
    packages = ("torch", "keras", "transformers", "onnx", "einops")
    installed = [".".join(version(package).split(".")[:2]) for package in packages]
    assert installed == ["2.13", "3.15", "5.23", "1.23", "0.8"]


@holds("hold the smallest finite number instead of $-\\infty$;")
def test_the_masks_that_transformers_makes_hold_the_smallest_number() -> None:
    hidden = optional("transformers.masking_utils").eager_mask(
        1, 2, 2, attention_mask=torch.zeros(1, 2, dtype=torch.bool), use_vmap=False
    )
    assert (hidden == torch.finfo(torch.float32).min).all()


# Tools that are made up, to see whether the probes can tell.


@dataclass(frozen=True)
class Planted:
    """A tool with conventions of one's choice, made of this library."""

    truth: Conventions

    def __call__(self, *given: Array, heads: int, **options: object) -> tuple[Array, Array | None]:
        truth, training = self.truth, options.pop("training", False)
        layout = LAYOUTS[truth.inside]
        x = {place: layout.restore(x, heads) for place, x in
             zip(ORDERS[truth.order], given, strict=True)}  # fmt: skip
        query, key, value = (x[place] for place in range(3))
        each_head, dropout = options.pop("each_head", False), options.pop("dropout", None)
        scale = SCALES[truth.scale](query.shape[-1], heads)
        steps = attention_steps(query, key, value, scale=scale, **self.hidden(query, key, options))
        output = self.dropped(steps.output, dropout, training)
        empty = ~np.isfinite(steps.masked).any(axis=-1, keepdims=True)
        rows = {"0": 0, "NaN": np.nan, "mean of V": value.mean(-2, keepdims=True)}
        output = np.where(empty, rows[truth.nothing], output).astype(np.float32)
        return LAYOUTS[truth.outside].arrange(output), self.returned(steps.weights, each_head)

    def hidden(self, query: Array, key: Array, options: dict[str, object]) -> dict[str, Array]:
        """Mask and bias of this library, from what the tool was given."""
        truth, n, m = self.truth, query.shape[-2], key.shape[-2]
        mask, found = options.get("mask"), {}
        if mask is not None and mask.dtype == bool:
            if truth.mask == "counts as 1":
                found["bias"] = mask.astype(np.float32)
            else:
                found["mask"] = MASKS[truth.mask](mask)
        elif mask is not None:
            here = truth.numbers.partition("; ")[0]
            if here == "refused":
                raise ValueError
            nonzero = {"not 0 = True": mask != 0, "not 0 = hidden": mask == 0}
            found |= {"bias": mask} if here == "added" else {"mask": nonzero[here]}
        if "bias" in options:
            if not truth.numbers.endswith("bias adds"):
                raise NotOfferedError
            found["bias"] = options["bias"]
        if options.get("causal"):
            found["mask"] = self.band(n, m)
        return found

    def band(self, n: int, m: int) -> Array:
        if self.truth.causal == "no option":
            raise NotOfferedError
        if self.truth.causal == "refused":
            raise AssertionError
        kind, _, single = self.truth.causal.partition("; ")
        if kind == "ignored" or (single and n == 1):
            return np.ones((n, m), dtype=bool)
        return np.tri(n, m, m - n if kind == "bottom-right" else 0, dtype=bool)

    def dropped(self, output: Array, dropout: float | None, training: bool) -> Array:
        default, _, acts = self.truth.dropout.partition("; ")
        if dropout is not None and acts == "no option":
            raise NotOfferedError
        active = acts == "acts always" or training
        asked = dropout is not None and active
        by_default = dropout is None and training and default == "some"
        return output * 1.25 if asked or by_default else output

    def returned(self, each: Array, each_head: bool) -> Array | None:
        default, _, more = self.truth.weights.partition("; ")
        if each_head and not more:
            raise NotOfferedError
        chosen = "each head" if each_head else default
        return {"none": None, "mean of the heads": each.mean(axis=1), "each head": each}[chosen]


causal = ["top-left", "bottom-right", "ignored", "refused", "no option"]
truths = st.builds(
    Conventions,
    order=st.sampled_from(list(ORDERS)),
    inside=st.sampled_from(list(LAYOUTS)),
    outside=st.sampled_from(list(LAYOUTS)),
    scale=st.sampled_from(list(SCALES)),
    mask=st.sampled_from(list(MASKS)),
    numbers=st.sampled_from([
        here + there
        for here in ("added", "refused", "not 0 = True", "not 0 = hidden")
        for there in ("", "; bias adds")
    ]),
    causal=st.sampled_from([*causal, "top-left; one query sees all"]),
    weights=st.sampled_from([
        "none", "none; each head on request", "mean of the heads", "each head",
        "mean of the heads; each head on request",
    ]),
    dropout=st.sampled_from([
        f"{default}; {acts}"
        for default in ("0", "some")
        for acts in ("no option", "acts always", "acts in training")
    ]),
    nothing=st.sampled_from(["0", "NaN", "mean of V"]),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(truth=truths)
@holds(
    "it tries one combination after another, and keeps the first that reproduces the formula.",
)
def test_the_probe_finds_every_convention_that_is_planted(truth: Conventions) -> None:
    if truth.mask == "counts as 1":  # then masks are numbers, or nothing could be hidden
        truth = replace(truth, numbers="added")
    assert probe(Tool("planted", "none", Planted(truth))) == truth


def test_a_tool_that_computes_something_else_is_refused() -> None:
    def mean(*given: Array, heads: int, **_: object) -> tuple[Array, None]:  # noqa: ARG001
        return np.repeat(given[2].mean(axis=-2, keepdims=True), given[0].shape[-2], axis=-2), None

    with pytest.raises(ValueError, match="mean gives attention under no order, layout and scale"):
        probe(Tool("mean", "none", mean))


def test_a_causal_flag_that_hides_otherwise_is_called_something_else() -> None:
    tool = TOOLS["qkv_lib.attention, NumPy"]

    def backwards(*given: Array, **options: object) -> tuple[Array, Array | None]:
        if options.pop("causal", False):
            options["mask"] = np.tri(given[0].shape[-2], given[1].shape[-2], dtype=bool)[::-1]
        return tool.call(*given, **options)

    assert probe(Tool("backwards", "numpy", backwards)).causal == "something else"


# The pieces.


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=list(LAYOUTS))
def test_a_layout_is_restored(layout: object) -> None:
    x = np.arange(2 * 3 * 5 * 7).reshape(2, 3, 5, 7)
    there = layout.arrange(x)
    einops = optional("einops")
    np.testing.assert_array_equal(there, einops.rearrange(x, f"b h n d -> {layout.name}"))
    np.testing.assert_array_equal(layout.restore(there, 3), x)


@pytest.mark.parametrize("module", ["einops", "keras", "onnx.reference", "transformers"])
def test_a_missing_package_is_named(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    package = module.partition(".")[0]
    for loaded in [m for m in sys.modules if m.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"{package} is not installed; .*qkv-lib\[tools\]"):
        optional(module)


def test_a_package_that_lacks_another_says_which(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_installed.py").write_text("import not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_there"):
        optional("half_installed")


def test_keras_on_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    keras = optional("keras")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ImportError, match="KERAS_BACKEND=torch"):
        optional("keras")


def test_a_missing_tool_is_no_answer() -> None:
    def missing(*_: Array, **__: object) -> tuple[Array, None]:
        raise ImportError("not installed")

    with pytest.raises(ImportError, match="not installed"):
        probe(Tool("missing", "none", missing))


def test_ask_checks_its_operands() -> None:
    tool, found = TOOLS["F.scaled_dot_product_attention"], conventions(
        "F.scaled_dot_product_attention"
    )  # fmt: skip
    x = np.ones((1, 1, 2, 2), dtype=np.float32)
    with pytest.raises(TypeError, match="key"):
        ask(tool, found, x, x.astype(int), x)


def test_a_table_lists_what_was_asked_for() -> None:
    rows = {"a <b>": {"x": "1", "y": "2", "z": "3"}, "c": {"x": "4", "y": "5", "z": "6"}}
    made = table(rows, {"z": "last", "x": "first"}, caption="Both")
    assert made.columns == ("", "last", "first")
    assert made.rows == (("a <b>", "3", "1"), ("c", "6", "4"))
    html = made._repr_html_()
    assert "<caption>Both</caption>" in html
    assert "a &lt;b&gt;" in html
    assert html.count("<td>") == 4
    assert repr(made).splitlines() == ["       last  first", "a <b>  3     1", "c      6     4"]
    long = table({"nn.Attention, need_weights": {"x": "1"}}, {"x": "first"}, caption="Long")
    assert '<th scope="row">nn.<wbr>Attention, need_<wbr>weights</th>' in long._repr_html_()
    with pytest.raises(ValueError, match="row 'c' has no y"):
        table({"c": {"x": "4"}}, {"x": "first", "y": "second"}, caption="Both")


def test_training_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    probe(TOOLS["F.scaled_dot_product_attention"])
    assert torch.equal(torch.rand(1), expected)


def test_scales_are_those_they_are_called() -> None:
    assert SCALES["1/√d"](16, 4) == 1 / math.sqrt(16)
    assert SCALES["1/√(h·d)"](16, 4) == 1 / math.sqrt(64)
    assert SCALES["1"](16, 4) == 1


def test_the_stored_times_are_of_these_tools() -> None:
    measured = json.loads(RESULTS.read_text(encoding="utf-8"))
    for length in ("32", "1024"):
        functions, layers = measured["functions"][length], measured["layers"][length]
        assert set(functions) < set(TOOLS)
        assert set(layers) - set(TOOLS) == {"qkv_lib.layers.MultiHeadAttention"}
        assert functions["F.scaled_dot_product_attention"] == 1
        assert all(times > 0 for times in (*functions.values(), *layers.values()))
    assert set(measured["import_seconds"]) >= {tool.package for tool in TOOLS.values()} - {"numpy"}


@holds(
    "With need_weights=False it gives zeros here, but NaN on its fast path (which needs, among "
    "other things, one tensor as query, key and value, evaluation without gradients, biases, "
    "batch_first=True and an even number of heads).",
    "With need_weights=False and no key_padding_mask, the layer then silently uses the top-left "
    "mask in place of yours (but not on its fast path, bug 5).",
)
def test_the_fast_path_of_the_layer_of_pytorch_keeps_the_mask_and_gives_nan() -> None:
    layer = torch.nn.MultiheadAttention(4, 2, batch_first=True).eval()
    x = torch.randn(1, 3, 4, generator=torch.Generator().manual_seed(0))
    empty = {"key_padding_mask": torch.ones(1, 3, dtype=torch.bool), "need_weights": False}
    assert (layer(x, x, x, **empty)[0] == layer.out_proj.bias).all()  # zeros, and the bias
    first_hidden = torch.zeros(3, 3, dtype=torch.bool)
    first_hidden[:, 0] = True
    with torch.no_grad():
        assert layer(x, x, x, **empty)[0].isnan().all()
        assert layer(x, x.clone(), x.clone(), **empty)[0].isfinite().all()  # not one tensor
        for slow in ({"num_heads": 1, "batch_first": True}, {"num_heads": 2, "bias": False}):
            other = torch.nn.MultiheadAttention(4, **slow).eval()
            each = x if other.batch_first else x.transpose(0, 1)
            assert other(each, each, each, **empty)[0].isfinite().all()
        flagged, plain = (
            layer(x, x, x, attn_mask=first_hidden, need_weights=False, **flag)[0]
            for flag in ({"is_causal": True}, {})
        )
        assert torch.equal(flagged, plain)
    flags = {"attn_mask": first_hidden, "is_causal": True, "need_weights": False}
    first = layer(x[:, :1], x[:, :1], x[:, :1])[0][0, 0]  # query 0 under the top-left mask
    assert torch.allclose(layer(x, x, x, **flags)[0][0, 0], first, atol=1e-6)
    unpadded = torch.zeros(1, 3, dtype=torch.bool)
    kept = layer(x, x, x, key_padding_mask=unpadded, **flags)[0]
    assert torch.allclose(kept, layer(x, x, x, attn_mask=first_hidden)[0], atol=1e-6)
