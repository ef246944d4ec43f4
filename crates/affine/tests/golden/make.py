"""Computes the golden figures of this crate: python make.py, in this folder.

warp.json: images resampled by scipy.ndimage.affine_transform, for both orders and four modes.
spline.json: the same for orders 2 to 5, with prefilter. Its modes do for these orders what they do for
the lower ones: 'wrap' has the period n - 1, where 'grid-wrap' would have n. 'reflect' is computed from
the image and its mirror image side by side in mode 'grid-wrap', which is the same signal: scipy's own
prefilter for 'reflect' uses a sum in which it has already replaced the first sample, and is wrong by
the pole to the power 2n - 1, which shows on sides of less than about ten pixels.
bicubic.json: images resampled by torch.nn.functional.grid_sample in double precision.
parameters.json: matrices and images that keras-preprocessing makes of its transform parameters.
"""

import json
import math
from importlib.metadata import version

import numpy as np
import torch
from keras_preprocessing.image import affine_transformations as keras
from scipy import ndimage

MODES = ["constant", "nearest", "reflect", "wrap"]
CVAL = 17.25
PACKAGES = ["keras-preprocessing", "numpy", "scipy", "torch"]


def rotation(degrees, scale, center, shift):
    """A map about `center`, both as (x, y), in the rows that act on (x, y)."""
    cos, sin = scale * math.cos(math.radians(degrees)), scale * math.sin(math.radians(degrees))
    (x, y), (dx, dy) = center, shift
    return [[cos, -sin, x - cos * x + sin * y + dx], [sin, cos, y - sin * x - cos * y + dy]]


def resample(image, rows, shape, order, mode, output=np.float64):
    """The warp of an HWC image by a map that acts on (x, y)."""
    (a, b, c), (d, e, f) = rows
    channels = [
        ndimage.affine_transform(
            channel,
            np.array([[e, d], [b, a]]),
            offset=[f, c],
            output_shape=shape,
            output=output,
            order=order,
            mode=mode,
            cval=CVAL,
        )
        for channel in np.moveaxis(image, 2, 0)
    ]
    return np.stack(channels, axis=2)


def warps(rng):
    def bytes_of(*shape):
        return rng.integers(0, 256, shape).astype(np.float64)

    cases = [
        ("rotated", bytes_of(7, 5, 3), rotation(20, 1.1, (2, 3), (-6.3, 0.4)), (6, 18)),
        ("magnified", bytes_of(9, 11, 1), rotation(-131, 0.37, (5, 4), (1.7, -2.2)), (6, 35)),
        ("sheared", bytes_of(6, 4, 5) / 8 - 13, [[0.907, 0.313, -1.311], [-0.233, 1.217, 0.711]], (5, 7)),
        ("on ties", bytes_of(4, 3, 1), [[0.5, 0, -6.5], [0, 1.5, -6]], (10, 28)),
        ("across", bytes_of(4, 6, 1), [[0, 1.5, -6.25], [0.75, 0, -12.5]], (9, 34)),
        ("far left", bytes_of(5, 4, 1), [[1, 0.25, -1001.75], [0, 1, -733.5]], (3, 20)),
        ("far right", bytes_of(5, 4, 1), [[-1, 0.25, 1001.75], [0, 1, 733.5]], (3, 20)),
        ("one pixel", bytes_of(1, 1, 1), [[0.5, 0, -1], [0, 0.75, -1.5]], (5, 5)),
        ("one row", bytes_of(1, 5, 3), [[0.737, 0.311, -2.13], [0.093, 0.519, -0.53]], (3, 17)),
        ("one column", bytes_of(5, 1, 1), [[0.519, 0.311, -0.53], [0.093, 0.737, -2.13]], (17, 3)),
        ("two pixels", bytes_of(2, 2, 1), [[0.5, 0, -2.5], [0, 0.5, -2.5]], (9, 11)),
    ]
    for name, image, rows, shape in cases:
        results = []
        for order in (0, 1):
            for mode in MODES:
                values = resample(image, rows, shape, order, mode)
                if (image == image.astype(np.uint8)).all():
                    stored = resample(image.astype(np.uint8), rows, shape, order, mode, np.uint8)
                    assert (stored == np.floor(values + 0.5)).all()
                results.append({"order": order, "mode": mode, "values": numbers(values)})
        yield {
            "name": name,
            "source_shape": image.shape,
            "source": numbers(image),
            "map": rows,
            "shape": (*shape, image.shape[2]),
            "results": results,
        }


