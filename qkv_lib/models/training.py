"""One training loop for every model of the book, and the minibatches it eats."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from qkv_lib.formula.checks import check_count, check_number

Batch = tuple[Tensor, ...]
Augment = Callable[[NDArray[Any], np.random.Generator], NDArray[Any]]


def classification_loss(model: nn.Module, inputs: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy of the model's logits."""
    return cross_entropy(model(inputs), labels)


def fit(
    model: nn.Module,
    batches: Iterable[Batch],
    *,
    n_updates: int,
    lr: float,
    loss: Callable[..., Tensor] = classification_loss,
    weight_decay: float = 0.01,
    warmup: float = 0.2,
    description: str = "training",
) -> list[float]:
    """Train a model in place with AdamW, a warm-up and a cosine, and return the losses.

    Parameters
    ----------
    model : torch.nn.Module
        Left in evaluation mode.
    batches : iterable of tuples of tensors
        May be endless; one is taken an update.
    n_updates : int
        How many steps to take.
    lr : float
        The highest learning rate, reached as `warm_cosine` tells.
    loss : callable
        ``loss(model, *batch)``, a tensor with one number; cross-entropy by default.
    weight_decay : float
        AdamW's, on matrices only.
    warmup : float
        Share of the updates in which the learning rate rises.
    description : str
        Label of the progress bar, which shows only where a person watches.

    Returns
    -------
    list of float
        The loss before each update.

    Raises
    ------
    ValueError
        A number is out of range, or ``batches`` ends before ``n_updates``.
    FloatingPointError
        The loss is no longer finite.

    References
    ----------
    Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization".

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> model, batch = nn.Linear(1, 2), (torch.tensor([[-1.0], [1.0]]), torch.tensor([0, 1]))
    >>> losses = fit(model, [batch] * 50, n_updates=50, lr=0.1)
    >>> losses[-1] < losses[0]
    True
    """
    n_updates = check_count("n_updates", n_updates, least=1)
    lr = check_number("lr", lr, positive=True)
    optimiser = torch.optim.AdamW(_decayed_or_not(model, weight_decay), lr=lr)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: warm_cosine(step / n_updates, warmup)
    )
    losses: list[float] = []
    model.train()
    progress = tqdm(total=n_updates, desc=description, disable=not sys.stderr.isatty())
    with progress:
        for batch in islice(batches, n_updates):
            losses.append(_update(model, batch, loss, optimiser))
            schedule.step()
            progress.update()
    model.eval()
    if len(losses) < n_updates:
        raise ValueError(f"batches ended after {len(losses)}, needs n_updates ({n_updates})")
    return losses


def warm_cosine(progress: float, warmup: float) -> float:
    """Return the factor on the learning rate: a line up to 1, then half a cosine down to 0."""
    if progress < warmup:
        return (progress + 0.01) / (warmup + 0.01)  # the first update moves too
    return 0.5 + 0.5 * math.cos(math.pi * (progress - warmup) / (1 - warmup))


def _update(
    model: nn.Module, batch: Batch, loss: Callable[..., Tensor], optimiser: torch.optim.Optimizer
) -> float:
    value = loss(model, *batch)
    if not torch.isfinite(value):
        raise FloatingPointError(f"the loss is {value.item()}: try a smaller lr")
    optimiser.zero_grad()
    value.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    return value.item()


def _decayed_or_not(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Split the parameters: matrices decay, biases, norms and single vectors do not."""
    parameters = [each for each in model.parameters() if each.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


def minibatches(
    inputs: NDArray[Any],
    labels: NDArray[Any],
    rng: np.random.Generator,
    *,
    batch_size: int = 64,
    augment: Augment | None = None,
) -> Iterator[Batch]:
    """Yield shuffled minibatches without end, each example once before any comes again.

    Parameters
    ----------
    inputs, labels : arrays of shape (n, ...)
    rng : numpy.random.Generator
        Draws the order, and what ``augment`` draws.
    batch_size : int
        At most ``n``; a rest that fills no batch is left out of that round.
    augment : callable, optional
        ``augment(inputs, rng)`` of a batch, for example `qkv_lib.data.shifted`.

    Yields
    ------
    tuple of two tensors
        Inputs and labels of a batch.

    Raises
    ------
    ValueError
        ``inputs`` and ``labels`` differ in number, or a batch is larger than both.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> batches = minibatches(np.zeros((5, 3)), np.arange(5), rng, batch_size=2)
    >>> [each.shape for each in next(batches)]
    [torch.Size([2, 3]), torch.Size([2])]
    """
    if len(inputs) != len(labels):
        raise ValueError(f"inputs has {len(inputs)} rows but labels has {len(labels)}")
    if not 1 <= batch_size <= len(inputs):
        raise ValueError(f"batch_size is {batch_size}, needs 1 to the number of rows {len(inputs)}")
    while True:
        order = rng.permutation(len(inputs))
        for start in range(0, len(order) - batch_size + 1, batch_size):
            chosen = order[start : start + batch_size]
            batch = inputs[chosen] if augment is None else augment(inputs[chosen], rng)
            yield torch.from_numpy(batch), torch.from_numpy(labels[chosen])


@torch.no_grad()
def predict(model: nn.Module, inputs: NDArray[Any], *, batch_size: int = 250) -> NDArray[Any]:
    """Return the model's output for every row of ``inputs``, in evaluation mode, batch by batch.

    Parameters
    ----------
    model : torch.nn.Module
    inputs : array of shape (n, ...)
    batch_size : int

    Returns
    -------
    array of shape (n, ...)

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> predict(nn.Linear(3, 2), np.zeros((5, 3), dtype=np.float32)).shape
    (5, 2)
    """
    model.eval()
    pieces = torch.split(torch.from_numpy(inputs), batch_size)
    return torch.cat([model(piece) for piece in pieces]).numpy()


def accuracy(model: nn.Module, inputs: NDArray[Any], labels: NDArray[Any]) -> float:
    """Return the share of inputs whose largest logit is at the label.

    Parameters
    ----------
    model : torch.nn.Module
    inputs : array of shape (n, ...)
    labels : integer array of shape (n,)

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> accuracy(nn.Identity(), np.eye(3), np.array([0, 1, 0])).__round__(4)
    0.6667
    """
    return float((predict(model, inputs).argmax(axis=-1) == labels).mean())
