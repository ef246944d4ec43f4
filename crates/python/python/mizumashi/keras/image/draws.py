"""Random numbers of NumPy's global generator, in the order in which Keras draws them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Union

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .generator import ImageDataGenerator

Limits = Union[tuple[float, float], NDArray[Any]]
"""What a number is drawn between, or from."""

COLUMNS = (
    "theta",
    "tx",
    "ty",
    "shear",
    "zx",
    "zy",
    "flip_horizontal",
    "flip_vertical",
    "channel_shift_intensity",
    "brightness",
)
"""What is drawn for a sample: the columns of an array of draws."""

UNCHANGED = np.array([0, 0, 0, 0, 1, 1, 0, 0, 0, 1], dtype=np.float64)
"""The draw that changes nothing."""

AFFINE = slice(0, 6)
FLIPS = slice(6, 8)
WITHOUT_BRIGHTNESS = slice(0, 9)
BRIGHTNESS = 9

LARGEST = 1024
"""Samples whose numbers are drawn at once."""


def draw(
    generator: ImageDataGenerator, img_shape: tuple[int, ...], samples: int
) -> NDArray[np.float64]:
    """Draws for so many samples of the shape ``img_shape``: (samples, columns).

    All draws of a batch are made at once where each is uniform, as NumPy's stream is the same.
    """
    if samples > LARGEST:
        parts = [LARGEST] * (samples // LARGEST) + [samples % LARGEST]
        return np.concatenate([draw(generator, img_shape, part) for part in parts])
    brightness = generator.brightness_range
    ranges = _ranges(
        samples,
        img_shape[generator.row_axis - 1],
        img_shape[generator.col_axis - 1],
        generator.rotation_range,
        _hashable(generator.height_shift_range),
        _hashable(generator.width_shift_range),
        generator.shear_range,
        tuple(generator.zoom_range),
        bool(generator.horizontal_flip),
        bool(generator.vertical_flip),
        generator.channel_shift_range,
        None if brightness is None else tuple(brightness),
    )
    numbers = ranges.unchanged.copy()
    if ranges.uniform is None:
        for row in numbers:
            for column, limits, factor in ranges.each:
                row[column] = _draw_one(limits) * factor
    else:
        low, span, factors = ranges.uniform
        drawn = np.random.random_sample(low.shape)
        drawn *= span
        drawn += low
        drawn *= factors
        numbers[:, ranges.columns] = drawn
    flips = numbers[:, FLIPS]
    np.less(flips, ranges.flips_below, out=flips)
    return numbers


class Ranges(NamedTuple):
    """What is drawn for a sample, in this order. Arrays have a row per sample of a batch: NumPy takes
    most of its time to stretch small ones."""

    each: list[tuple[int, Limits, float]]
    """Column, (low, high) or an array of choices, factor."""
    columns: NDArray[np.intp]
    flips_below: NDArray[np.float64]
    """A picture is mirrored where the number drawn is less: across, and down."""
    unchanged: NDArray[np.float64]
    """What becomes of columns that are not drawn."""
    uniform: Optional[NDArray[np.float64]]
    """(3, samples, draws): low ends, spans and factors, if nothing is chosen from a list."""


@lru_cache(maxsize=64, typed=True)  # a whole number and a fraction mean different shifts
def _ranges(
    samples: int,
    height: int,
    width: int,
    rotation_range: float,
    height_shift_range: Any,
    width_shift_range: Any,
    shear_range: float,
    zoom_range: tuple[float, ...],
    horizontal_flip: bool,
    vertical_flip: bool,
    channel_shift_range: float,
    brightness_range: Optional[tuple[float, float]],
) -> Ranges:
    each: list[tuple[int, Limits, float]] = []
    if rotation_range:
        each.append((0, _to_either_side(rotation_range), 1))
    for column, shift, side in (
        (1, height_shift_range, height),
        (2, width_shift_range, width),
    ):
        if shift:
            largest = shift if isinstance(shift, float) else np.max(shift)
            each.append((column, _shifts(shift), side if largest < 1 else 1))
    if shear_range:
        each.append((3, _to_either_side(shear_range), 1))
    if zoom_range != (1, 1):
        zoom = zoom_range[0], zoom_range[1]
        each += [(4, zoom, 1), (5, zoom, 1)]
    each += [(6, (0, 1), 1), (7, (0, 1), 1)]
    if channel_shift_range != 0:
        each.append((8, _to_either_side(channel_shift_range), 1))
    if brightness_range is not None:
        each.append((BRIGHTNESS, brightness_range, 1))
    uniform = None
    if all(isinstance(limits, tuple) for _, limits, _ in each):
        rows = [(low, high - low, factor) for _, (low, high), factor in each]
        uniform = np.repeat(np.array(rows, dtype=np.float64).T[:, None], samples, axis=1)
    return Ranges(
        each=each,
        columns=np.array([column for column, _, _ in each]),
        flips_below=np.repeat([[0.5 * horizontal_flip, 0.5 * vertical_flip]], samples, axis=0),
        unchanged=np.repeat(UNCHANGED[None], samples, axis=0),
        uniform=uniform,
    )


def _hashable(shift: Any) -> Any:
    return shift if isinstance(shift, (int, float)) or not np.ndim(shift) else tuple(shift)


def _to_either_side(limit: float) -> tuple[float, float]:
    return -limit, limit


def _shifts(shift: Any) -> Limits:
    """A list is chosen from, and so is a whole number: from the numbers below it."""
    if isinstance(shift, float):
        return _to_either_side(shift)
    if isinstance(shift, (int, np.integer)):
        return np.arange(shift) if shift > 0 else _to_either_side(float(shift))
    return np.asarray(shift) if np.ndim(shift) else _to_either_side(shift)


def _draw_one(limits: Limits) -> float:
    if isinstance(limits, tuple):
        return np.random.uniform(*limits)
    return float(np.random.choice(limits) * np.random.choice([-1, 1]))