def reflected(image, rows, shape, order, output=np.float64):
    """The spline through an image that goes on as its mirror image, with the period 2n."""
    doubled = np.pad(image, ((0, image.shape[0]), (0, image.shape[1]), (0, 0)), mode="symmetric")
    values = resample(doubled, rows, shape, order, "grid-wrap", output)
    if min(image.shape[:2]) > 25:
        own = resample(image, rows, shape, order, "reflect", output)
        assert np.abs(values.astype(float) - own).max() < 1e-9
    return values


def splines(rng):
    """B-splines of all orders; the source is filtered in double precision."""

    def spline(image, rows, shape, order, mode, output=np.float64):
        if mode == "reflect":
            return reflected(image, rows, shape, order, output)
        return resample(image, rows, shape, order, mode, output)

    def bytes_of(*shape):
        return rng.integers(0, 256, shape).astype(np.float64)

    cases = [
        ("rotated", bytes_of(7, 5, 3), rotation(20, 1.1, (2, 3), (-6.3, 0.4)), (4, 18)),
        ("magnified", bytes_of(9, 11, 1), rotation(-131, 0.37, (5, 4), (1.7, -2.2)), (4, 20)),
        ("shrunk", bytes_of(6, 7, 2), [[1.9, 0, -5.3], [0, 2.3, -4.1]], (5, 7)),
        ("sheared", bytes_of(6, 4, 5) / 8 - 13, [[0.907, 0.313, -1.311], [-0.233, 1.217, 0.711]], (3, 6)),
        ("shifted", bytes_of(5, 6, 1), [[1, 0, -2.375], [0, 1, 1.75]], (5, 7)),
        ("on ties", bytes_of(4, 3, 1), [[0.5, 0, -6.5], [0, 1.5, -6]], (6, 17)),
        ("within", bytes_of(40, 33, 1), rotation(8, 0.9, (16, 20), (0.3, 0.4)), (3, 17)),
        ("beside", bytes_of(3, 30, 1), [[0.5, 0.0625, -15.75], [0, 0.5, 0.25]], (3, 36)),
        ("far left", bytes_of(5, 4, 1), [[1, 0.25, -1001.75], [0, 1, -733.5]], (2, 20)),
        ("far right", bytes_of(5, 4, 1), [[-1, 0.25, 1001.75], [0, 1, 733.5]], (2, 20)),
        ("one pixel", bytes_of(1, 1, 1), [[0.5, 0, -1], [0, 0.75, -1.5]], (4, 5)),
        ("one row", bytes_of(1, 5, 3), [[0.737, 0.311, -2.13], [0.093, 0.519, -0.53]], (2, 17)),
        ("one column", bytes_of(5, 1, 1), [[0.519, 0.311, -0.53], [0.093, 0.737, -2.13]], (17, 2)),
        ("two pixels", bytes_of(2, 2, 1), [[0.5, 0, -2.5], [0, 0.5, -2.5]], (6, 11)),
    ]
    for name, image, rows, shape in cases:
        results = []
        for order in (2, 3, 4, 5):
            for mode in MODES:
                values = spline(image, rows, shape, order, mode)
                if (image == image.astype(np.uint8)).all():
                    stored = spline(image.astype(np.uint8), rows, shape, order, mode, np.uint8)
                    assert (stored == np.clip(np.floor(values + 0.5), 0, 255)).all()
                results.append({"order": order, "mode": mode, "values": numbers(values, 4)})
        yield {
            "name": name,
            "source_shape": image.shape,
            "source": numbers(image),
            "map": rows,
            "shape": (*shape, image.shape[2]),
            "results": results,
        }


