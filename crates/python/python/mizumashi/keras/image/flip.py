"""Mirrored arrays."""

import numpy as np


def flip_axis(x, axis):
    """A view of ``x`` with the order along ``axis`` reversed."""
    return np.flip(np.asarray(x), axis)
