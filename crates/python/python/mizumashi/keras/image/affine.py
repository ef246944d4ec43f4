"""Affine transforms of single images.

As in Keras, a position is (row, column), a transform takes output to input pixels, and pictures
turn about (height / 2 + 0.5, width / 2 + 0.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import _native
from .resampling import check_resampling


def transform_matrix_offset_center(matrix: ArrayLike, x: float, y: float) -> NDArray[Any]:
    """The 3x3 ``matrix`` with (x / 2 + 0.5, y / 2 + 0.5) in the role of the origin."""
    centre = np.array([x / 2 + 0.5, y / 2 + 0.5])
    there, back = np.eye(3), np.eye(3)
    there[:2, 2], back[:2, 2] = centre, -centre
    centred: NDArray[Any] = there @ np.asarray(matrix) @ back
    return centred


def apply_affine_transform(
    x: NDArray[Any],
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 0,
    col_axis: int = 1,
    channel_axis: int = 2,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> NDArray[Any]:
    """Rotates, shifts, shears and zooms one image in a single resampling.

    Args:
        x: an array of three axes. Where nothing is to be done it is returned as it is.
        theta, shear: degrees.
        tx, ty: pixels along the rows and along the columns.
        zx, zy: zooms along the rows and along the columns; above 1 the picture gets smaller.
        row_axis, col_axis: the axes whose lengths say where the centre is.
        channel_axis: the axis of the channels; the image lies in the other two.
        fill_mode: ``"nearest"``, ``"constant"``, ``"reflect"`` or ``"wrap"``.
        cval: the value beyond the edge with ``"constant"``.
        order: 0 for the nearest pixel, 1 for bilinear interpolation, 2 to 5 for B-splines.

    Returns:
        An image of the shape and the type of ``x``, computed in 32 bits.
    """
    numbers = (theta, tx, ty, shear, zx, zy)
    if numbers == (0, 0, 0, 0, 1, 1):
        return x
    check_resampling(fill_mode, order)
    planes = np.moveaxis(x, channel_axis, -1)
    if planes.dtype not in (np.uint8, np.float32):
        planes = planes.astype(np.float32)
    warped = _native.make_batch(
        _native.ArraySource(planes[np.newaxis]),
        None,
        np.array([[*numbers, 0, 0, 0]], dtype=np.float64),
        fill_mode=fill_mode,
        cval=cval,
        order=order,
        centre_of=(x.shape[row_axis], x.shape[col_axis]),
    )[0]
    return np.moveaxis(_stored_as(warped, x.dtype), -1, channel_axis)


def _stored_as(values: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Values as SciPy stores them: whole numbers are rounded half away from zero."""
    if not np.issubdtype(dtype, np.integer):
        return values.astype(dtype, copy=False)
    limits = np.iinfo(dtype)
    whole = np.trunc(values.astype(np.float64) + np.copysign(0.5, values))
    return whole.clip(limits.min, limits.max).astype(dtype)


# Below, the row and column axes go unused, as they do in Keras: they only say where the centre is,
# and pictures with their channels first turn about a point of their own.


def random_rotation(
    x: NDArray[Any],
    rg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> NDArray[Any]:
    """Rotates one image by a random angle of up to ``rg`` degrees to either side."""
    theta = np.random.uniform(-rg, rg)
    return apply_affine_transform(
        x,
        theta=theta,
        channel_axis=channel_axis,
        fill_mode=fill_mode,
        cval=cval,
        order=interpolation_order,
    )


def random_shift(
    x: NDArray[Any],
    wrg: float,
    hrg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> NDArray[Any]:
    """Shifts one image at random by up to ``wrg`` of its width and ``hrg`` of its height."""
    tx = np.random.uniform(-hrg, hrg) * x.shape[row_axis]
    ty = np.random.uniform(-wrg, wrg) * x.shape[col_axis]
    return apply_affine_transform(
        x,
        tx=tx,
        ty=ty,
        channel_axis=channel_axis,
        fill_mode=fill_mode,
        cval=cval,
        order=interpolation_order,
    )


def random_shear(
    x: NDArray[Any],
    intensity: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> NDArray[Any]:
    """Shears one image by a random angle of up to ``intensity`` degrees to either side."""
    shear = np.random.uniform(-intensity, intensity)
    return apply_affine_transform(
        x,
        shear=shear,
        channel_axis=channel_axis,
        fill_mode=fill_mode,
        cval=cval,
        order=interpolation_order,
    )


def random_zoom(
    x: NDArray[Any],
    zoom_range: Sequence[float],
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> NDArray[Any]:
    """Zooms rows and columns of one image by two random factors between those of ``zoom_range``.

    Raises:
        ValueError: when ``zoom_range`` is not a pair.
    """
    if len(zoom_range) != 2:
        raise ValueError(f"`zoom_range` must be a pair of numbers; it is {zoom_range}")
    zx, zy = 1, 1
    if tuple(zoom_range) != (1, 1):
        zx, zy = np.random.uniform(zoom_range[0], zoom_range[1], 2)
    return apply_affine_transform(
        x,
        zx=zx,
        zy=zy,
        channel_axis=channel_axis,
        fill_mode=fill_mode,
        cval=cval,
        order=interpolation_order,
    )
