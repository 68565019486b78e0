"""The checkers, checked: right answers pass in every style, wrong ones get the right name."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from qkv_lib.practice import check, describe, grade
from qkv_lib.practice.exercises import EXERCISES
from qkv_lib.practice.run import cases_of, reference_values
from qkv_lib.practice.verdict import sentence, two_numbers
from tests.holds import holds
from tests.practice.answers import ANSWERS
from tests.practice.answers.source import function


@pytest.mark.parametrize("name", ANSWERS)
@holds(
    "Every exercise that asks for a function is tried on right answers in several styles, and on "
    "wrong ones:",
)
def test_a_right_answer_passes_in_every_style(name):
    styles = ANSWERS[name].right
    verdicts = {style: grade(name, function(source)) for style, source in styles.items()}
    assert {s: v.text for s, v in verdicts.items() if v.status != "right"} == {}


@pytest.mark.parametrize("name", ANSWERS)
@holds(
    "each wrong one must be told its own mistake.",
)
def test_one_wrong_edit_gets_the_name_of_its_mistake(name):
    edits = ANSWERS[name].edits
    verdicts = {edit: grade(name, function(ANSWERS[name].edited(edit))) for edit in edits}
    assert {edit: each.text for edit, each in verdicts.items() if each.status != "wrong"} == {}
    misnamed = {
        edit: verdict.text
        for edit, verdict in verdicts.items()
        # "different" is a mistake that nobody has listed
        if edit[0] not in ("different", verdict.mistake)
    }
    assert misnamed == {}


@pytest.mark.parametrize("name", EXERCISES)
def test_every_wrong_function_of_the_catalogue_gets_its_own_name(name):
    verdicts = [(each.name, grade(name, each.wrong)) for each in EXERCISES[name].mistakes]
    misnamed = [
        (mistake, verdict.text)
        for mistake, verdict in verdicts
        if (verdict.status, verdict.mistake) != ("wrong", mistake)
    ]
    assert misnamed == []


@pytest.mark.parametrize("name", EXERCISES)
def test_every_exercise_is_covered(name):
    answers = ANSWERS[name]
    assert len(answers.right) >= 3
    named = {edit[0] for edit in answers.edits} - {"different", "raises"}
    assert len(named) >= 8


@pytest.mark.parametrize("name", EXERCISES)
def test_the_skeleton_is_unattempted_or_as_given(name, capsys):
    exercise = EXERCISES[name]
    verdict = grade(name, function(exercise.skeleton))
    if exercise.given:
        assert (verdict.mistake, verdict.status) == (exercise.given, "wrong")
        assert exercise.symptom[1:] in verdict.text
    else:
        assert (verdict.status, verdict.mistake) == ("unattempted", None)
    describe(name)
    assert capsys.readouterr().out.strip() == exercise.skeleton.strip()


@pytest.mark.parametrize("name", EXERCISES)
def test_the_skeleton_names_the_arguments_of_the_exercise(name):
    code = function(EXERCISES[name].skeleton).__code__
    assert code.co_varnames[: code.co_argcount] == EXERCISES[name].arguments


@pytest.mark.parametrize("name", EXERCISES)
def test_a_mistake_that_nobody_has_listed_is_caught(name):
    for change in (nudge, flip, np.ones_like, np.zeros_like):
        for which in range(len(EXERCISES[name].returns)):
            verdict = grade(name, changed(name, change, which))
            assert verdict.status == "wrong", f"{change.__name__}: {verdict.text}"


def changed(name, change, which=0):
    """The right answer with one of the returned arrays changed."""

    def answer(*args):
        result = EXERCISES[name].reference(*args)
        if not isinstance(result, tuple):
            return change(result)
        return tuple(change(part) if i == which else part for i, part in enumerate(result))

    return answer


def nudge(array):
    """Change one number by one part in a thousand (a boolean: turn it round)."""
    result = np.array(array)
    if result.dtype == bool:
        result.flat[-1] ^= True
    else:
        result.flat[-1] += 1e-3 * max(1.0, np.abs(result[np.isfinite(result)]).max())
    return result


def flip(array):
    return ~array if array.dtype == bool else -array


@pytest.mark.parametrize("name", EXERCISES)
def test_remembering_is_caught(name):
    calls = []

    def zero_later(array):
        calls.append(array)
        return array if len(calls) < 9 else np.zeros_like(array)

    assert grade(name, changed(name, zero_later)).status == "wrong"


@pytest.mark.parametrize("name", [n for n in EXERCISES if not n.endswith("mask")])
def test_a_cache_by_shape_is_called_stateful(name):
    reference, cache = EXERCISES[name].reference, {}

    def cached(*args):
        shapes = tuple(getattr(arg, "shape", arg) for arg in args)
        dtypes = tuple(str(getattr(arg, "dtype", "")) for arg in args)
        return cache.setdefault((shapes, dtypes, len(args)), reference(*args))

    assert grade(name, cached).mistake == "stateful"


@pytest.mark.parametrize("name", [n for n in EXERCISES if n != "causal-mask"])
def test_writing_into_an_argument_is_caught(name):
    reference = EXERCISES[name].reference

    def writing(*args):
        result = reference(*args)
        args[0][...] = 0
        return result

    verdict = grade(name, writing)
    assert verdict.mistake == "in-place"
    assert EXERCISES[name].arguments[0] in verdict.text


@pytest.mark.parametrize("name", EXERCISES)
def test_what_is_no_array_is_caught(name):
    reference = EXERCISES[name].reference
    no_array = "not-an-array" if len(EXERCISES[name].returns) == 1 else "not-a-tuple"
    assert grade(name, lambda *args: (reference(*args), 1, 1, 1)).mistake == no_array
    assert grade(name, lambda *_: "weights").mistake == no_array
    assert grade(name, changed(name, np.ndarray.tolist)).mistake == "not-an-array"
    assert grade(name, changed(name, lambda _: [[1], [1, 2]])).mistake == "not-an-array"
    assert grade(name, changed(name, lambda _: "weights")).mistake == "not-an-array"
    assert grade(name, reference(*first_args(name))).mistake == "not-a-function"


FLOATS = [
    name
    for name, each in EXERCISES.items()
    if any(v.dtype.kind == "f" for v in reference_values(each, cases_of(each)[0].args))
]


@pytest.mark.parametrize("name", FLOATS)
def test_half_precision_is_caught_and_no_other_dtype_is_demanded_that_the_task_does_not_ask(name):
    half = grade(name, changed(name, lambda array: array.astype(np.float16)))
    assert half.status == "wrong"
    single = grade(name, changed(name, lambda array: array.astype(np.float32)))
    if EXERCISES[name].dtype:
        assert single.mistake == "dtype"
        assert "dtype" in EXERCISES[name].skeleton
    else:
        assert single.status == "right", single.text


@pytest.mark.parametrize("name", [name for name in EXERCISES if name not in FLOATS])
def test_numbers_for_true_and_false_are_caught_and_floats_for_whole_numbers_are_right(name):
    verdict = grade(name, changed(name, lambda array: array.astype(np.float64)))
    sample = reference_values(EXERCISES[name], cases_of(EXERCISES[name])[0].args)[0]
    if sample.dtype == bool:
        assert (verdict.status, verdict.mistake) == ("wrong", "dtype"), verdict.text
        assert "boolean" in EXERCISES[name].skeleton or "Tell" in EXERCISES[name].skeleton
    else:
        assert verdict.status == "right", verdict.text


def test_another_dtype_is_right_with_a_remark():
    def wide(*args):
        return EXERCISES["attention"].reference(*args).astype(np.float64)

    verdict = grade("attention", wide)
    assert verdict.status == "right"
    assert "float32 went in and float64 came out" in verdict.text


@pytest.mark.parametrize("nothing", [None, ..., lambda *_: None, lambda *_: ...])
def test_an_unattempted_exercise_says_so_in_one_quiet_line(nothing, capsys):
    assert check("attention", nothing) is None
    assert capsys.readouterr() == ("attention: not attempted yet.\n", "")


def not_implemented(*_):
    raise NotImplementedError


def test_only_an_untouched_skeleton_is_unattempted():
    def half_done(query, key, value):  # noqa: ARG001
        weights = ...
        return weights @ value

    assert grade("attention", not_implemented).status == "unattempted"
    assert grade("attention", half_done).mistake == "incomplete"
    assert "a step is still `...`" in grade("attention", half_done).text.lower()


def no_return(query, key, value):
    weights = query @ key.swapaxes(-1, -2)
    weights @ value


def prints(query, key, value):
    print(query, key, value)


def einsum_of_a_batch(query, key, value):  # noqa: ARG001
    return np.einsum("nd,md->nm", query, key)


def two_ellipses(query, key, value):  # noqa: ARG001
    return np.asarray(query)[..., :, ...]


def torch_refuses(query, key, value):  # noqa: ARG001
    return torch.softmax(torch.ones(3, dtype=torch.int64), -1)


@pytest.mark.parametrize(
    ("function", "mistake", "words"),
    [
        (no_return, "returns-nothing", "is `return` missing"),
        (prints, "returns-nothing", "write `return` where you print"),
        (two_ellipses, "raises", "IndexError"),
        (torch_refuses, "raises", "NotImplementedError"),
    ],
)
def test_a_real_error_is_no_skeleton(function, mistake, words):
    verdict = grade("attention", function)
    assert verdict.mistake == mistake
    assert words.lower() in verdict.text.lower()


def test_an_einsum_that_knows_no_batch_is_shown_its_line():
    def attention(query, key, value):
        scores = np.einsum("nd,md->nm", query, key) / query.shape[-1] ** 0.5
        return EXERCISES["softmax-rows"].reference(scores) @ value

    verdict = grade("attention", attention)
    assert verdict.mistake == "einsum-without-batch"
    assert "right for one sequence, but not for batches" in verdict.text.lower()
    assert "np.einsum" in verdict.text


def test_an_exception_is_reported_with_its_line():
    source = "def attention(query, key, value):\n    scores = query @ key\n    return scores\n"
    verdict = grade("attention", function(source))
    assert verdict.mistake == "lengths-differ"
    assert "at line 2" in verdict.text
    assert "ValueError" in verdict.text
    assert "query (" in verdict.text


def test_the_wrong_number_of_arguments_is_reported():
    verdict = grade("attention", lambda query, _key: query)
    assert verdict.mistake == "raises"
    assert "takes 2 positional arguments but 3 were given" in verdict.text


def test_printing_and_warning_inside_the_function_stay_quiet(capsys):
    def chatty(query, key, value):
        print(query.shape, np.exp(np.array([1e9])))
        return EXERCISES["attention"].reference(query, key, value)

    check("attention", chatty)
    out, err = capsys.readouterr()
    assert out.startswith("attention: right.")
    assert err == ""


def test_an_unknown_name_lists_the_exercises():
    with pytest.raises(ValueError, match=r"no exercise is called 'atention'; there are .*scores, "):
        check("atention", None)


def test_a_transposed_result_is_called_so():
    right = EXERCISES["softmax-rows"].reference
    verdict = grade("softmax-rows", lambda scores: right(scores).swapaxes(-1, -2))
    assert verdict.mistake == "transposed"


def test_the_verdict_shows_the_sums_of_columns_and_rows():
    softmax = EXERCISES["softmax-rows"].mistakes[0].wrong
    assert "your columns sum to 1, 1, 1, 1" in grade("softmax-rows", softmax).text.lower()


def test_an_answer_for_one_sequence_only_is_told_so():
    def two_axes(query, key, value):
        _n, _d = query.shape
        return EXERCISES["attention"].reference(query, key, value)

    verdict = grade("attention", two_axes)
    assert "right for one sequence, but not for batches" in verdict.text.lower()


def first_args(name):
    return next(EXERCISES[name].cases(np.random.default_rng(0))).args


SWAPS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.MatMult: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Gt: ast.GtE,
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_no_swapped_operator_passes(name):
    source = ANSWERS[name].right["numpy"]
    for mutant in swapped(source):
        assert grade(name, function(mutant)).status == "wrong", mutant


def swapped(source):
    """Yield the source with one operator exchanged for another, each in turn."""
    for place, node in enumerate(ast.walk(ast.parse(source))):
        operator = getattr(node, "op", None) or next(iter(getattr(node, "ops", [])), None)
        if type(operator) in SWAPS:
            tree = ast.parse(source)
            twin, other = list(ast.walk(tree))[place], SWAPS[type(operator)]()
            if isinstance(node, ast.Compare):
                twin.ops = [other]
            else:
                twin.op = other
            yield ast.unparse(tree)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("softmax runs over queries", "Softmax runs over queries."),
        ("yours: 3 columns!", "Yours: 3 columns!"),
        ("np.exp, not np.exp2", "np.exp, not np.exp2."),
        ("`.T` reverses all axes", "`.T` reverses all axes."),
        ("key.mT is needed", "key.mT is needed."),
        ("y = x + f(norm(x))", "y = x + f(norm(x))."),
        ("φ is applied to nothing", "φ is applied to nothing."),
        ("exp is never below 0", "exp is never below 0."),
        ("a share lies between 0 and 1", "A share lies between 0 and 1."),
    ],
)
def test_a_sentence_begins_with_a_capital_unless_it_begins_with_code(text, expected):
    assert sentence(text) == expected


def test_a_reference_that_cannot_run_raises(monkeypatch):
    def broken(*_):
        raise ModuleNotFoundError("no module named torch")

    monkeypatch.setitem(EXERCISES, "received", replace(EXERCISES["received"], reference=broken))
    with pytest.raises(ModuleNotFoundError, match="no module named torch"):
        grade("received", lambda weights: weights.sum(axis=-1))


def told(hint):
    def no_scaling(query, key, value):
        return EXERCISES["softmax-rows"].reference(query @ key.swapaxes(-1, -2)) @ value

    return grade("attention", no_scaling).told(hint, "mine")


def test_help_comes_in_stages_and_each_says_how_to_ask_for_the_next():
    stages = [told(hint).replace("\n", " ") for hint in range(5)]
    assert "not divided by √d_k" not in stages[0]
    assert stages[0].startswith("attention: not yet. With query (3, 2), key (3, 2), value")
    assert stages[0].endswith('More: check("attention", mine, hint=1)')
    assert "The scores are not divided by √d_k." in stages[1]
    assert "the factor is 1/√d_k" in stages[2].replace("The", "the")
    assert stages[3].strip().endswith(EXERCISES["attention"].solution.strip().replace("\n", " "))
    assert "hint=" not in stages[3]
    assert stages[4] == stages[3]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_last_stage_is_a_right_answer(name):
    assert grade(name, function(EXERCISES[name].solution)).status == "right"


def test_lines_of_a_verdict_fit_the_page():
    for name, exercise in EXERCISES.items():
        verdict = grade(name, exercise.mistakes[0].wrong)
        assert max(map(len, verdict.told(2, "yours").splitlines())) <= 88


def test_numbers_that_differ_look_different_and_whole_ones_stay_whole():
    assert two_numbers(np.float64(3.04321), np.float64(3.04322)) == ("3.04321", "3.04322")
    assert two_numbers(np.int64(18141), np.int64(18142)) == ("18141", "18142")
    assert two_numbers(np.float32(2.0), np.float64(3.5)) == ("2", "3.5")


def test_a_check_costs_no_matplotlib_and_no_torch():
    code = (
        "import sys; from qkv_lib.practice import check; "
        "check('received', lambda weights: weights.sum(axis=-1)); "
        "print({'torch', 'matplotlib'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.endswith("hint=1)\nset()\n")
