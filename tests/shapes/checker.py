"""What runs where a comment names a shape; it also runs in kernels, so it needs nothing but Python.

Letters keep their value within a cell, or within one call of a function: the first shape named
there begins anew. A call whose first is in a branch not taken begins anew too, for the letters
are kept in the call's own frame: what is told by its number may be another's tomorrow.
"""

import re
import sys

LETTERS = "letters of shapes"  # a name among the local ones that no program can use
SEEN = set()


def check_shape(value, comment, place, first):
    """Return a value, once its shape is the one that the comment beside it names.

    Of several shapes each belongs to one of several values; one shape holds for every value of a
    list. Of shapes joined by ``@`` the outer sizes are those of the product.
    """
    SEEN.add(place)
    letters = sys._getframe(1).f_locals.setdefault(LETTERS, {})
    if first:
        letters.clear()
    if value is None or isinstance(value, str):  # no array: left out, or it has none to give
        return value
    if "(" not in comment:  # the name of an argument: a number is worth itself
        letters.update({comment: value} if type(value) is int else {})
        return value
    shapes = [found.split(",") for found in re.findall(r"\(([^()]*)\)", comment)]
    if "@" in comment:
        shapes = [product(*shapes)]
    if hasattr(value, "shape"):
        values = [value]
    elif isinstance(value, tuple):  # of what a call returns, one shape belongs to the first
        values = value[: len(shapes)]
    else:
        value = value if isinstance(value, dict) else [*value]
        values = [*value.values()] if isinstance(value, dict) else value
        if len(shapes) == 1:  # what is learned from one value does not bind the next
            shapes = shapes * len(values)
    several = len(values) > 1 and all(sizes is shapes[0] for sizes in shapes)
    assert len(values) == len(shapes), f"{len(values)} values and {len(shapes)} shapes: {comment}"
    for each, sizes in zip(values, shapes, strict=True):
        named = [size.strip() for size in sizes if size.strip()]
        fit(tuple(each.shape), named, {**letters} if several else letters, place)
    return value


def product(left, right):
    """Return the sizes of a matrix product, of which the inner ones vanish."""
    left, right = ([size.strip() for size in sizes if size.strip()] for sizes in (left, right))
    inner, *outer = right[-2:]
    assert left[-1] == inner, f"({', '.join(left)}) @ ({', '.join(right)}) does not fit"
    return left[:-1] + outer


def fit(shape, sizes, letters, place):
    """Compare a shape with the sizes that a comment names, and learn the letters."""
    said = f"{place}: the shape is {shape}, not ({', '.join(sizes)})"
    if sizes[0] in ("...", "…"):
        common = min(len(shape), len(sizes) - 1)  # heads and batches may be absent altogether
        assert common >= 1, said
        shape, sizes = shape[len(shape) - common :], sizes[len(sizes) - common :]
    assert len(shape) == len(sizes), said
    for actual, size in zip(shape, sizes, strict=True):
        expected = worth(size, letters)
        if expected is None and re.fullmatch(r"[^\d·/+²-][^·/+²]*", size):
            expected = letters.setdefault(size, actual)
        assert expected in (None, actual), f"{said}, where {letters}"


def worth(size, letters):
    """Return the value of a size: a number, perhaps with a noun, or a sum of known letters."""
    if re.fullmatch(r"\d+ [a-z ]+", size):
        return int(size.split()[0])
    sum_ = re.sub(r"(\w)²", r"(\1 * \1)", size).replace("·", "*").replace("/", "//")
    try:
        return eval(sum_, {"__builtins__": {}}, letters)
    except (NameError, SyntaxError):
        return letters.get(size)
