"""The equation of the page of thirty minutes, as it is printed, against the library."""

from qkv_lib.data.sentence import COLD, GUESS, LIKE, rows, step
from tests.equations.claims import given
from tests.equations.registry import Cases, evaluated


@evaluated("eq-path-attention")
def test_each_word_is_handed_the_values_by_its_weights() -> Cases:
    X = rows(COLD)
    for head in (GUESS, LIKE):
        done = step(X, head)
        yield given(
            X=X, W_Q=head.W_Q, W_K=head.W_K, W_V=head.W_V, Q=done.Q, K=done.K, V=done.V,
            O=done.output, d_k=head.W_K.shape[1], atol=1e-11,
        )  # fmt: skip
