"""The figures show the data they were given: rows are queries, colours mean the same everywhere."""

import dataclasses
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import qkv_lib
from qkv_lib import plots
from qkv_lib.plots import fonts
from qkv_lib.plots.fonts import drawable
from qkv_lib.plots.heat import luminance
from qkv_lib.plots.saved import as_svg

mpl.use("agg")

N, M = 3, 5  # sizes differ, so that no transposition hides
QUERIES = ["who", "what", "where"]
KEYS = ["a", "b", "c", "d", "e"]


@pytest.fixture(autouse=True)
def _closed_figures() -> Iterator[None]:
    yield
    mpl.pyplot.close("all")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def weights(rng: np.random.Generator) -> np.ndarray:
    return qkv_lib.softmax(rng.normal(size=(N, M)))


def shown(ax: Axes) -> np.ma.MaskedArray:
    """What the image holds, row by row."""
    (image,) = ax.images
    return image.get_array()


def ticks(ax: Axes) -> tuple[list[str], list[str]]:
    """The labels of rows, then of columns, in the order of the data."""
    rows = [label.get_text() for label in ax.get_yticklabels()]
    columns = [label.get_text() for label in ax.get_xticklabels()]
    return rows, columns


def numbers(ax: Axes) -> dict[tuple[int, int], float]:
    """The numbers written, by (row, column)."""
    return {
        (round(text.get_position()[1]), round(text.get_position()[0])): float(text.get_text())
        for text in ax.texts
    }


def hatched(ax: Axes) -> set[tuple[int, int]]:
    """The hatched cells, by (row, column)."""
    cells = set()
    for collection in ax.collections:
        assert collection.get_hatch()
        for path in collection.get_paths():
            column, row = path.get_extents().get_points().mean(axis=0)
            cells.add((round(row), round(column)))
    return cells


def test_rows_are_queries_and_columns_are_keys(weights: np.ndarray) -> None:
    ax = plots.heatmap(weights, queries=QUERIES, keys=KEYS)
    np.testing.assert_array_equal(shown(ax), weights)
    assert ticks(ax) == (QUERIES, KEYS)
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("queries", "keys")
    assert ax.get_ylim() == (N - 0.5, -0.5)  # the first query on top


def test_a_transposed_map_is_refused(weights: np.ndarray) -> None:
    with pytest.raises(ValueError, match="queries has 3 labels, needs 5: one for each row"):
        plots.heatmap(weights.T, queries=QUERIES, keys=KEYS)


def test_each_number_stands_in_its_own_cell(weights: np.ndarray) -> None:
    written = numbers(plots.heatmap(weights, queries=QUERIES, keys=KEYS))
    assert len(written) == N * M
    for (i, j), number in written.items():
        assert number == pytest.approx(weights[i, j], abs=0.005)


