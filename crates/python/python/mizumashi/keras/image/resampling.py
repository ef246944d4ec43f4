"""Which resamplings there are."""

FILL_MODES = ("nearest", "constant", "reflect", "wrap")

RESAMPLINGS = {(fill_mode, order) for fill_mode in FILL_MODES for order in (0, 1)}
"""What is implemented: pairs of fill mode and spline order."""


def check_resampling(fill_mode, order):
    """Refuses what SciPy refuses, with its exception, and splines that are not implemented.

    Raises:
        RuntimeError: for an unknown fill mode, and an order outside 0 to 5.
        NotImplementedError: for orders 2 to 5.
    """
    if (fill_mode, order) in RESAMPLINGS:
        return
    if fill_mode not in FILL_MODES:
        raise RuntimeError(f"fill mode {fill_mode!r} is not supported; take one of {FILL_MODES}")
    if order not in range(6):
        raise RuntimeError(f"spline order {order} is not supported; take 0 or 1")
    raise NotImplementedError(
        f"splines of order {order} are not implemented; take order 0 (nearest) or 1 (bilinear)"
    )
