"""Mirrored arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def flip_axis(x: ArrayLike, axis: int) -> NDArray[Any]:
    """A view of ``x`` with the order along ``axis`` reversed."""
    return np.flip(np.asarray(x), axis)
