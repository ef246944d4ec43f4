"""Resampling by given matrices."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from . import _native
from .images import Images, as_images


def warp(
    images: ArrayLike,
    matrix: ArrayLike,
    *,
    data_format: str = "channels_last",
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> Images:
    """Resamples one image, or a batch, through affine maps.

    Args:
        images: (height, width, channels), or a batch of those; channels first where
            ``data_format`` says so. ``uint8`` and ``float32`` keep their type, others become
            ``float32``.
        matrix: (2, 3), or (samples, 2, 3) for a map per image. It acts on (x, y), in pixels from
            the centre of the top left one, and takes *output* to *input*.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        fill_mode: what is seen beyond the edge: ``"nearest"``, ``"constant"``, ``"reflect"`` or
            ``"wrap"``, as in ``scipy.ndimage``.
        cval: the value seen there with ``"constant"``.
        order: 0 for the nearest pixel, 1 for bilinear interpolation, 2 to 5 for B-splines, as
            in ``scipy.ndimage``.

    Returns:
        A new array of the shape of ``images``.

    Raises:
        ValueError: for shapes that do not fit, a matrix that is not finite, an unknown option.
    """
    images = np.asarray(images)
    if images.ndim == 3:
        batch = warp(
            images[np.newaxis],
            matrix,
            data_format=data_format,
            fill_mode=fill_mode,
            cval=cval,
            order=order,
        )
        image: Images = batch[0]
        return image
    matrices = np.asarray(matrix, dtype=np.float64)
    if matrices.ndim == 2:
        matrices = matrices[np.newaxis]
    return _native.warp(
        as_images(images),
        matrices,
        data_format=data_format,
        fill_mode=fill_mode,
        cval=cval,
        order=order,
    )
