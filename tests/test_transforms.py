"""Where torch looks on: vmap, derivatives of any order, tensors without numbers, compilers."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd import forward_ad

from qkv_lib import attention, attention_steps
from qkv_lib.exact.cache import KVCache
from qkv_lib.exact.tiles import blocked_attention, tiled_attention
from qkv_lib.layers import MultiHeadAttention
from tests.arrays import normal

# What torch.func and forward_ad import is deprecated by torch itself, and compile regrets 3.13.0.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.torch.jit.script:DeprecationWarning",
    "ignore:Guards may run slower on Python 3.13.0:RuntimeWarning",
)

X = normal("torch", 2, 3, 5, 4)
LENGTHS = torch.tensor([2, 5])
BIAS = normal("torch", 5, 5)
PATHS: dict[str, Callable[..., Any]] = {
    "attention": attention,
    "steps": lambda *x, **o: attention_steps(*x, **o).output,
    "blocked": lambda *x, **o: blocked_attention(*x, block=2, **o),
    "tiled": lambda *x, **o: tiled_attention(*x, query_block=2, key_block=3, **o),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "causal": {"causal": True},
    "window": {"causal": True, "window": 2, "offset": 1},
    "capped": {"softcap": 1.5},
    "bias": {"bias": BIAS},
    "mask": {"mask": BIAS > -0.5},
}
every_path = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
every_option = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)


def close(got: Any, wanted: Any) -> None:
    torch.testing.assert_close(got, wanted, rtol=1e-9, atol=1e-12)


@every_option
@pytest.mark.parametrize("path", [PATHS["attention"], PATHS["steps"]], ids=["attention", "steps"])
def test_vmap_is_a_loop(path: Any, options: Any) -> None:
    close(torch.vmap(lambda x: path(x, x, x, **options))(X), path(X, X, X, **options))
    shared = torch.vmap(lambda x: path(x, X[0], X[1], **options))(X)
    close(shared, torch.stack([path(x, X[0], X[1], **options) for x in X]))


def test_vmap_over_lengths() -> None:
    def one(x: Any, length: Any) -> Any:
        return attention(x[None], x[None], x[None], key_lengths=length[None])[0]

    close(torch.vmap(one)(X, LENGTHS), attention(X, X, X, key_lengths=LENGTHS))


def first_and_second(path: Any, x: Any, options: Any) -> Any:
    """Return the gradient of a loss, and the gradient of the size of that gradient."""
    leaf = x.clone().requires_grad_()
    loss = (path(leaf, leaf, leaf, **options) ** 3).sum()
    (first,) = torch.autograd.grad(loss, leaf, create_graph=True)
    (second,) = torch.autograd.grad((first**2).sum(), leaf)
    return first.detach(), second


@every_option
@every_path
def test_second_derivatives_are_those_of_the_formula(path: Any, options: Any) -> None:
    wanted = first_and_second(PATHS["steps"], X, options)
    for got, want in zip(first_and_second(path, X, options), wanted, strict=True):
        close(got, want)


def test_the_gradient_of_some_operands_can_be_differentiated_too() -> None:
    query, key, value = X.clone().requires_grad_(), X.clone(), X.clone().requires_grad_()
    output = attention(query, key[:, :1], value[:, :1])
    found = torch.autograd.grad((output**3).sum(), (query, value), create_graph=True)
    again = torch.autograd.grad(sum((x**2).sum() for x in found), (query, value))
    output = attention_steps(query, key[:, :1], value[:, :1]).output
    found = torch.autograd.grad((output**3).sum(), (query, value), create_graph=True)
    wanted = torch.autograd.grad(sum((x**2).sum() for x in found), (query, value))
    for got, want in zip(again, wanted, strict=True):
        close(got, want)


@every_option
def test_jacobians_and_hessians(options: Any) -> None:
    x = X[0, 0]

    def output(y: Any) -> Any:
        return attention(y, y, y, **options)

    forward, backward = (f(output)(x) for f in (torch.func.jacfwd, torch.func.jacrev))
    close(forward, backward)
    close(forward, torch.autograd.functional.jacobian(output, x))
    hessian = torch.func.hessian(lambda y: (output(y) ** 2).sum())(x)
    close(hessian, torch.autograd.functional.hessian(lambda y: (output(y) ** 2).sum(), x))


def test_forward_derivatives() -> None:
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(X, torch.ones_like(X))
        tangent = forward_ad.unpack_dual(attention(dual, dual, dual, causal=True)).tangent
    step = 1e-6
    above, below = (attention(*[X + s] * 3, causal=True) for s in (step, -step))
    torch.testing.assert_close(tangent, (above - below) / (2 * step), rtol=1e-6, atol=1e-8)


@every_option
@every_path
def test_tensors_without_numbers_give_the_shape(path: Any, options: Any) -> None:
    there = {k: v.to("meta") if isinstance(v, torch.Tensor) else v for k, v in options.items()}
    output = path(*[X.to("meta")] * 3, **there)
    assert output.shape == X.shape
    assert output.is_meta
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        fake = mode.from_tensor(X)
        assert path(fake, fake, fake, **options).shape == X.shape


def test_lengths_and_caches_without_numbers() -> None:
    x = X.to("meta")
    assert attention(x, x, x, key_lengths=LENGTHS.to("meta")).shape == X.shape
    cache = KVCache(7)
    cache.append(x, x)
    assert cache.attend(x).shape == X.shape


class Attend(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = attention(x, x, x, causal=True)
        return output


def test_export() -> None:
    exported = torch.export.export(Attend(), (X,)).module()
    other = normal("torch", *X.shape, seed=1)
    close(exported(other), attention(other, other, other, causal=True))


@every_option
def test_compile_in_one_piece(options: Any) -> None:
    torch.compiler.reset()
    compiled = torch.compile(
        lambda x: attention(x, x, x, **options), fullgraph=True, backend="eager"
    )
    close(compiled(X), attention(X, X, X, **options))


def test_a_compiled_layer_trains() -> None:
    torch.compiler.reset()
    layer = MultiHeadAttention(12, 3).double()
    x = normal("torch", 2, 5, 12)
    losses = []
    for module in (layer, torch.compile(layer, fullgraph=True, backend="eager")):
        layer.zero_grad()
        module(x, causal=True).square().sum().backward()
        losses.append([p.grad.clone() for p in layer.parameters() if p.grad is not None])
    assert len(losses[0]) == 8
    for left, right in zip(*losses, strict=True):
        close(left, right)
