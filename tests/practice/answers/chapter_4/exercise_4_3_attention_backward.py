"""Exercise 4.3: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_4.exercise_4_3_attention_backward import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "einsum": """
def attention_backward(query, key, value, output_gradient):
    steps = qkv_lib.attention_steps(query, key, value)
    dA = np.einsum("...ie,...je->...ij", output_gradient, value)
    row = np.einsum("...ie,...ie->...i", output_gradient, steps.output)
    dS = steps.weights * (dA - row[..., None]) / query.shape[-1] ** 0.5
    return (
        np.einsum("...ij,...jd->...id", dS, key),
        np.einsum("...ij,...id->...jd", dS, query),
        np.einsum("...ij,...ie->...je", steps.weights, output_gradient),
    )
""",
        "jacobians": """
def attention_backward(query, key, value, output_gradient):
    d = query.shape[-1]
    weights = qkv_lib.attention_steps(query, key, value).weights
    J = qkv_lib.formula.gradients.softmax_jacobian(weights)
    dA = output_gradient @ value.swapaxes(-1, -2)
    dS = (J @ dA[..., None])[..., 0] / d**0.5
    return dS @ key, dS.swapaxes(-1, -2) @ query, weights.swapaxes(-1, -2) @ output_gradient
""",
        "torch": """
def attention_backward(query, key, value, output_gradient):
    tensors = [each.detach().clone().requires_grad_() for each in (query, key, value)]
    output = F.scaled_dot_product_attention(*tensors)
    return torch.autograd.grad(output, tensors, output_gradient)
""",
        "library": """
def attention_backward(query, key, value, output_gradient):
    gradients = qkv_lib.formula.gradients.attention_gradients(query, key, value, output_gradient)
    return gradients.query, gradients.key, gradients.value
""",
    },
    edits=(
        ("no-row-sum", "(dA - (dA * weights).sum(axis=-1, keepdims=True))", "dA"),
        ("row-sum-of-dA", "(dA * weights).sum", "dA.sum"),
        ("row-mean-of-dA", "(dA * weights).sum", "dA.mean"),
        ("column-sum", "(dA * weights).sum(axis=-1", "(dA * weights).sum(axis=-2"),
        ("weights-not-multiplied", "weights * (dA -", "(dA -"),
        ("diagonal-only", "(dA - (dA * weights).sum(axis=-1, keepdims=True))",
         "(1 - weights) * dA"),
        ("softmax-skipped", "weights * (dA - (dA * weights).sum(axis=-1, keepdims=True))", "dA"),
        ("no-scaling", "key * scale\n    dK = dS.mT @ query * scale",
         "key\n    dK = dS.mT @ query"),
        ("no-scaling", " / query.shape[-1] ** 0.5", "", "einsum"),
        ("unscaled-attention", "(*tensors)", "(*tensors, scale=1.0)", "torch"),
        ("scaled-once", "dS @ key * scale", "dS @ key"),
        ("scaled-once", "query * scale", "query"),
        ("scaled-twice", "/ d**0.5", "/ d", "jacobians"),
        ("dS-not-transposed", "dS.mT @", "dS @"),
        ("weights-not-transposed", "weights.mT", "weights"),
        ("query-key-swapped", "dS @ key * scale\n    dK = dS.mT @ query",
         "dS @ query * scale\n    dK = dS.mT @ key"),
        ("dV-from-dS", "return dQ, dK, dV", "return dQ, dK, (scale * dS).mT @ output_gradient"),
        ("order", "return dQ, dK, dV", "return dK, dQ, dV"),
        ("order", "return dQ, dK, dV", "return dV, dK, dQ"),
        ("negative", "return dQ, dK, dV", "return -dQ, -dK, -dV"),
        ("overflow", "np.exp(scores - scores.max(axis=-1, keepdims=True))", "np.exp(scores)"),
        ("not-a-tuple", "return dQ, dK, dV", "return dQ, dK"),
        ("in-place", "    dA = output_gradient",
         "    output_gradient *= 1.5\n    dA = output_gradient"),
        ("batch-leak", "return dQ, dK, dV",
         "return (dQ - dQ.mean(0) if dQ.ndim > 2 else dQ), dK, dV"),
        ("different", "weights * (dA -", "1.01 * weights * (dA -"),
    ),
)  # fmt: skip
