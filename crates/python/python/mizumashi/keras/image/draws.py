"""Random numbers of NumPy's global generator, in the order in which Keras draws them."""

import numpy as np

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


def draw(generator, img_shape, samples):
    """Draws for so many samples of the shape ``img_shape``: (samples, columns).

    All draws of a batch are made at once where each is uniform, as NumPy's stream is the same.
    """
    numbers = np.empty((samples, len(UNCHANGED)))
    numbers[...] = UNCHANGED
    ranges = _ranges(generator, img_shape)
    columns, limits, factors = zip(*ranges)
    if all(type(limit) is tuple for limit in limits):
        low, high = np.array(limits, dtype=np.float64).T
        drawn = np.random.random_sample((samples, len(ranges)))
        numbers[:, columns] = (low + (high - low) * drawn) * factors
    else:
        for row in numbers:
            for column, limit, factor in ranges:
                row[column] = _draw_one(limit) * factor
    allowed = bool(generator.horizontal_flip), bool(generator.vertical_flip)
    numbers[:, FLIPS] = (numbers[:, FLIPS] < 0.5) & allowed
    return numbers


def _ranges(generator, img_shape):
    """What is drawn, in this order: column, (low, high) or an array of choices, factor."""
    height = img_shape[generator.row_axis - 1]
    width = img_shape[generator.col_axis - 1]
    ranges = []
    if generator.rotation_range:
        ranges.append((0, _to_either_side(generator.rotation_range), 1))
    for column, shift, side in (
        (1, generator.height_shift_range, height),
        (2, generator.width_shift_range, width),
    ):
        if shift:
            largest = shift if isinstance(shift, float) else np.max(shift)
            ranges.append((column, _shifts(shift), side if largest < 1 else 1))
    if generator.shear_range:
        ranges.append((3, _to_either_side(generator.shear_range), 1))
    zooms = tuple(generator.zoom_range)
    if zooms != (1, 1):
        ranges += [(4, zooms, 1), (5, zooms, 1)]
    ranges += [(6, (0, 1), 1), (7, (0, 1), 1)]
    if generator.channel_shift_range != 0:
        ranges.append((8, _to_either_side(generator.channel_shift_range), 1))
    if generator.brightness_range is not None:
        ranges.append((BRIGHTNESS, tuple(generator.brightness_range), 1))
    return ranges


def _to_either_side(limit):
    return -limit, limit


def _shifts(shift):
    """A list is chosen from, and so is a whole number: from the numbers below it."""
    if isinstance(shift, float):
        return _to_either_side(shift)
    if isinstance(shift, (int, np.integer)):
        return np.arange(shift) if shift > 0 else _to_either_side(shift)
    return np.asarray(shift) if np.ndim(shift) else _to_either_side(shift)


def _draw_one(limits):
    if isinstance(limits, tuple):
        return np.random.uniform(*limits)
    return np.random.choice(limits) * np.random.choice([-1, 1])
