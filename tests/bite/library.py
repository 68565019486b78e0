"""Faults of the library: the well-known ways to get attention, and a course on it, wrong."""

from tests.bite.plant import Plant, add, swap

STEPS, MASKS, BAND, HEADS = (
    "qkv_lib/formula/steps.py",
    "qkv_lib/formula/masks.py",
    "qkv_lib/formula/_band.py",
    "qkv_lib/formula/heads.py",
)
ROPE, HEATMAP = "qkv_lib/formula/positions/rope.py", "qkv_lib/plots/heat.py"
HIDE = "scores = xp.where(mask, scores, -xp.inf)"
ATTENTION, TILES = ("tests/test_attention.py",), ("tests/exact/test_tiles.py",)
CHARTS = ("tests/explorers/test_charts_by_hand.py",)
POSITIONS, PLOTS = ("tests/formula/test_positions.py",), ("tests/plots/test_plots.py",)
CHECKER = (
    "tests/practice/test_check.py::test_a_transposed_result_is_called_so",
    "tests/practice/test_check.py::test_the_verdict_shows_the_sums_of_columns_and_rows",
)
CATALOGUE = (
    "tests/practice/test_check.py::test_every_wrong_function_of_the_catalogue_gets_its_own_name",
)

FORMULA = [
    Plant("√d dropped from the scores", STEPS,
          swap("return 1.0 / math.sqrt(d_k)", "return 1.0"), ATTENTION),
    Plant("scores divided by d, not by its root", STEPS,
          swap("return 1.0 / math.sqrt(d_k)", "return 1.0 / d_k"), ATTENTION),
    Plant("softmax over the queries", STEPS,
          swap("xp.sum(unnormalised, axis=-1, keepdims=True), peak",
               "xp.sum(unnormalised, axis=-2, keepdims=True), peak"), ATTENTION),
    Plant("keys carried in place of values", "qkv_lib/attention.py",
          swap("return cheapest(call)", "return cheapest(call._replace(value=call.key))"),
          ATTENTION),
    Plant("the peak of a row not subtracted", STEPS,
          swap("xp.where(peak == -xp.inf, 0.0, peak)", "xp.zeros_like(peak)"), ATTENTION),
    Plant("a fully masked row left as 0 / 0", STEPS,
          swap("return total + (total == 0.0)", "return total"),
          ATTENTION),
    Plant("the soft cap not scaled back", STEPS,
          swap("return cap * namespace", "return namespace"), ATTENTION),
    Plant("the bias subtracted", STEPS,
          swap("scores + xp.astype(bias", "scores - xp.astype(bias"), ATTENTION),
    Plant("half precision summed in half precision", "qkv_lib/formula/arrays.py",
          swap("if array.dtype.itemsize >= 4", "if array.dtype.itemsize >= 2"), ATTENTION),
    Plant("NaN let in at the door", "qkv_lib/formula/_numbers.py",
          swap("bool(xp.isfinite(extreme)) for", "True for"),
          ("tests/formula/test_checks.py",)),
]  # fmt: skip

MASKING = [
    Plant("the mask read the other way round", STEPS,
          swap(HIDE, "scores = xp.where(mask, -xp.inf, scores)"), ATTENTION),
    Plant("minus a billion for minus infinity", STEPS,
          swap(HIDE, "scores = xp.where(mask, scores, -1e9)"), ATTENTION),
    Plant("hidden scores set to 0", STEPS,
          swap(HIDE, "scores = xp.where(mask, scores, 0.0)"), ATTENTION),
    Plant("causal mask off by one", BAND,
          swap("return j <= i if self.causal", "return j <= i + 1 if self.causal"),
          ("tests/formula/test_masks.py",)),
    Plant("causal mask the wrong way", BAND,
          swap("return j <= i if self.causal", "return j >= i if self.causal"),
          ("tests/formula/test_masks.py",)),
    Plant("window one key too wide", BAND,
          swap("(ahead > -near)", "(ahead >= -near)"),
          ("tests/formula/test_masks.py",)),
    Plant("first padded key seen", MASKS,
          swap("return columns < xp.reshape", "return columns <= xp.reshape"), ATTENTION),
    Plant("the cache forgets how many tokens came before", "qkv_lib/exact/cache.py",
          swap("return n_held - n_queries if causal or window is not None else 0", "return 0"),
          ("tests/exact/test_cache.py",)),
    Plant("new tokens overwrite the first ones in the cache", "qkv_lib/exact/cache.py",
          swap("memory[..., self._length : stop, :] = new",
               "memory[..., : stop - self._length, :] = new"), ("tests/exact/test_cache.py",)),
]  # fmt: skip

