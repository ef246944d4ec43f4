"""Which resamplings there are."""

from __future__ import annotations

FILL_MODES = ("nearest", "constant", "reflect", "wrap")
ORDERS = range(6)

RESAMPLINGS = {(fill_mode, order) for fill_mode in FILL_MODES for order in ORDERS}
"""What is implemented: pairs of fill mode and spline order."""


def check_resampling(fill_mode: str, order: int) -> None:
    """Refuses what SciPy refuses, with its exception.

    Raises:
        RuntimeError: for an unknown fill mode, and an order outside 0 to 5.
    """
    if fill_mode not in FILL_MODES:
        raise RuntimeError(f"fill mode {fill_mode!r} is not supported; take one of {FILL_MODES}")
    if order not in ORDERS:
        raise RuntimeError(f"spline order {order} is not supported; take 0 to 5")
