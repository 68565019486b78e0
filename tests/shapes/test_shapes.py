"""The shapes that comments of the library name are true, and one that is not is found."""

import doctest
import importlib
import inspect
from datetime import date

import numpy as np
import pytest
import torch

from qkv_lib.data.dates import date_pair
from qkv_lib.measures.digits_of_years import year_digits
from qkv_lib.models.tagger import DigitTagger
from qkv_lib.models.translation import alphabets, load_translator
from qkv_lib.variants.linear import linear_attention
from qkv_lib.variants.sinks import sink_attention
from tests.shapes import checker, library
from tests.shapes.cells import TELL
from tests.shapes.wrapped import comments, wrapped

SLOW = {"qkv_lib.models.tagger"}  # its example trains


def test_every_shape_that_the_library_names_is_right() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 4))
    with library.checked():
        for module in library.modules():
            if module.__name__ not in SLOW:
                assert doctest.testmod(module).failed == 0, module.__name__
        linear_attention(x, x, x[..., :2], causal=True)
        sink_attention(x, x, x[..., :2], sink=np.zeros(3))
        DigitTagger()(torch.ones(2, 7, dtype=torch.int64))
        pair = date_pair(date(1987, 3, 5), "fr", "full")
        year_digits(load_translator("Transformer"), alphabets(), [pair], only_own=True)
    named = {f"{module.__name__}:{each.line}" for module in library.modules()
             for each in comments(inspect.getsource(module))}  # fmt: skip
    assert len(named) > 60
    assert named - checker.SEEN == set()


def run(source: str) -> None:
    names = {"np": np, "check_shape": checker.check_shape}
    exec(wrapped(source, "here"), names)


RIGHT = """
x = np.zeros((2, 3, 4))  # (b, n, d): a comment
y = x @ np.zeros((4, 5))  # (b, n, d) @ (d, e)
z = np.array([  # (2,)
    1, 2])
q, k = (each for each in (x, x))  # (b, n, 4), of each
both = x, y  # (b, n, d), (b, n, e)
w = x.reshape(6, 2, 2)  # (b · n, d / 2, 2)
v = x[0, 0]  # (..., h, n, d)
def f(rows):  # (m, d)
    out = rows.sum(axis=1)  # (m,)
    return out  # (m,)
f(np.zeros((7, 4)))
f(np.zeros((8, 4)))
def either(x, turned):
    if turned:
        y = x.T  # (d, n)
    else:
        y = x  # (n, d)
    return y  # (n, d)
either(np.zeros((2, 3)), False)
either(np.zeros((4, 5)), False)
g = {"a": x}  # (2 batches, 3 words, 4 features)
three = x.reshape(3, 4, 2)  # (3 heads, 4, 2)
def heads(rows, h):
    q, k = (rows.reshape(-1, h, 4 // h).swapaxes(0, 1) for _ in "qk")  # (h, n, d_model / h)
    return q, k  # (h, n, d_model / h), (h, n, d_model / h)
heads(x, 2)
per_row = x[0].sum(axis=1, keepdims=True)  # one a row, (3, 1)
for i, row in enumerate(x[0]):  # row: (4,)
    pass
"""


def test_shapes_that_are_right_pass() -> None:
    run(RIGHT)


@pytest.mark.parametrize(("old", "new"), [
    ("(b, n, d): a", "(b, d): a"),
    ("# (b, n, d) @ (d, e)", "# (b, n, d) @ (e, d)"),
    ("# (2,)", "# (3,)"),
    ("(b, n, 4), of", "(n, b, 4), of"),
    ("(b, n, d), (b, n, e)", "(b, n, e), (b, n, d)"),
    ("(b · n, d / 2, 2)", "(b · n, d / 2, d)"),
    ("return out  # (m,)", "return out  # (m, d)"),
    ("# (m, d)", "# (d, m)"),
    ("(2 batches, 3 words", "(3 batches, 2 words"),
    ("(..., h, n, d)", "(..., h, d, n)"),
    ("(3 heads, 4, 2)", "(4, 3 heads, 2)"),
    ('"qk")  # (h, n, d_model / h)', '"qk")  # (n, h, d_model / h)'),
    ("return q, k  # (h, n, d_model / h)", "return q, k  # (h, n, d_model · h)"),
    ("(3, 1)", "(1, 3)"),
    ("row: (4,)", "row: (3,)"),
])  # fmt: skip
def test_a_shape_that_is_wrong_is_found(old: str, new: str) -> None:
    assert old in RIGHT
    with pytest.raises(AssertionError, match=r"here:|fit"):
        run(RIGHT.replace(old, new))


def test_no_line_is_moved() -> None:
    assert wrapped(RIGHT, "x").count("\n") == RIGHT.count("\n")
    assert wrapped("x = 1  # so it is\n", "x") == "x = 1  # so it is\n"


def test_a_kernel_is_told_what_it_needs() -> None:
    names: dict[str, object] = {}
    exec(TELL, names)
    builtins = importlib.import_module("builtins")
    assert builtins.check_shape(np.zeros(2), "(2,)", "here", True).shape == (2,)
    del builtins.check_shape
    assert set(names) == {"__builtins__"}
