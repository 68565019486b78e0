"""A small GPT in the page: what may come next, where each head looks, and a text that it writes."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qkv_lib.data.pieces import Pieces
from qkv_lib.explorers._page import Explorer, table

if TYPE_CHECKING:  # torch is imported where a model is at hand: pages of the book have none
    from qkv_lib.models.gpt import GPT

__all__ = ["SOURCE", "writer"]

SOURCE = "_static/gpt.js"
"""Where the page finds the weights, from the root of the book."""
SHOWN = 8  # tokens that may follow


def writer(
    model: GPT, pieces: Pieces, texts: Sequence[str], *, name: str | None = None
) -> Explorer:
    """Show a GPT at work: pick or type a text, look at a token, let it write.

    The first text is worked out here. For all else the page runs the model itself, with the
    weights of `weights_script`, which it loads at the first use.

    Parameters
    ----------
    model : GPT
    pieces : Pieces
        The tokens of the model.
    texts : sequence of str
        Beginnings to pick from; the first is shown at first.
    name : str, optional
        Makes the ``id`` of the figure; derived from the numbers by default.

    Returns
    -------
    Explorer
        A notebook shows it when a cell ends in it.

    Raises
    ------
    ValueError
        There is no text, one is empty or too long, or the model has no token for a character.

    Examples
    --------
    >>> from qkv_lib.data.pieces import load_pieces
    >>> from qkv_lib.models.gpt import GPT
    >>> writer(GPT(d_model=8, n_heads=2), load_pieces(), ["The function"], name="try")
    <explorer writer-try>
    """
    if not texts:
        raise ValueError("texts is empty, needs one at least")
    for text in texts:
        n = len(pieces.encode(text))
        if not 1 <= n <= model.length:
            raise ValueError(f"texts has {text!r} of {n} tokens, needs 1 to {model.length}")
    state = _state(model, pieces, texts[0])
    data = {"state": state, "texts": list(texts), "length": model.length, "source": SOURCE}
    rows = [[f"{p:.3f}"] for _, p in state["following"][-1]]
    fallback = table(
        f"what may follow “{texts[0]}”",
        rows,
        row_names=[_visible(piece) for piece, _ in state["following"][-1]],
        column_names=["probability"],
    )
    return Explorer("writer", "Writer", data, fallback, name)


def _state(model: GPT, pieces: Pieces, text: str) -> dict[str, Any]:
    """Return what the figure shows of a text: its pieces, the weights, what may follow each."""
    import torch

    from qkv_lib.layers import recorded_weights

    ids = torch.from_numpy(pieces.encode(text))[None]
    with torch.no_grad(), recorded_weights(model) as recorded:
        logits = model(ids)[0].numpy()
    weights = np.stack([calls[0][0].numpy() for calls in recorded.values()]).astype(np.float64)
    maps = [[[_seen(row, i) for i, row in enumerate(head)] for head in block] for block in weights]
    return {
        "pieces": [pieces.pieces[i] for i in ids[0].tolist()],
        "maps": maps,
        "following": [_likeliest(pieces, row) for row in logits],
    }


def _seen(row: np.ndarray[Any, Any], i: int) -> list[float]:
    """Return the weights of query ``i`` on the tokens that it sees, in three decimals."""
    return [round(float(weight), 3) for weight in row[: i + 1]]


def _likeliest(pieces: Pieces, logits: np.ndarray[Any, Any]) -> list[tuple[str, float]]:
    from qkv_lib.models.sampling import next_probabilities

    p = next_probabilities(logits)
    order = np.argsort(-p, kind="stable")[:SHOWN]
    return [(pieces.pieces[i], round(float(p[i]), 3)) for i in order]


def _visible(piece: str) -> str:
    return piece.replace(" ", "␣").replace("\n", "↵")


def weights_script(model: GPT, pieces: Pieces) -> str:
    """Return a script that hands a page the weights, in half precision, and the pieces.

    It is a script since a page that is opened from a file may load nothing else.

    Parameters
    ----------
    model : GPT
    pieces : Pieces

    Returns
    -------
    str

    Examples
    --------
    >>> from qkv_lib.data.pieces import load_pieces
    >>> from qkv_lib.models.gpt import GPT
    >>> weights_script(GPT(d_model=8, n_heads=2), load_pieces())[:17]
    'window.QKV_GPT = '
    """
    from qkv_lib.models.gpt import BASE

    state = {name: each.numpy() for name, each in model.state_dict().items()}
    packed = b"".join(each.astype("<f2").tobytes() for each in state.values())
    layer = model.layers[0]
    stored = {
        "sizes": {
            "d_model": layer.d_model,
            "n_heads": layer.n_heads,
            "n_blocks": len(model.layers),
            "base": BASE,
        },
        "pieces": pieces.pieces,
        "merges": pieces.merges,
        "shapes": {name: each.shape for name, each in state.items()},
        "base64": base64.b64encode(packed).decode(),
    }
    return f"window.QKV_GPT = {json.dumps(stored, separators=(',', ':'))};\n"
