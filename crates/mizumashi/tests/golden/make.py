"""Golden figures of keras-preprocessing 1.1.2.

keras.json: what fit learns and what standardize makes of it.
zca.json: the same of zca_whitening, by itself and with other arguments.
transforms.json: what apply_transform makes of fixed parameters, each alone and combined, on colour,
grey and four-channel images. Channels first gives the same pixels, which is checked here.

Images are small and made by formulas that the tests repeat, so that only results are stored. scipy
and Pillow have moved what 1.1.2 imports; the names are put back first.
"""

import json
import pathlib

import keras_preprocessing
import numpy as np
import PIL
import scipy
from keras_preprocessing.image import ImageDataGenerator, affine_transformations


class Scipy:
    interpolation = scipy.ndimage


affine_transformations.ndimage = Scipy

SHAPE = (12, 4, 5, 3)


def images():
    n, h, w, c = np.indices(SHAPE)
    return ((n * 37 + h * h * 11 + w * 29 + c * 71 + n * h * w * 3) % 256).astype("uint8")


def case(**arguments):
    generator = ImageDataGenerator(dtype="float64", **arguments)
    x = images().astype("float64")
    generator.fit(x.copy())
    standardised = np.stack([generator.standardize(image.copy()) for image in x[:2]])
    figures = {}
    for name in ("mean", "std"):
        figure = getattr(generator, name)
        figures[name] = None if figure is None else figure.ravel().tolist()
    return {"arguments": arguments, **figures, "standardised": standardised.ravel().tolist()}


cases = [
    case(featurewise_center=True),
    case(featurewise_center=True, featurewise_std_normalization=True),
    case(featurewise_std_normalization=True),
    case(featurewise_center=True, featurewise_std_normalization=True, rescale=1 / 255),
    case(samplewise_center=True),
    case(samplewise_center=True, samplewise_std_normalization=True),
    case(samplewise_center=True, samplewise_std_normalization=True, rescale=1 / 255),
]


def zca_images():
    """More images than values, so that the covariance has full rank."""
    n, h, w, c = np.indices((80, 2, 3, 3))
    x = n * n * 7 + h * n * 13 + w * n * n * 3 + c * n * 29 + h * w * c * n + w * 90
    return (x % 251).astype("uint8")


def zca_case(fitted=80, **arguments):
    """Fitted to the first images; with fewer than values, most directions never vary in them."""
    generator = ImageDataGenerator(zca_whitening=True, dtype="float64", **arguments)
    x = zca_images().astype("float64")
    generator.fit(x[:fitted])
    white = generator.standardize(x[20:24].copy())
    return {"fitted": fitted, "arguments": arguments, "standardised": np.round(white, 7).ravel().tolist()}


zca_cases = [
    zca_case(),
    zca_case(featurewise_center=True),
    zca_case(featurewise_center=True, featurewise_std_normalization=True),
    zca_case(zca_epsilon=500.0),
    zca_case(rescale=1 / 255, zca_epsilon=0.01),
    zca_case(fitted=7),
    zca_case(fitted=7, rescale=1 / 255, zca_epsilon=0.01),
]


def image(channels):
    h, w, c = np.indices((8, 9, channels))
    return ((h * h * 11 + w * 29 + c * 71 + h * w * 3) % 256).astype("float32")


def transformed(channels, parameters, **arguments):
    last = ImageDataGenerator(**arguments).apply_transform(image(channels), parameters)
    if "brightness" not in parameters:  # fails on channels first in Keras
        first = ImageDataGenerator(data_format="channels_first", **arguments)
        first = first.apply_transform(np.moveaxis(image(channels), 2, 0), parameters)
        assert np.array_equal(np.moveaxis(first, 0, 2), last)
    pixels = [int(v) if v == int(v) else round(v, 4) for v in last.ravel().tolist()]
    return {"channels": channels, "parameters": parameters, "arguments": arguments, "pixels": pixels}


ALONE = [
    dict(theta=20.0),
    dict(theta=-131.0),
    dict(tx=2),
    dict(ty=-3),
    dict(tx=0.4, ty=-1.7),
    dict(shear=15.0),
    dict(zx=0.7),
    dict(zy=1.4),
    dict(zx=1.2, zy=0.8),
    dict(flip_horizontal=True),
    dict(flip_vertical=True),
    dict(flip_horizontal=True, flip_vertical=True),
    dict(channel_shift_intensity=31.5),
    dict(channel_shift_intensity=-80.0),
    dict(brightness=0.5),
    dict(brightness=1.7),
]
AFFINE = dict(theta=17.0, tx=-1.3, ty=2.6, shear=-9.0, zx=1.25, zy=0.9, flip_horizontal=True)
ALL = dict(AFFINE, flip_vertical=True, channel_shift_intensity=12.0, brightness=0.8)
CVAL = 33.0

transforms = [transformed(channels, each) for each in ALONE for channels in (1, 3, 4)]
transforms += [
    transformed(3, AFFINE, fill_mode=mode, cval=CVAL, interpolation_order=order)
    for mode in ("constant", "nearest", "reflect", "wrap")
    for order in range(6)
]
transforms += [transformed(channels, ALL, interpolation_order=order) for channels in (1, 3, 4) for order in (0, 1)]
transforms += [transformed(3, ALL, fill_mode="constant", cval=-CVAL)]


modules = (keras_preprocessing, np, scipy, PIL)
versions = {module.__name__: module.__version__ for module in modules}
for name, made in [("keras", cases), ("zca", zca_cases), ("transforms", transforms)]:
    path = pathlib.Path(__file__).with_name(f"{name}.json")
    path.write_text(json.dumps({"versions": versions, "cases": made}, separators=(",", ":")) + "\n")
