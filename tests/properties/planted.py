"""Well-known ways to get attention wrong, each of which passes a test of shapes.

They are the textbook of `cases` with one line changed; ``right`` is the same code unchanged.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from tests.properties.cases import textbook
from tests.properties.implementations import Implementation

Tensor = torch.Tensor


@dataclass
class Version:
    """Attention in torch, in replaceable steps."""

    scale: Callable[[int], float] = lambda d: 1 / math.sqrt(d)
    serving: Callable[[Tensor, int], Tensor] = lambda x, r: x.repeat_interleave(r, dim=1)
    causal: Callable[[Tensor], Tensor] = lambda distance: distance >= 0
    hide: Callable[[Tensor, Tensor], Tensor] = lambda s, seen: s.masked_fill(~seen, -math.inf)
    softmax: Callable[[Tensor], Tensor] = lambda s: torch.softmax(s, dim=-1)
    clean: Callable[[Tensor, Tensor], Tensor] = lambda a, seen: a.masked_fill(~seen, 0)
    carried: Callable[[Tensor, Tensor], Tensor] = lambda _key, value: value
    finish: Callable[[Tensor], Tensor] = lambda output: output
    offset: Callable[[int], int] = lambda offset: offset

    def weights(
        self, query: Tensor, key: Tensor, mask: Any = None, bias: Any = None,
        causal: bool = False, offset: int = 0, window: int | None = None, key_lengths: Any = None,
        scale: float | None = None, softcap: float | None = None,
    ) -> Tensor:  # fmt: skip
        key = self.serving(key, query.shape[1] // key.shape[1])
        n, m = query.shape[2], key.shape[2]
        scores = query @ key.mT * (self.scale(query.shape[-1]) if scale is None else scale)
        scores = scores if softcap is None else softcap * torch.tanh(scores / softcap)
        scores = scores if bias is None else scores + bias
        distance = torch.arange(n)[:, None] + self.offset(offset) - torch.arange(m)
        seen = torch.ones(query.shape[0], 1, n, m, dtype=torch.bool)
        seen = seen if mask is None else seen & mask
        seen = seen & self.causal(distance) if causal else seen
        seen = seen if window is None else seen & (distance.abs() < window)
        if key_lengths is not None:
            seen = seen & (torch.arange(m) < key_lengths[:, None, None, None])
        if bias is not None:
            seen = seen & (bias != -math.inf)
        return self.clean(self.softmax(self.hide(scores, seen)), seen)

    def __call__(self, query: Tensor, key: Tensor, value: Tensor, **options: Any) -> Tensor:
        carried = self.carried(key, value)[..., : value.shape[-1]]
        served = self.serving(carried, query.shape[1] // key.shape[1])
        return self.finish(self.weights(query, key, **options) @ served)

    def with_maps(self, *operands: Tensor, **options: Any) -> tuple[Tensor, Tensor]:
        return self.weights(*operands[:2], **options), self(*operands, **options)


def view_for_transpose(output: Tensor) -> Tensor:
    """Put the heads in front by a reshape alone, which mixes positions."""
    b, h, n, e = output.shape
    return output.transpose(1, 2).reshape(b, h, n, e)


def leak(weights: Tensor) -> Tensor:
    """Average over the batch, as an axis too many in a mean would."""
    return 0.9 * weights + 0.1 * weights.mean(dim=0, keepdim=True)


def spoil(query: Tensor, key: Tensor, value: Tensor, **options: Any) -> Tensor:
    """Scale the queries in place."""
    query.detach().mul_(1 / math.sqrt(query.shape[-1]))
    return textbook(query, key, value, **{**options, "scale": 1.0})


def unmasked_maps(*operands: Tensor, **options: Any) -> tuple[Tensor, Tensor]:
    """Draw the maps in a second pass that forgets the mask."""
    return Version().weights(*operands[:2]), Version()(*operands, **options)


def naive_softmax(scores: Tensor) -> Tensor:
    exponentials = torch.exp(scores)
    return exponentials / exponentials.sum(dim=-1, keepdim=True)


def contiguous_only(query: Tensor, key: Tensor, value: Tensor, **options: Any) -> Tensor:
    """Read the memory in its own order, whatever the strides say."""

    def as_stored(x: Tensor) -> Tensor:
        return torch.as_strided(x, x.shape, torch.empty(x.shape).stride())

    return Version()(*map(as_stored, (query, key, value)), **options)


def planted(name: str, run: Any, maps: Any = None) -> Implementation:
    return Implementation(name, run, maps or getattr(run, "with_maps", None))


MINUS_1E9 = Version(hide=lambda s, seen: s.masked_fill(~seen, -1e9), clean=lambda a, _: a)

# Each fault, and the property that must catch it.
FAULTS: list[tuple[Implementation, str]] = [
    (planted("no scaling", Version(scale=lambda _: 1.0)), "equals_the_loops"),
    (
        planted("divided by d", Version(scale=lambda d: 1 / d)),
        "gradients_are_those_written_by_hand",
    ),
    (
        planted("softmax over queries", Version(softmax=lambda s: torch.softmax(s, dim=-2))),
        "rows_of_weights_sum_to_one",
    ),
    (
        planted(
            "inverted mask",
            Version(hide=lambda s, x: s.masked_fill(x, -math.inf), clean=lambda a, _: a),
        ),
        "appended_padding_changes_nothing",
    ),
    (
        planted("mask multiplied", Version(hide=lambda s, x: s * x, clean=lambda a, _: a)),
        "later_tokens_change_no_earlier_output",
    ),
    (
        planted("zeroed after softmax", Version(hide=lambda s, _: s)),
        "rows_of_weights_sum_to_one",
    ),
    (planted("minus 1e9", MINUS_1E9), "a_fully_masked_row_is_zero_forward_and_backward"),
    (
        planted("NaN where all is masked", Version(clean=lambda a, _: a)),
        "a_fully_masked_row_is_zero_forward_and_backward",
    ),
    (
        planted("causal off by one", Version(causal=lambda x: x >= -1)),
        "later_tokens_change_no_earlier_output",
    ),
    (
        planted("offset ignored", Version(offset=lambda _: 0)),
        "one_query_at_a_time_is_the_whole",
    ),
    (
        planted("keys carried for values", Version(carried=lambda key, _: key)),
        "output_lies_in_the_hull_of_the_values",
    ),
    (planted("batch leaks", Version(softmax=lambda s: leak(torch.softmax(s, -1)))),
     "batch_elements_do_not_touch"),
    (planted("view for transpose", Version(finish=view_for_transpose)),
     "queries_permuted_permute_the_output"),
    (
        planted("NaN hidden", Version(finish=torch.nan_to_num)),
        "nan_never_becomes_a_plausible_number",
    ),
    (
        planted("causal the wrong way", Version(causal=lambda x: x <= 0)),
        "decoding_with_the_cache_is_the_whole",
    ),
    (
        planted("heads interleaved", Version(serving=lambda x, r: x.repeat(1, r, 1, 1))),
        "equals_the_loops",
    ),
    (planted("peak not subtracted", Version(softmax=naive_softmax)), "extreme_scores_stay_exact"),
    (planted("inputs scaled in place", spoil), "inputs_are_left_as_they_were"),
    (planted("maps drawn without the mask", Version(), unmasked_maps),
     "maps_returned_are_the_maps_used"),
    (planted("strides ignored", contiguous_only), "memory_layout_does_not_matter"),
    (
        planted(
            "positions counted into the keys",
            Version(hide=lambda s, x: (s + torch.arange(s.shape[-1])).masked_fill(~x, -math.inf)),
        ),
        "keys_and_values_permuted_together_change_nothing",
    ),
    (
        planted("shares of the scores", Version(softmax=lambda s: torch.relu(s).nan_to_num(0, 0, 0)
         / torch.relu(s).sum(-1, keepdim=True).clamp_min(1e-9))),
        "a_constant_added_to_the_scores_of_a_row_changes_nothing",
    ),
    (planted("rows normalised with n - 1", Version(clean=lambda a, seen: (a.masked_fill(~seen, 0)
     * a.shape[-1] / (a.shape[-1] - 1 + 1e-9)))), "smallest_sizes_work"),
]  # fmt: skip

RIGHT = planted("right", Version())