PARTS = [
    Plant("heads split by a reshape alone", HEADS,
          swap("return xp.moveaxis(cut, -2, -3)",
               "return xp.reshape(cut, (*batch, n_heads, n, features // n_heads))"),
          ("tests/formula/test_heads.py",)),
    Plant("heads merged without moving them back", HEADS,
          swap("xp.reshape(xp.moveaxis(x, -3, -2), ", "xp.reshape(x, "),
          ("tests/formula/test_heads.py",)),
    Plant("the layer forgets its output projection", "qkv_lib/layers/multihead.py",
          swap("= self.output(merge_heads(self._attend(query, key, value, options)))",
               "= merge_heads(self._attend(query, key, value, options))"),
          ("tests/layers/test_layers.py",)),
    Plant("RoPE turns the first of a pair backwards", ROPE,
          swap("a * cos - b * sin", "a * cos + b * sin"), POSITIONS),
    Plant("frequencies grow with the feature", "qkv_lib/formula/positions/_angles.py",
          swap("(-doubled / d)", "(doubled / d)"), POSITIONS),
    Plant("sine and cosine exchanged", "qkv_lib/formula/positions/sinusoidal.py",
          swap("[xp.sin(turn), xp.cos(turn)]", "[xp.cos(turn), xp.sin(turn)]"), POSITIONS),
    Plant("ALiBi rewards distance", "qkv_lib/formula/positions/alibi.py",
          swap("xp.astype(-xp.abs(i - j)", "xp.astype(xp.abs(i - j)"), POSITIONS),
    Plant("tiles merged without rescaling their sums", "qkv_lib/exact/tiles.py",
          swap("left.total * f + right.total * g", "left.total + right.total"), TILES),
    Plant("tiles forget the scale", "qkv_lib/exact/tiles.py",
          swap("tile.query * tile.scale", "tile.query"), TILES),
    Plant("softmax gradient without the mean", "qkv_lib/formula/gradients.py",
          swap("return weights * (weights_gradient - mean)", "return weights * weights_gradient"),
          ("tests/formula/test_gradients.py",)),
    Plant("linear attention with a map that is not positive", "qkv_lib/variants/linear.py",
          swap("xp.where(x > 0, x + 1.0,", "xp.where(x > 0, x,"),
          ("tests/variants/test_linear.py",)),
    Plant("rollout without the residual path", "qkv_lib/measures/maps.py",
          swap("around + (1 - residual) * xp.mean", "xp.mean"), ("tests/measures/test_maps.py",)),
    Plant("distances where nearness is meant", "qkv_lib/formula/scoring.py",
          swap("return -xp.sum((between", "return xp.sum((between"),
          ("tests/formula/test_scoring.py",)),
]  # fmt: skip

BESIDE = [
    Plant("labels of a heat map transposed", HEATMAP,
          swap("label_axes(ax, rows, columns, title=title)",
               "label_axes(ax, columns, rows, title=title)"), PLOTS),
    Plant("a heat map of the transposed weights", HEATMAP,
          swap("np.ma.masked_array(matrix, ~seen),", "np.ma.masked_array(matrix, ~seen).T,"),
          PLOTS),
    Plant("colours stretched to the largest weight", HEATMAP,
          swap("return 0.0, 1.0", "return 0.0, float(matrix.max())"), PLOTS),
    Plant("an exercise checker that says right to everything", "qkv_lib/practice/grading.py",
          swap("if all(passed(exercise, trial) for trial in trials):\n"
               "            finding = diagnose(attempt)",
               "if trials:\n            finding = None"), CHECKER),
    Plant("a misconception that is no longer recognised",
          "qkv_lib/practice/exercises/chapter_3/exercise_3_5_repeated.py",
          swap("lambda s, c: softmax(s * c)),", "lambda s, c: several(s, c)),"),
          CATALOGUE),
    Plant("weights read whatever their hash", "qkv_lib/data/pretrained.py",
          swap("if found != DIGESTS[name]:", "if not found:"), ("tests/models/test_encoder.py",)),
    Plant("torch imported on the ground floor", HEADS,
          swap("import annotations\n\nfrom", "import annotations\n\nimport torch\n\nfrom"),
          ("tests/test_import.py",)),
    Plant("a pickle loaded", HEADS,
          add("\n\ndef load(path: str) -> Array:\n    import pickle\n\n"
              "    return pickle.loads(open(path, 'rb').read())\n"),
          ("tests/workshop/test_supply_chain.py",)),
    Plant("an example in a docstring that prints something else", STEPS,
          swap("array([[0.125, 0.25 , 0.625]])", "array([[0.125, 0.25 , 0.624]])"),
          ("tests/shapes/test_documented.py::"
           "test_examples_run_and_have_the_shapes_that_are_documented[qkv_lib.formula.steps]",)),
    Plant("a parameter without documentation", HEADS,
          swap("    n_heads : int\n        The number of heads ``h``; it must divide the number of "
               "features.\n", ""), ("tests/test_docstrings.py",)),
    Plant("another shape under Attributes", "qkv_lib/variants/int8.py",
          swap("scales : array of shape (..., n, 1)", "scales : array of shape (..., 1, d)"),
          ("tests/shapes/test_documented.py::"
           "test_examples_run_and_have_the_shapes_that_are_documented[qkv_lib.variants.int8]",)),
    Plant("the dot of a live figure on the wrong side of its chart", "qkv_lib/explorers/rope.js",
          swap("this.data.s - this.data.t;", "this.data.t - this.data.s;"), CHARTS),
]  # fmt: skip

PLANTS = [*FORMULA, *MASKING, *PARTS, *BESIDE]
