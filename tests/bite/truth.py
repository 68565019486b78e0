"""Faults whose truth must be asked: the wrong words agree with each other."""

from tests.bite.plant import Plant, documented, first, swap

DOCUMENTED, INLINE = ("tests/equations/test_documented.py",), ("tests/equations/test_inline.py",)
ALGORITHM, MATHEMATICS = "book/03-algorithm.ipynb", "book/04-mathematics.ipynb"

FORMULAS = [
    Plant("a docstring's delta rule without the decay of what is held",
          "qkv_lib/variants/delta.py", swap(r"e_t &= v_t - k_t\, \alpha_t S_{t-1}",
                                            r"e_t &= v_t - k_t\, S_{t-1}"), DOCUMENTED),
    Plant("a docstring's block that normalises another row", "qkv_lib/layers/blocks.py",
          first(r"FeedForward\}\(\\mathrm\{norm\}\(y\)\)", r"FeedForward}(\\mathrm{norm}(x))"),
          DOCUMENTED),
    Plant("a docstring's rank that counts a tie as a win", "qkv_lib/measures/retrieval.py",
          swap(r"+ \tfrac{1}{2} \sum_{j", r"+ \sum_{j"), DOCUMENTED),
    Plant("a peak in the running text of a docstring", "qkv_lib/exact/tiles.py",
          swap(r":math:`p = \max(p_A, p_B)`", r":math:`p = \min(p_A, p_B)`"), INLINE),
    Plant("a bound of the causal mask in the glossary", "book/appendix/glossary.md",
          swap(r"own position: $j \le i + o$", r"own position: $j \le i - o$"), INLINE),
    Plant("a sum over the wrong index on the notation card", "book/appendix/notation.md",
          swap(r"$O_{ic} = \sum_j A_{ij} V_{jc}$", r"$O_{ic} = \sum_j A_{ji} V_{jc}$"), INLINE),
    Plant("the head's width on another page", "book/02-concepts.ipynb",
          swap(r"by $\\sqrt{d_k} = 2$ (", r"by $\\sqrt{d_k} = 4$ ("), INLINE),
    Plant("the bilinear form with its matrix turned", MATHEMATICS,
          swap(r"x_i\\,(W_Q W_K^\\top)\\,x_j^\\top", r"x_i\\,(W_K W_Q^\\top)\\,x_j^\\top"), INLINE),
]  # fmt: skip

ACCOUNTED, CLAIMS = ("tests/book/test_accounted.py",), ("tests/book/test_claims.py",)

SENTENCES = [
    Plant("two sides of an entry of the glossary exchanged", "book/appendix/glossary.md",
          swap("for each target token, the source tokens that\n  it translates.",
               "for each source token, the target tokens that\n  it translates."), ACCOUNTED),
    Plant("a computed entry of the glossary turned round", "book/appendix/glossary.md",
          swap("1 at 0, falling with the distance", "1 at 0, rising with the distance"), CLAIMS),
    Plant("feedback of a quiz that a test holds turned round", "book/08-1-memory.ipynb",
          swap("Reads and multiplications grow alike; the length drops out.",
               "Reads grow faster than multiplications; the length counts."), CLAIMS),
    Plant("feedback of a quiz that nothing computes turned round", "book/06-1-images.ipynb",
          swap(r"Ablation uses the label here, rollout does not.\n",
               r"Rollout uses the label here, ablation does not.\n"), ACCOUNTED),
    Plant("the right answer of a quiz made false", ALGORITHM,
          swap(":::{right} Each row: every query gives one unit of attention.",
               ":::{right} Each row: every query gives one unit to each key."), ACCOUNTED),
    Plant("an alt text without numbers turned round", "book/path.ipynb",
          swap("gives a matrix of scores with one row per query and one column per key",
               "gives a matrix of scores with one row per key and one column per query"),
          ACCOUNTED),
    Plant("a caption of a drawing turned round", "book/05-practice.ipynb",
          swap("Follow the arrows $K$ and $V$ from the encoder",
               "Follow the arrows $K$ and $V$ from the decoder"), ACCOUNTED),
    Plant("the cause of a symptom turned round", "book/appendix/misconceptions.md",
          swap("it is the longest", "it is the shortest"), ACCOUNTED),
]  # fmt: skip


