"""ZCA whitening as Keras means it: of images that were centred before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ... import _native
from ...images import Images


class Zca:
    """A whitening fitted to images, which holds no matrix of all values by all values.

    Args:
        images: ``float32``, of rank 4, laid out as ``data_format`` says.
        epsilon: is added to each variance.
    """

    def __init__(self, images: Images, epsilon: float, data_format: str) -> None:
        self._whitening = _native.Whitening.fit(
            images, epsilon=epsilon, center=False, data_format=data_format
        )
        self._shape: tuple[int, ...] = images.shape[1:]
        self._data_format = data_format

    def apply(self, images: Images) -> NDArray[np.float32]:
        """Images, of rank 4, whitened."""
        return self._whitening.apply(images)

    def matrix(self) -> NDArray[np.float32]:
        """The matrix over flattened images, ``float32``.

        Raises:
            ValueError: when it takes more than 2 GiB while it is made.
        """
        matrix = self._whitening.matrix(2 << 30)
        if self._data_format == "channels_first":
            # It is made for channels last: look up where each of our values lies there.
            channels, height, width = self._shape
            pixels = np.arange(matrix.shape[0]).reshape(height, width, channels)
            places = np.moveaxis(pixels, 2, 0).ravel()
            matrix = matrix[np.ix_(places, places)]
        return matrix.astype(np.float32)
