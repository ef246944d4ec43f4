"""Changes of the values of single images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import ImageEnhance

from .pictures import array_to_img, img_to_array


def apply_channel_shift(x: ArrayLike, intensity: float, channel_axis: int = 0) -> NDArray[Any]:
    """``x`` plus ``intensity``, kept between the smallest and the largest value of ``x``."""
    shifted: NDArray[Any] = np.clip(np.asarray(x) + intensity, np.min(x), np.max(x))
    return shifted


def random_channel_shift(
    x: ArrayLike, intensity_range: float, channel_axis: int = 0
) -> NDArray[Any]:
    """A channel shift by a random number of up to ``intensity_range`` to either side."""
    intensity = np.random.uniform(-intensity_range, intensity_range)
    return apply_channel_shift(x, intensity, channel_axis=channel_axis)


def apply_brightness_shift(x: ArrayLike, brightness: float) -> NDArray[Any]:
    """One image, channels last, made brighter by a factor.

    As in Keras it passes through a picture of 8 bits: its values are stretched to 0..255 first.
    """
    picture = ImageEnhance.Brightness(array_to_img(x)).enhance(brightness)
    return img_to_array(picture)


def random_brightness(x: ArrayLike, brightness_range: Sequence[float]) -> NDArray[Any]:
    """A brightness shift by a random factor between those of ``brightness_range``.

    Raises:
        ValueError: when ``brightness_range`` is not a pair.
    """
    if len(brightness_range) != 2:
        raise ValueError(f"`brightness_range` must be a pair of numbers; it is {brightness_range}")
    brightness = np.random.uniform(brightness_range[0], brightness_range[1])
    return apply_brightness_shift(x, brightness)