DEFAULTS = ("tests/test_defaults.py",)
PROSE = [
    Plant("a docstring with another default width", "qkv_lib/layers/blocks.py",
          swap("feed-forward, ``4 · d_model`` by", "feed-forward, ``2 · d_model`` by"),
          DEFAULTS),
    Plant("a docstring whose cache is not causal by default", "qkv_lib/variants/int8.py",
          swap("True by default: with several", "False by default: with several"), DEFAULTS),
    Plant("another default in the code than in the docstring", "qkv_lib/measures/cost.py",
          swap('check_count("d_ff", 4 * d if', 'check_count("d_ff", 3 * d if'), DEFAULTS),
    Plant("a docstring that refuses what is allowed", "qkv_lib/variants/rotary.py",
          first(r"``factor`` is no number of at least 1", "``factor`` is no number of at least 2"),
          documented("qkv_lib.variants.rotary")),
    Plant("a check that lets in what the docstring refuses", "qkv_lib/variants/flex.py",
          first(r'check_count\("n", n, least=1\)', 'check_count("n", n, least=0)'),
          documented("qkv_lib.variants.flex")),
]  # fmt: skip

POINTERS, WORKS = ("tests/book/test_pointers.py",), ("tests/book/test_works.py",)
NAMED = [
    Plant("a link to a neighbouring place of the right page", "book/appendix/glossary.md",
          first(r"01-background\.ipynb#from-a-dict-to-attention",
                "01-background.ipynb#ch01-sentence-scores"), POINTERS),
    Plant("a link from the appendix to another cell of the right chapter",
          "book/appendix/misconceptions.md", swap("08-outlook.ipynb#ch08-counted",
                                                  "08-outlook.ipynb#ch08-gradients-figure"),
          POINTERS),
    Plant("a reference of a docstring with another year", "qkv_lib/models/mixers.py",
          swap("Su et al. 2021", "Su et al. 2012"), WORKS),
    Plant("the number of another work", "book/references.bib",
          swap("10.1137/1109020", "10.1109/5.726791"), WORKS),
]  # fmt: skip

LOCALE, STEP = "book/locale/zh_CN/LC_MESSAGES", ("tests/book/test_chinese.py",)
SIZES = ("tests/book/test_sizes.py",)
SHAPES = [
    Plant("two lengths exchanged in the table of a page", MATHEMATICS,
          first(r"(\\operatorname\{softmax\}\(S\)\$ \|.*?)n_q \\\\times n_k",
                r"\1n_k \\\\times n_q"),
          SIZES),
    Plant("another width in a sentence", ALGORITHM,
          first(r"\$V\$ is \$n_k \\\\times d_v\$", r"$V$ is $n_k \\\\times d_k$"), SIZES),
]  # fmt: skip

COSTS = ("tests/test_costs.py",)
TOLD_COSTS = [
    Plant("a docstring's cost with a product left out", "qkv_lib/variants/delta.py",
          swap("``3 n · d_k · d_v`` multi", "``2 n · d_k · d_v`` multi"), COSTS),
    Plant("a docstring's memory that grows with the heads", "qkv_lib/variants/latent.py",
          swap("Memory: ``capacity · (d_c", "Memory: ``h · capacity · (d_c"), COSTS),
]  # fmt: skip

PRACTICE = [
    Plant("a task that asks for the other axis", ALGORITHM,
          swap("Compare a column of query positions with a row of key positions.",
               "Compare a row of query positions with a column of key positions."), ACCOUNTED),
    Plant("a verdict that sends to the wrong place",
          "qkv_lib/practice/exercises/chapter_3/exercise_3_2_causal_mask.py",
          swap("sees the keys j ≤ i + offset", "sees the keys j < i + offset"), ACCOUNTED),
    Plant("Chinese: a row for each key in an alt text", f"{LOCALE}/path.po",
          swap("得到分数矩阵，每个查询一行，每个键一列",
               "得到分数矩阵，每个键一行，每个查询一列"), STEP),
    Plant("Chinese: a formula of the glossary", f"{LOCALE}/appendix/glossary.po",
          first(r"(?<=^msgstr )(.*)i \+ o", r"\1i - o"), STEP),
]  # fmt: skip

PLANTS = [*FORMULAS, *SENTENCES, *PROSE, *NAMED, *PRACTICE, *TOLD_COSTS, *SHAPES]
