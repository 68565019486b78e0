"""What runs where a comment names a shape; it also runs in kernels, so it needs nothing but Python.

Letters keep their value within a cell, or within one call of a function: the first shape named
there begins anew. A call whose first is in a branch not taken begins anew too, for the letters
are kept in the call's own frame: what is told by its number may be another's tomorrow. A letter
that is also the name of a whole number in the program is that number.
"""

import re
import sys

LETTERS = "letters of shapes"  # a name among the local ones that no program can use
SEEN = set()


def check_shape(value, comment, place, first, known="", of=""):
    """Return a value, once its shape, or that of its part, is what the comment beside it names.

    Of several shapes each belongs to one of several values; one shape holds for every value of a
    list. Of shapes joined by ``@`` the outer sizes are those of the product.
    """
    SEEN.add(place)
    frame = sys._getframe(1)
    letters = frame.f_locals.setdefault(LETTERS, {})
    if first:
        letters.clear()
    for name in known.split():
        number = frame.f_locals.get(name, frame.f_globals.get(name))
        letters.update({name: number} if type(number) is int else {})
    if of:  # of one part of the value
        check_shape(getattr(value, of, value), comment, place, False)
        return value
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
    if sizes[0][0] in ".…*":
        common = min(len(shape), len(sizes) - 1)  # heads and batches may be absent altogether
        assert common >= 1, said
        shape, sizes = shape[len(shape) - common :], sizes[len(sizes) - common :]
    assert len(shape) == len(sizes), said
    for actual, size in zip(shape, sizes, strict=True):
        if worth(size, letters) is None:
            learn(size, actual, letters)
        assert worth(size, letters) in (None, actual), f"{said}, where {letters}"


def worth(size, letters):
    """Return the value of a size: a number, perhaps with a noun, or a sum of known letters."""
    if re.fullmatch(r"\d+ [a-z ]+", size):
        return int(size.split()[0])
    if size in letters or not re.search(r"[·/+²-]", size):
        return letters.get(size, int(size) if size.isdecimal() else None)
    sum_ = re.sub(r"(\w)²", r"(\1 * \1)", size).replace("·", "*")
    try:
        value = eval(sum_, {"__builtins__": {}}, letters)
    except (NameError, SyntaxError):
        return None
    return int(value) if value == int(value) else value


def learn(size, actual, letters):
    """Give the one letter of a size that is not known the value that makes the size what it is."""
    new = [name for name in re.findall(r"[A-Za-z]\w*", size) if name not in letters]
    if not re.search(r"[·/+²-]", size):
        letters[size] = actual
    elif len(set(new)) == 1 and actual:
        most = max([1, *letters.values(), *map(int, re.findall(r"\d+", size))])
        tried = range(1, (actual + 1) * most + 1)
        fitting = [x for x in tried if worth(size, {**letters, new[0]: x}) == actual]
        assert fitting, f"no {new[0]} makes {size} = {actual}, where {letters}"
        if len(fitting) == 1:
            letters[new[0]] = fitting[0]
