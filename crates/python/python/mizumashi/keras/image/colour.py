"""Changes of the values of single images."""

import numpy as np
from PIL import ImageEnhance

from .pictures import array_to_img, img_to_array


def apply_channel_shift(x, intensity, channel_axis=0):
    """``x`` plus ``intensity``, kept between the smallest and the largest value of ``x``."""
    return np.clip(np.asarray(x) + intensity, np.min(x), np.max(x))


def random_channel_shift(x, intensity_range, channel_axis=0):
    """A channel shift by a random number of up to ``intensity_range`` to either side."""
    intensity = np.random.uniform(-intensity_range, intensity_range)
    return apply_channel_shift(x, intensity, channel_axis=channel_axis)


def apply_brightness_shift(x, brightness):
    """One image, channels last, made brighter by a factor.

    As in Keras it passes through a picture of 8 bits: its values are stretched to 0..255 first.
    """
    picture = ImageEnhance.Brightness(array_to_img(x)).enhance(brightness)
    return img_to_array(picture)


def random_brightness(x, brightness_range):
    """A brightness shift by a random factor between those of ``brightness_range``.

    Raises:
        ValueError: when ``brightness_range`` is not a pair.
    """
    if len(brightness_range) != 2:
        raise ValueError(f"`brightness_range` must be a pair of numbers; it is {brightness_range}")
    brightness = np.random.uniform(brightness_range[0], brightness_range[1])
    return apply_brightness_shift(x, brightness)