def bicubic(rng):
    """Cubic convolution with a = -3/4 by PyTorch, whose padding modes move each neighbour."""
    cases = [
        ("rotated", (7, 5, 3), rotation(20, 1.1, (2, 3), (-6.3, 0.4)), (6, 18)),
        ("magnified", (9, 11, 1), rotation(-131, 0.37, (5, 4), (1.7, -2.2)), (6, 35)),
        ("sheared", (6, 4, 5), [[0.907, 0.313, -1.311], [-0.233, 1.217, 0.711]], (5, 20)),
        ("on halves", (4, 3, 1), [[0.5, 0, -6.5], [0, 1.5, -6]], (10, 28)),
    ]
    for name, source_shape, rows, shape in cases:
        image = rng.integers(0, 256, source_shape).astype(np.float64)
        source = torch.from_numpy(np.moveaxis(image, 2, 0))[None]
        y, x = np.mgrid[: shape[0], : shape[1]]
        (a, b, c), (d, e, f) = rows
        height, width, channels = source_shape
        # Pixel centres in torch's coordinates, which run from -1 to 1 between the outer edges.
        grid = [(2 * (a * x + b * y + c) + 1) / width - 1, (2 * (d * x + e * y + f) + 1) / height - 1]
        grid = torch.from_numpy(np.stack(grid, axis=2))[None]
        results = []
        for mode, padding in (("nearest", "border"), ("reflect", "reflection")):
            values = torch.nn.functional.grid_sample(
                source, grid, mode="bicubic", padding_mode=padding, align_corners=False
            )
            values = np.moveaxis(values[0].numpy(), 0, 2)
            results.append({"order": 3, "mode": mode, "values": numbers(values)})
        yield {
            "name": name,
            "source_shape": source_shape,
            "source": numbers(image),
            "map": rows,
            "shape": (*shape, channels),
            "results": results,
        }


def parameters(rng):
    for index in range(8):
        shape = [(8, 8), (7, 10), (33, 5)][index % 3]
        arguments = {
            "theta": rng.uniform(-180, 180),
            "tx": rng.uniform(-3, 3),
            "ty": rng.uniform(-3, 3),
            "shear": rng.uniform(-60, 60),
            "zx": rng.uniform(0.5, 2),
            "zy": rng.uniform(0.5, 2),
        }
        if index == 0:
            arguments |= {"shear": 0.0, "zx": 1.0, "zy": 1.0}
        flips = {"flip_horizontal": bool(index & 1), "flip_vertical": bool(index & 2)}
        image = rng.integers(0, 256, (*shape, 1)).astype(np.float64)

        yield {
            "parameters": arguments | flips,
            "shape": shape,
            "about_keras_center": recorded_map(arguments, shape),
            "image": numbers(image),
            "transformed": numbers(keras_transform(image, arguments, **flips)),
        }


def recorded_map(arguments, shape):
    """What Keras hands to scipy, as rows that act on (x, y)."""
    calls = []

    class Recorder:
        class interpolation:
            @staticmethod
            def affine_transform(channel, matrix, offset, **_):
                calls.append((matrix, offset))
                return channel

    keras.ndimage, original = Recorder, keras.ndimage
    keras.apply_affine_transform(np.zeros((*shape, 1)), **arguments)
    keras.ndimage = original
    ((matrix, offset),) = calls
    (e, d), (b, a) = matrix.tolist()
    f, c = offset.tolist()
    return [[a, b, c], [d, e, f]]


def keras_transform(image, arguments, flip_horizontal, flip_vertical):
    """Keras' own steps, about the true centre of the image instead of half a pixel beside it."""
    height, width, _ = image.shape
    offset_center = keras.transform_matrix_offset_center

    class Scipy:
        interpolation = ndimage

    keras.transform_matrix_offset_center = lambda matrix, _h, _w: offset_center(
        matrix, height - 2, width - 2
    )
    keras.ndimage, original = Scipy, keras.ndimage
    image = keras.apply_affine_transform(image, **arguments, fill_mode="nearest", order=1)
    keras.ndimage, keras.transform_matrix_offset_center = original, offset_center
    if flip_horizontal:
        image = keras.flip_axis(image, 1)
    if flip_vertical:
        image = keras.flip_axis(image, 0)
    return image


def numbers(array, places=5):
    """A flat list; whole numbers as integers, others to so many places."""
    return [int(v) if v == int(v) else round(v, places) for v in array.ravel().tolist()]


def write(name, cases):
    document = {"made_with": {name: version(name) for name in PACKAGES}, "cases": list(cases)}
    with open(name, "w", encoding="utf-8") as file:
        json.dump(document, file, separators=(",", ":"))
        file.write("\n")


write("warp.json", warps(np.random.default_rng(1)))
write("parameters.json", parameters(np.random.default_rng(2)))
write("spline.json", splines(np.random.default_rng(4)))
write("bicubic.json", bicubic(np.random.default_rng(3)))