def contrast(one: float, other: float) -> float:
    """Return the contrast of two luminances after WCAG 2."""
    low, high = sorted((one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("kind", ["weights", "scores"])
def test_numbers_stand_out_on_every_colour(kind: str) -> None:
    levels = np.linspace(0 if kind == "weights" else -1, 1, 64).reshape(8, 8)
    ax = plots.heatmap(levels, queries=range(8), keys=range(8), kind=kind)
    (image,) = ax.images
    for text, level in zip(ax.texts, levels.ravel(), strict=True):
        behind = luminance(image.cmap(image.norm(level)))
        assert contrast(luminance(to_rgb(text.get_color())), behind) >= 4.5


@pytest.mark.parametrize("factor", [1.0, 0.01])
def test_weights_are_coloured_from_0_to_1_whatever_they_are(
    weights: np.ndarray, factor: float
) -> None:
    ax = plots.heatmap(weights * factor, queries=QUERIES, keys=KEYS)
    assert ax.images[0].get_clim() == (0.0, 1.0)


def test_scores_are_coloured_symmetrically_about_0(rng: np.random.Generator) -> None:
    scores = rng.normal(size=(N, M)) + 3
    ax = plots.heatmap(scores, queries=QUERIES, keys=KEYS, kind="scores")
    low, high = ax.images[0].get_clim()
    assert -low == high == np.abs(scores).max()


def test_masked_cells_are_hatched_and_hold_no_colour_and_no_number(weights: np.ndarray) -> None:
    mask = qkv_lib.causal_mask(N, M)
    ax = plots.heatmap(weights * mask, queries=QUERIES, keys=KEYS, mask=mask)
    hidden = {(i, j) for i, j in np.argwhere(~mask)}
    assert hatched(ax) == hidden
    assert {(i, j) for i, j in np.argwhere(shown(ax).mask)} == hidden
    assert not hidden & set(numbers(ax))


def test_a_mask_broadcasts_over_queries(weights: np.ndarray) -> None:
    mask = np.array([[True, True, True, True, False]])
    ax = plots.heatmap(weights * mask, queries=QUERIES, keys=KEYS, mask=mask)
    assert hatched(ax) == {(i, 4) for i in range(N)}


def test_minus_infinity_among_scores_counts_as_masked(rng: np.random.Generator) -> None:
    scores = rng.normal(size=(N, M))
    scores[1, 3] = -np.inf
    ax = plots.heatmap(scores, queries=QUERIES, keys=KEYS, kind="scores")
    assert hatched(ax) == {(1, 3)}
    assert np.isfinite(ax.images[0].get_clim()).all()


def test_a_map_with_everything_masked_can_be_drawn() -> None:
    mask = np.zeros((N, M), bool)
    ax = plots.heatmap(np.zeros((N, M)), queries=QUERIES, keys=KEYS, mask=mask)
    assert len(hatched(ax)) == N * M
    scores = np.full((N, M), -np.inf)
    ax = plots.heatmap(scores, queries=QUERIES, keys=KEYS, kind="scores")
    assert len(hatched(ax)) == N * M


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_tensors_are_drawn_as_arrays_are(weights: np.ndarray, dtype: torch.dtype) -> None:
    tensor = torch.tensor(weights, dtype=dtype, requires_grad=True)
    mask = torch.ones((N, M), dtype=torch.bool)
    ax = plots.heatmap(tensor, queries=QUERIES, keys=KEYS, mask=mask)
    np.testing.assert_array_equal(shown(ax), tensor.detach().double().numpy())


def test_the_inputs_stay_as_they_were(weights: np.ndarray) -> None:
    weights.setflags(write=False)
    mask = np.ones((N, M), bool)
    mask.setflags(write=False)
    plots.heatmap(weights, queries=QUERIES, keys=KEYS, mask=mask)


def test_numbers_are_left_out_of_large_maps_which_get_a_scale(rng: np.random.Generator) -> None:
    large = qkv_lib.softmax(rng.normal(size=(7, 11)))
    ax = plots.heatmap(large, queries=range(7), keys=range(11))
    assert not ax.texts
    assert ax.images[0].colorbar is not None
    both = plots.heatmap(large, queries=range(7), keys=range(11), annotate=True)
    assert len(both.texts) == 77
    assert both.images[0].colorbar is None


def test_zeros_are_left_out_where_there_are_many() -> None:
    few, many = np.eye(3), np.eye(5)
    names = "abcde"
    full = plots.heatmap(few, queries=list(names[:3]), keys=list(names[:3]))
    assert sorted(text.get_text() for text in full.texts) == ["0.00"] * 6 + ["1.00"] * 3
    bare = plots.heatmap(many, queries=list(names), keys=list(names))
    assert set(numbers(bare)) == {(i, i) for i in range(5)}


def test_no_negative_zero_is_written() -> None:
    ax = plots.heatmap(np.array([[-0.001, 2.0]]), queries=["q"], keys=["a", "b"], kind="scores")
    assert [text.get_text() for text in ax.texts] == ["0.00", "2.00"]


def test_it_draws_where_it_is_told_and_returns_the_axes(weights: np.ndarray) -> None:
    figure = Figure()
    ax = figure.add_subplot()
    assert plots.heatmap(weights, queries=QUERIES, keys=KEYS, ax=ax, title="head 2") is ax
    assert ax.get_title() == "head 2"
    assert mpl.pyplot.get_fignums() == []  # nothing else was opened


def heat(values: object, **changed: object) -> Axes:
    return plots.heatmap(values, **{"queries": QUERIES, "keys": KEYS} | changed)


GOOD = np.full((N, M), 0.2)


@pytest.mark.parametrize(
    ("values", "changed", "error", "message"),
    [
        (GOOD[0], {}, ValueError, r"values has shape \(5,\), needs two axes"),
        (GOOD[None], {}, ValueError, r"values has shape \(1, 3, 5\), needs two axes"),
        (GOOD[:0], {}, ValueError, r"values has shape \(0, 5\)"),
        (np.full((N, M), "x"), {}, TypeError, "values has dtype <U1, needs numbers"),
        (GOOD * 6, {}, ValueError, r"values lie between 1.2 and 1.2, weights lie between 0 and 1"),
        (GOOD - 0.3, {}, ValueError, "values lie between -0.1 and -0.1"),
        (GOOD * np.nan, {}, ValueError, "values holds NaN"),
        (GOOD * np.inf, {"kind": "scores"}, ValueError, "values holds NaN or .infinity"),
        (GOOD, {"kind": "logits"}, ValueError, "kind is 'logits', needs 'weights' or 'scores'"),
        (GOOD, {"queries": QUERIES[:2]}, ValueError, "queries has 2 labels, needs 3: one for each"),
        (GOOD, {"keys": QUERIES}, ValueError, "keys has 3 labels, needs 5: one for each column"),
        (GOOD, {"keys": "abcde"}, TypeError, "keys is the string 'abcde', needs a list"),
        (GOOD, {"mask": GOOD}, TypeError, "mask has dtype float64, needs bool"),
        (GOOD, {"mask": np.ones((M, N), bool)}, ValueError, r"mask has shape \(5, 3\), needs"),
        (GOOD, {"mask": np.zeros((N, M), bool)}, ValueError, "a weight of 0.2 where mask is False"),
    ],
)
def test_bad_input_is_refused_by_name(
    values: object, changed: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        heat(values, **changed)


def test_chinese_labels_are_written_without_a_warning_on_a_machine_without_chinese(
    weights: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qkv_lib.plots.heat.drawable", lambda labels: drawable(labels, []))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = plots.heatmap(weights, queries=["我", "爱", "你"], keys=KEYS)
        svg = as_svg(ax.figure)
    assert all(f">{word}</text>" in svg for word in "我爱你")


def test_a_font_that_is_not_there_is_not_added() -> None:
    font = drawable(["the", "注意", "end"], families=["No Such Family"])
    assert font.get_family() == mpl.rcParams["font.family"]


def test_a_font_that_came_after_matplotlib_listed_them_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = (
        "STIXGeneral"  # matplotlib brings it; here the list lacks it, and it alone has the letter
    )
    path = fonts.findfont(name)
    listed = [each for each in fonts.fontManager.ttflist if each.name != name]
    monkeypatch.setattr(fonts.fontManager, "ttflist", listed)
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: [path, __file__])
    monkeypatch.setattr(fonts, "_missing", lambda labels, at: set() if at == path else {*labels})
    fonts._new_fonts.cache_clear()
    assert fonts.drawable(["x"], ["STIXGeneral"]).get_family()[-1] == "STIXGeneral"


@pytest.mark.parametrize("weights", [[500], ["medium", "bold"], ["normal", 500], [400]])
def test_a_family_without_the_normal_weight_is_taken_without_a_warning(
    weights: list[int | str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    name, letter = f"Only {weights}", "注"
    like = next(each for each in fonts.fontManager.ttflist if each.name == "STIXGeneral")
    family = [dataclasses.replace(like, name=name, weight=weight) for weight in weights]
    monkeypatch.setattr(fonts.fontManager, "ttflist", fonts.fontManager.ttflist + family)
    monkeypatch.setattr(
        fonts, "_missing", lambda labels, at: set() if at == like.fname else {*labels}
    )
    font = fonts.drawable([letter], [name])
    assert font.get_family()[-1] == name
    plots.heatmap(np.eye(1), queries=[letter], keys=["the"]).set_title("x", fontproperties=font)
    found = fonts.findfont(fonts.FontProperties(family=[name]))
    assert Path(found).samefile(like.fname)
    assert caplog.messages == []


def test_a_font_is_added_only_when_it_is_needed() -> None:
    font = drawable(["the", "cat\nsat"])
    assert font.get_family() == mpl.rcParams["font.family"]


def test_a_mask_is_drawn_as_it_is() -> None:
    mask = qkv_lib.causal_mask(N, M, offset=1)
    ax = plots.maskmap(mask, queries=QUERIES, keys=KEYS, title="causal")
    assert hatched(ax) == {(i, j) for i in range(N) for j in range(M) if j > i + 1}
    assert ticks(ax) == (QUERIES, KEYS)
    assert (ax.get_title(), ax.get_ylabel(), ax.get_xlabel()) == ("causal", "queries", "keys")


def test_a_mask_must_be_boolean() -> None:
    with pytest.raises(TypeError, match="mask has dtype float64, needs bool"):
        plots.maskmap(GOOD, queries=QUERIES, keys=KEYS)


def test_mask_shapes_draws_each_mask_under_its_name() -> None:
    masks = {
        "causal": qkv_lib.causal_mask(N),
        "cross": np.ones((N, M), bool),
        "window": qkv_lib.window_mask(M, window=2),
    }
    axes = plots.mask_shapes(masks)
    assert [ax.get_title() for ax in axes] == list(masks)
    for ax, mask in zip(axes, masks.values(), strict=True):
        assert hatched(ax) == {(i, j) for i, j in np.argwhere(~mask)}
    assert len(axes[0].figure.axes) == 3  # the spare place is empty
    with pytest.raises(ValueError, match="masks is empty"):
        plots.mask_shapes({})


def test_the_library_alone_does_not_import_matplotlib() -> None:
    code = "import sys, qkv_lib; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_frame_goes_round_its_cells(weights: np.ndarray) -> None:
    ax = plots.heatmap(weights, queries=QUERIES, keys=KEYS)
    box = plots.frame(ax, range(1, 2), range(2, 5))
    assert box.get_bbox().extents.tolist() == [1.5, 0.5, 4.5, 1.5]  # left, top, right, bottom
    assert box in ax.patches


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        (range(4), range(5), r"rows is range\(0, 4\), needs consecutive rows within range\(0, 3\)"),
        (range(3), range(-1, 5), "columns is"),
        (range(0), range(5), "rows is"),
        (range(0, 3, 2), range(5), "rows is"),
    ],
)
def test_a_frame_must_lie_in_the_map(
    weights: np.ndarray, rows: range, columns: range, message: str
) -> None:
    ax = plots.heatmap(weights, queries=QUERIES, keys=KEYS)
    with pytest.raises(ValueError, match=message):
        plots.frame(ax, rows, columns)


@pytest.mark.parametrize("token", ["$$", "$5 or $6", "$x$", r"\\alpha$", "a_b^c"])
def test_a_dollar_sign_in_a_token_is_a_dollar_sign(token: str) -> None:
    ax = plots.heatmap(np.eye(2), queries=[token, "b"], keys=["a", token], title=token)
    ax.figure.canvas.draw()  # mathematics would be read, and refused, here
    texts = [*ax.get_xticklabels(), *ax.get_yticklabels(), ax.title]
    assert [text.get_text() for text in texts] == ["a", token, token, "b", token]
    assert not any(text.get_parse_math() for text in texts)


def test_a_title_in_another_script_gets_the_font_of_the_labels() -> None:
    ax = plots.heatmap(np.eye(2), queries=["a", "b"], keys=["a", "b"], title="注意力")
    assert ax.title.get_fontfamily() == drawable(["注意力"]).get_family()
    assert ax.title.get_text() == "注意力"
