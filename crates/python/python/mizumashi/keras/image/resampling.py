"""Which resamplings there are."""

FILL_MODES = ("nearest", "constant", "reflect", "wrap")
ORDERS = range(6)


def check_resampling(fill_mode, order):
    """Refuses what SciPy refuses, with its exception.

    Raises:
        RuntimeError: for an unknown fill mode, and an order outside 0 to 5.
    """
    if fill_mode not in FILL_MODES:
        raise RuntimeError(f"fill mode {fill_mode!r} is not supported; take one of {FILL_MODES}")
    if order not in ORDERS:
        raise RuntimeError(f"spline order {order} is not supported; take 0 to 5")
