r"""What a step multiplies and what it reads: the number that says which of the two it waits for.

.. math:: \text{intensity} = \frac{\text{multiplications}}{\text{bytes read}}

A processor does many multiplications in the time in which one number comes from memory. Whatever
does fewer for each byte waits for memory, and only reading less makes it faster.
"""

from __future__ import annotations

from typing import NamedTuple

from qkv_lib.formula.checks import check_count

__all__ = ["Traffic", "cache_traffic", "latent_traffic", "map_traffic"]


class Traffic(NamedTuple):
    """What a step does and reads.

    Attributes
    ----------
    multiplications : int
        Products of two numbers; each comes with one addition.
    bytes : int
        Read from memory: matrices or cache. The rows that come in and go out are left out.
    """

    multiplications: int
    bytes: int

    @property
    def intensity(self) -> float:
        """Multiplications for each byte."""
        return self.multiplications / self.bytes


def map_traffic(
    d_in: int, d_out: int, *, n_tokens: int = 1, batch: int = 1, bytes_per_number: int = 2
) -> Traffic:
    r"""Return the traffic of a linear map: its matrix is read once, whatever goes through it.

    .. math:: \frac{b\,n\,d\,d'}{d\,d'\,B} = \frac{b\,n}{B}

    Parameters
    ----------
    d_in, d_out : int
        The matrix is ``d_in × d_out``.
    n_tokens : int
        Tokens of each sequence: 1 while decoding, all of them when a text is read.
    batch : int
        Sequences that are served together.
    bytes_per_number : int

    Returns
    -------
    Traffic

    Raises
    ------
    TypeError, ValueError
        A number is no integer of at least 1.

    References
    ----------
    Williams et al. 2009, "Roofline"; for Transformers: Pope et al. 2023, "Efficiently Scaling
    Transformer Inference", section 2.

    Examples
    --------
    >>> map_traffic(4096, 4096).intensity, map_traffic(4096, 4096, n_tokens=1000).intensity
    (0.5, 500.0)
    """
    size = _product(d_in=d_in, d_out=d_out)
    tokens = _product(n_tokens=n_tokens, batch=batch)
    return Traffic(tokens * size, size * _product(bytes_per_number=bytes_per_number))


def cache_traffic(
    n_heads: int,
    n_kv_heads: int,
    d_head: int,
    n_keys: int,
    *,
    n_tokens: int = 1,
    batch: int = 1,
    bytes_per_number: int = 2,
) -> Traffic:
    r"""Return the traffic of attention over a cache of keys and values.

    .. math:: \frac{b\,n\,h \cdot 2\,m\,d_h}{b\,g \cdot 2\,m\,d_h\,B} = \frac{n\,h}{g\,B}

    Parameters
    ----------
    n_heads, n_kv_heads : int
        ``h`` and ``g``.
    d_head : int
    n_keys : int
        Tokens held for each sequence.
    n_tokens : int
        New tokens of each sequence that attend at once.
    batch : int
        Sequences; each has a cache of its own, so that they share nothing.
    bytes_per_number : int

    Returns
    -------
    Traffic

    Raises
    ------
    TypeError, ValueError
        A number is no integer of at least 1.

    Examples
    --------
    >>> [cache_traffic(32, g, 128, 4096).intensity for g in (32, 8, 1)]
    [0.5, 2.0, 16.0]
    """
    numbers = 2 * _product(n_keys=n_keys, d_head=d_head, batch=batch)
    asked = _product(n_tokens=n_tokens, n_heads=n_heads)
    held = _product(n_kv_heads=n_kv_heads, bytes_per_number=bytes_per_number)
    return Traffic(numbers * asked, numbers * held)


def latent_traffic(
    n_heads: int,
    d_latent: int,
    d_turned: int,
    n_keys: int,
    *,
    n_tokens: int = 1,
    batch: int = 1,
    bytes_per_number: int = 2,
) -> Traffic:
    r"""Return the traffic of absorbed latent attention over its cache.

    .. math:: \frac{n\,h\,(2 d_c + d_r)}{(d_c + d_r)\,B}

    Parameters
    ----------
    n_heads : int
    d_latent, d_turned : int
        ``d_c`` and ``d_r``.
    n_keys, n_tokens, batch, bytes_per_number
        As in `cache_traffic`.

    Returns
    -------
    Traffic

    Raises
    ------
    TypeError, ValueError
        A number is no integer of at least 1.

    Notes
    -----
    Each latent is read once, and used for the score and for the weighted sum.

    Examples
    --------
    >>> latent_traffic(128, 512, 64, 4096).intensity  # DeepSeek-V2
    120.88888888888889
    """
    tokens = _product(n_keys=n_keys, batch=batch)
    d_c, d_r = _product(d_latent=d_latent), _product(d_turned=d_turned)
    asked = _product(n_tokens=n_tokens, n_heads=n_heads)
    size = _product(bytes_per_number=bytes_per_number)
    return Traffic(tokens * asked * (2 * d_c + d_r), tokens * (d_c + d_r) * size)


def _product(**counts: int) -> int:
    """Check counts of at least 1, and return their product."""
    product = 1
    for name, count in counts.items():
        product *= check_count(name, count, least=1)
    return product
