"""Computes the golden figures of this crate: python make.py, in this folder.

blur.json: float images after OpenCV's blur, 3x3 and 5x5.
standardise.json: what keras-preprocessing's ImageDataGenerator makes of an image, samplewise and
with the figures of its own fit to a batch.
stretch.json: min-max normalisation, written out with numpy.
stream.json: the random numbers of some keys, from ChaCha8 as its paper gives it.

Every value is the shortest decimal that gives the float back.
"""

import json
import math
from importlib.metadata import version

import cv2
import numpy as np
from keras_preprocessing.image import ImageDataGenerator

SHAPES = [(1, 1, 1), (1, 1, 3), (1, 6, 3), (7, 1, 1), (2, 2, 3), (3, 4, 1), (6, 5, 3)]


def images(rng, shape):
    """Whole numbers as a photograph has them, and a picture of any reals."""
    yield rng.integers(0, 256, shape).astype(np.float32)
    yield rng.normal(-3, 40, shape).astype(np.float32)


def blurs(rng):
    for shape in SHAPES:
        for image in images(rng, shape):
            blurred = {size: cv2.blur(image, (size, size)).reshape(shape) for size in (3, 5)}
            assert all(values.dtype == np.float32 for values in blurred.values())
            yield {
                "shape": shape,
                "image": numbers(image),
                "blurred": [[size, numbers(values)] for size, values in blurred.items()],
            }


def standardisations(rng):
    for shape in SHAPES:
        if np.prod(shape) == 1:
            continue  # constant: Keras divides by its epsilon
        batch = np.stack([image for _ in range(2) for image in images(rng, shape)])
        case = {"shape": shape, "batch": numbers(batch), "image": 1, "keras": {}}
        # float32 is what Keras does by default; float64 is the same without its rounding.
        for dtype in ("float64", "float32"):
            image = batch[1].astype(dtype)
            centred = ImageDataGenerator(samplewise_center=True, dtype=dtype)
            samplewise = ImageDataGenerator(
                samplewise_center=True, samplewise_std_normalization=True, dtype=dtype
            )
            featurewise = ImageDataGenerator(
                featurewise_center=True, featurewise_std_normalization=True, dtype=dtype
            )
            featurewise.fit(batch)
            case["keras"][dtype] = {
                "centred": numbers(np.float32(centred.standardize(image.copy()))),
                "samplewise": numbers(np.float32(samplewise.standardize(image.copy()))),
                "featurewise": numbers(np.float32(featurewise.standardize(image.copy()))),
                "mean": numbers(featurewise.mean),
                "std": numbers(featurewise.std),
            }
        # Keras does not divide by the deviation without centring.
        case["scaled"] = numbers(np.float32(batch[1] / (batch[1].std(dtype=np.float64) + 1e-6)))
        yield case


def stretches(rng):
    for shape in SHAPES:
        for image in images(rng, shape):
            if image.min() == image.max():
                continue
            low, high = np.float32(-0.3), np.float32(0.7)
            exact = image.astype(np.float64)
            per_channel = (0, 1)
            constant = (image.max(per_channel) == image.min(per_channel)).any()
            yield {
                "shape": shape,
                "image": numbers(image),
                "low": numbers(low),
                "high": numbers(high),
                "whole": numbers(stretched(exact, low, high, None)),
                "per_channel": None
                if constant
                else numbers(stretched(exact, low, high, per_channel)),
            }


def stretched(image, low, high, axes):
    least, greatest = image.min(axes, keepdims=True), image.max(axes, keepdims=True)
    low, high = float(low), float(high)
    return np.float32(low + (image - least) / (greatest - least) * (high - low))


def streams():
    for seed, epoch, position, index in [
        (0, 0, 0, 0),
        (1, 0, 0, 0),
        (0, 1, 0, 0),
        (0, 0, 1, 0),
        (0, 0, 0, 1),
        (2**63 + 5, 7, 3, 2**40 + 9),
        (2**64 - 1, 2**64 - 1, 2, 2**64 - 1),
    ]:
        key = [half(word, at) for word in (seed, epoch, position, 0) for at in (0, 32)]
        words = chacha8(key, [0, 0, half(index, 0), half(index, 32)])
        words = [low | high << 32 for low, high in zip(words[::2], words[1::2])]
        units = [(word >> 11) / 2**53 for word in words]
        yield {
            "key": {"seed": seed, "epoch": epoch, "index": index},
            "position": position,
            "uniform": [(word >> 12) / 2**52 * 8 - 3 for word in words],
            "units": units,
            "normal": [
                math.sqrt(-2 * math.log1p(-radius)) * math.cos(2 * math.pi * angle)
                for radius, angle in zip(units[::2], units[1::2])
            ],
        }


def half(word, at):
    return word >> at & 0xFFFFFFFF


def chacha8(key, counter_and_nonce):
    """The 16 words of one block: Bernstein, "ChaCha, a variant of Salsa20", with 8 rounds."""
    constants = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574]
    start = constants + key + counter_and_nonce
    state = list(start)

    def quarter_round(a, b, c, d):
        for at, by, to, turn in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)]:
            state[at] = half(state[at] + state[by], 0)
            mixed = state[to] ^ state[at]
            state[to] = half(mixed << turn, 0) | mixed >> (32 - turn)

    for _ in range(4):
        for column in range(4):
            quarter_round(column, column + 4, column + 8, column + 12)
        for diagonal in range(4):
            quarter_round(
                diagonal,
                4 + (diagonal + 1) % 4,
                8 + (diagonal + 2) % 4,
                12 + (diagonal + 3) % 4,
            )
    return [half(a + b, 0) for a, b in zip(state, start)]


def numbers(array):
    """The values in a flat list, or the value of a scalar."""
    array = np.asarray(array)
    values = [float(str(value)) for value in array.ravel()]
    values = [int(value) if value.is_integer() else value for value in values]
    return values if array.ndim else values[0]


def write(name, packages, cases):
    document = {"made_with": {name: version(name) for name in packages}, "cases": list(cases)}
    with open(name, "w", encoding="utf-8") as file:
        json.dump(document, file, separators=(",", ":"))
        file.write("\n")


write("blur.json", ["opencv-python-headless", "numpy"], blurs(np.random.default_rng(1)))
write(
    "standardise.json",
    ["keras-preprocessing", "numpy", "scipy"],
    standardisations(np.random.default_rng(2)),
)
write("stretch.json", ["numpy"], stretches(np.random.default_rng(3)))
write("stream.json", [], streams())
