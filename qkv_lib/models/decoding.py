"""Writing a translation: one symbol at a time, or several beginnings side by side."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from qkv_lib.formula.checks import check_count
from qkv_lib.models.translator import PAD, Translator

__all__ = ["END", "START", "beam_search", "greedy", "log_probability"]

START, END = 1, 2
"""``START`` is the first symbol of every target, ``END`` the last."""


@torch.no_grad()
def greedy(model: Translator, source: Tensor, *, longest: int = 16) -> Tensor:
    r"""Write the likeliest symbol after those already written, until `END`.

    .. math:: y_t = \arg\max_y\, p(y \mid y_1, \dots, y_{t-1}, x)

    Parameters
    ----------
    model : Translator
    source : integer tensor of shape (batch, m)
    longest : int
        Where to stop at the latest.

    Returns
    -------
    integer tensor of shape (batch, n)
        At most ``longest`` symbols. Each row ends in `END`, if it came, and padding.

    Raises
    ------
    TypeError, ValueError
        ``longest`` is no integer of at least 1, or ``source`` is not padded at the end only.

    Examples
    --------
    >>> from qkv_lib.models.translator import RecurrentTranslator
    >>> greedy(RecurrentTranslator(5, 6, d=4), torch.ones(2, 3, dtype=torch.int64), longest=7).ndim
    2
    """
    check_count("longest", longest, least=1)
    memory = model.encode(source)
    written = torch.full((len(source), 1), START, device=source.device)
    for _ in range(longest):
        logits, _ = model.decode(memory, written)
        symbol = _after(logits[:, -1], written[:, -1]).argmax(dim=-1)
        written = torch.cat([written, symbol[:, None]], dim=1)
        if _over(symbol).all():
            break
    return written[:, 1:]


@torch.no_grad()
def beam_search(
    model: Translator, source: Tensor, *, width: int, longest: int = 16
) -> tuple[Tensor, Tensor]:
    r"""Keep the ``width`` likeliest beginnings after each symbol, and return where they lead.

    Parameters
    ----------
    model : Translator
    source : integer tensor of shape (batch, m)
    width : int
        1 is `greedy`; all possible beginnings are exhaustive search.
    longest : int
        Where to stop at the latest.

    Returns
    -------
    integer tensor of shape (batch, width, n)
        The likeliest first, each with `END`, if it came, and padding.
    tensor of shape (batch, width)
        Their log-probabilities; −∞ where there are fewer than ``width``.

    Raises
    ------
    TypeError, ValueError
        As `greedy`, or ``width`` is no integer of at least 1.

    Notes
    -----
    Log-probabilities are summed and not divided by the length. A wider beam can end in a *less*
    likely translation than a narrow one, greedy search included: what it follows instead may
    crowd out the beginning of the better one.

    References
    ----------
    Sutskever et al. 2014, "Sequence to Sequence Learning with Neural Networks", section 3.2.

    Examples
    --------
    >>> from qkv_lib.models.translator import RecurrentTranslator
    >>> source = torch.ones(2, 3, dtype=torch.int64)
    >>> written, scores = beam_search(RecurrentTranslator(5, 6, d=4), source, width=3)
    >>> written.shape[:2], scores.shape
    (torch.Size([2, 3]), torch.Size([2, 3]))
    """
    width, batch = check_count("width", width, least=1), len(source)
    check_count("longest", longest, least=1)
    memory = model.encode(source.repeat_interleave(width, dim=0))
    written = torch.full((batch, width, 1), START, device=source.device)
    totals = torch.full((batch, width), -torch.inf, device=source.device)
    totals[:, 0] = 0.0  # one beginning at first, not `width` equal ones
    for _ in range(longest):
        logits, _ = model.decode(memory, written.flatten(0, 1))
        following = _after(logits[:, -1].reshape(batch, width, -1), written[..., -1])
        candidates = (totals[..., None] + following).flatten(1)
        totals, chosen = candidates.topk(width, dim=-1)
        parent, symbol = chosen // following.shape[-1], chosen % following.shape[-1]
        rows = written.gather(1, parent[..., None].expand_as(written))
        written = torch.cat([rows, symbol[..., None]], dim=-1)
        if _over(symbol).all():
            break
    return written[..., 1:], totals


def _after(logits: Tensor, last: Tensor) -> Tensor:
    """Return the log-probabilities (..., n_target) of what follows: after the end, padding only."""
    following = log_softmax(logits, dim=-1)
    over = _over(last)[..., None]
    padding = torch.arange(logits.shape[-1], device=logits.device) == PAD
    return torch.where(over, 0.0, following).masked_fill(padding != over, -torch.inf)


def _over(symbol: Tensor) -> Tensor:
    return (symbol == END) | (symbol == PAD)


@torch.no_grad()
def log_probability(model: Translator, source: Tensor, target: Tensor) -> Tensor:
    r"""Return how likely a model holds given translations.

    .. math::
        \begin{aligned}
        &\log p(y \mid x) \\
        &\qquad = \sum_t \log p(y_t \mid y_1, \dots, y_{t-1}, x)
        \end{aligned}

    Parameters
    ----------
    model : Translator
    source : integer tensor of shape (batch, m)
    target : integer tensor of shape (batch, n)
        With `END` and padding.

    Returns
    -------
    tensor of shape (batch,)

    Examples
    --------
    >>> from qkv_lib.models.translator import RecurrentTranslator
    >>> model, source = RecurrentTranslator(5, 6, d=4), torch.ones(2, 3, dtype=torch.int64)
    >>> written, scores = beam_search(model, source, width=1)
    >>> bool(torch.allclose(log_probability(model, source, written[:, 0]), scores[:, 0], atol=1e-5))
    True
    """
    logits, _ = model.decode(model.encode(source), shifted_right(target))
    each = log_softmax(logits, dim=-1).gather(-1, target[..., None])[..., 0]
    return each.masked_fill(target == PAD, 0.0).sum(dim=-1)


def shifted_right(target: Tensor) -> Tensor:
    """Return the symbol before each one of ``target``: the first is `START`."""
    return torch.cat([torch.full_like(target[:, :1], START), target[:, :-1]], dim=1)
