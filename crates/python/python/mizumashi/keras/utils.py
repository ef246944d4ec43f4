"""Labels."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray


def to_categorical(
    y: ArrayLike, num_classes: Optional[int] = None, dtype: DTypeLike = "float32"
) -> NDArray[Any]:
    """Class numbers as one-hot rows.

    Args:
        y: integers of any shape; a last axis of length 1 is dropped.
        num_classes: columns; the largest number plus one unless given.
        dtype: of the result.

    Returns:
        1 in the column of each number, 0 elsewhere: the shape of ``y`` and one more axis.
    """
    labels = np.asarray(y, dtype=int)
    shape = labels.shape
    if len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    labels = labels.ravel()
    columns = num_classes or int(labels.max()) + 1
    rows = np.zeros((labels.size, columns), dtype=dtype)
    rows[np.arange(labels.size), labels] = 1
    return rows.reshape(*shape, columns)
