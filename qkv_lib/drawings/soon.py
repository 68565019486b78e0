"""Drawings that are not finished: each shows its title."""

from __future__ import annotations

from qkv_lib.drawings.canvas import Canvas, Drawing


def _title(name: str) -> Drawing:
    sheet = Canvas(336, 60)
    sheet.box(4, 4, 328, 52, name)
    return Drawing(name, sheet.layout())


def lookup() -> Drawing:
    """Draw a lookup, exact and soft.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> lookup()
    <drawing: a lookup, exact and soft>
    """
    return _title("a lookup, exact and soft")


def heads() -> Drawing:
    """Draw heads, split and merged.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> heads()
    <drawing: heads, split and merged>
    """
    return _title("heads, split and merged")


def block() -> Drawing:
    """Draw a Transformer block.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> block()
    <drawing: a Transformer block>
    """
    return _title("a Transformer block")


def encoder_decoder() -> Drawing:
    """Draw encoder and decoder, the three places of attention.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> encoder_decoder()
    <drawing: encoder and decoder, the three places of attention>
    """
    return _title("encoder and decoder, the three places of attention")


def causal() -> Drawing:
    """Draw causal decoding and the cache.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> causal()
    <drawing: causal decoding and the cache>
    """
    return _title("causal decoding and the cache")


def stripes() -> Drawing:
    """Draw the stripes of sinusoids.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> stripes()
    <drawing: the stripes of sinusoids>
    """
    return _title("the stripes of sinusoids")


def rope_pairs() -> Drawing:
    """Draw the turning pairs of RoPE.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> rope_pairs()
    <drawing: the turning pairs of RoPE>
    """
    return _title("the turning pairs of RoPE")
