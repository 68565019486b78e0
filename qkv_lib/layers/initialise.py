"""First weights drawn with NumPy, so that they are the same under every version of torch."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
import torch
from torch import nn

Module = TypeVar("Module", bound=nn.Module)


@torch.no_grad()
def initialise(module: Module, rng: np.random.Generator) -> Module:
    r"""Draw all weights of a module anew, in place, from a NumPy generator.

    .. math::
        \begin{aligned}
        W_{ij} &\sim U(-a, a) \\
        a &= \sqrt{6 / (n_\text{in} + n_\text{out})}
        \end{aligned}

    Parameters
    ----------
    module : torch.nn.Module
        Matrices of any layer get the law above, embeddings ``N(0, 1/d)``, one-dimensional
        parameters stay as torch made them, except that biases become 0.
    rng : numpy.random.Generator

    Returns
    -------
    torch.nn.Module
        ``module`` itself.

    Raises
    ------
    TypeError
        ``rng`` is no NumPy generator.

    References
    ----------
    Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural
    networks", equation 16.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> layer = initialise(nn.Linear(3, 2), np.random.default_rng(0))
    >>> layer.weight.detach().numpy().round(4)
    array([[ 0.3001, -0.5044, -1.0057],
           [-1.0592,  0.6863,  0.9043]], dtype=float32)
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}, needs a NumPy generator: numpy.random.default_rng(seed)")
    embeddings = {id(each.weight) for each in module.modules() if isinstance(each, nn.Embedding)}
    for name, parameter in module.named_parameters():
        if parameter.ndim > 1:
            embedded = id(parameter) in embeddings
            draw = _embedding(parameter, rng) if embedded else _glorot(parameter, rng)
            parameter.copy_(torch.from_numpy(draw))
        elif name.rpartition(".")[2].startswith("bias"):
            parameter.zero_()
    return module


def _embedding(parameter: torch.Tensor, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(scale=parameter.shape[-1] ** -0.5, size=tuple(parameter.shape))


def _glorot(parameter: torch.Tensor, rng: np.random.Generator) -> np.ndarray:
    field = math.prod(parameter.shape[2:])  # of a convolution; 1 for a matrix
    bound = math.sqrt(6 / (field * (parameter.shape[0] + parameter.shape[1])))
    return rng.uniform(-bound, bound, size=tuple(parameter.shape))
