"""What counts as an array of images."""

from __future__ import annotations

from typing import Any, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._native import ArraySource

Images = Union[NDArray[np.uint8], NDArray[np.float32]]
"""Arrays as native calls take them."""


def as_images(x: ArrayLike) -> Images:
    """``x`` as a ``uint8`` or ``float32`` array of rank 4, copied where its type is another."""
    images: NDArray[Any] = np.asarray(x)
    if images.ndim != 4:
        raise ValueError(f"the images have the shape {images.shape}; four axes are needed")
    return images if images.dtype in (np.uint8, np.float32) else images.astype(np.float32)


def as_source(images: NDArray[Any]) -> Union[ArraySource, NDArray[Any]]:
    """Images for native calls to make batches of; as they are, where those do not take their type."""
    native = images.ndim == 4 and images.dtype in (np.uint8, np.float32)
    return ArraySource(images) if native else images
