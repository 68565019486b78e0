"""Faults in words: of docstrings, comments, tasks, documents, and of the Chinese alone."""

from tests.bite.plant import Plant, first, swap

LOCALE = "book/locale/zh_CN/LC_MESSAGES"
OURS, TOOLS = f"{LOCALE}/03-algorithm.po", f"{LOCALE}/07-tools.po"
DATES = f"{LOCALE}/06-3-translation.po"
ALGORITHM, OUTLOOK = "book/03-algorithm.ipynb", "book/08-outlook.ipynb"
MASKS, LINEAR = "qkv_lib/formula/masks.py", "qkv_lib/variants/linear.py"

SHAPES = ("tests/shapes/test_shapes.py::test_every_shape_that_the_library_names_is_right",)
CONDITIONS = ("tests/test_conditions.py::test_what_a_docstring_writes_in_backticks_is_so",)
REFUSED, CLAIMS = ("tests/test_refused.py",), ("tests/book/test_claims.py",)
KEEPS = "tests/book/test_chinese.py::test_each_translation_keeps_what_the_english_says"
READ = "tests/book/test_chinese.py::test_each_translation_was_read_beside_its_english"
ACCOUNTED = ("tests/book/test_accounted.py",)

PLANTS = [
    Plant("a false shape behind words", "qkv_lib/variants/sparse.py",
          swap("own: (..., n, 1, d)", "own: (..., n, d, 1)"), SHAPES),
    Plant("a false shape behind a colon", "qkv_lib/formula/rules.py",
          swap("one for all heads: (..., 1, n)", "one for all heads: (..., n, 1)"), SHAPES),
    Plant("a docstring with a condition that reaches one too far", MASKS,
          swap("|i + offset − j| < window", "|i + offset − j| ≤ window"), CONDITIONS),
    Plant("a docstring that tells another cost", LINEAR,
          swap("``h · n · d · d_v`` numbers", "``h · d · d_v`` numbers"), CONDITIONS),
    Plant("a docstring that refuses the opposite", "qkv_lib/formula/positions/rope.py",
          swap("the features to turn are odd in", "the features to turn are even in"), REFUSED),
    Plant("a docstring with the two of a bound exchanged", "qkv_lib/variants/rotary.py",
          swap("``fast`` is not above ``slow``", "``slow`` is not above ``fast``"), REFUSED),
    Plant("a docstring that refers to another section", MASKS,
          first(r"section 3\.2\.3", "section 3.2.1"), ACCOUNTED),
    Plant("a comment of a solution that is not so", ALGORITHM,
          swap("With K = V nothing shows.", "With Q = K nothing shows."),
          ACCOUNTED),
    Plant("a task that tells the opposite", OUTLOOK,
          swap("The first queries have fewer", "The last queries have fewer"),
          ACCOUNTED),
    Plant("a verdict that names the other side", "qkv_lib/practice/exercises/chapter_8/"
          "exercise_8_2_online_merge.py", swap("is kept: exponents above 0",
                                               "is kept: exponents below 0"),
          ACCOUNTED),
    Plant("two things exchanged in a sentence that a test holds", "book/05-practice.ipynb",
          first(r"\*\*Heads let a word ask several things at once; layers let",
                "**Layers let a word ask several things at once; heads let"), CLAIMS),
    Plant("a document that names other versions", "README.md",
          swap("3.11, 3.12 or 3.13", "3.10, 3.11 or 3.12"), ACCOUNTED),
    Plant("a document that tells of more cores", "docs/set-up.md",
          swap("Most steps use one core.", "Most steps use both cores."), ACCOUNTED),
    Plant("another symbol in the Chinese alone", OURS,
          swap("n_q个列表，各有d_v个数", "n_q个列表，各有d_k个数"), (f"{KEEPS}[03-algorithm]",)),
    Plant("two symbols exchanged in the Chinese alone", OURS,
          swap("n_q个列表，各有d_v个数", "d_v个列表，各有n_q个数"), (f"{KEEPS}[03-algorithm]",)),
    Plant("after for before in the Chinese alone", TOOLS, swap("排在键之前", "排在键之后"),
          (f"{KEEPS}[07-tools]",)),
    Plant("the last sentence left out in the Chinese alone", DATES,
          swap("已知年份的日期。在新*年份*上，它仍远远落后：更新6,400次之后，也只译对约三分之二。",
               "已知年份的日期。"), (f"{KEEPS}[06-3-translation]",)),
    Plant("a translation edited by hand", OURS,
          first(r'(msgstr "[^"]*[\u4e00-\u9fff])，', r"\1；"),
          (f"{READ}[03-algorithm]",)),
]  # fmt: skip
