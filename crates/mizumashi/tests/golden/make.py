"""Golden figures of keras-preprocessing: what fit learns and what standardize makes of it.

Writes keras.json beside this file. Images are small and made by a formula that the test repeats,
so that only results are stored.
"""

import json
import pathlib

import keras_preprocessing
import numpy as np
import scipy
from keras_preprocessing.image import ImageDataGenerator

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


# scipy moved what keras-preprocessing 1.1.2 imports, but nothing here resamples.
cases = [
    case(featurewise_center=True),
    case(featurewise_center=True, featurewise_std_normalization=True),
    case(featurewise_std_normalization=True),
    case(featurewise_center=True, featurewise_std_normalization=True, rescale=1 / 255),
    case(samplewise_center=True),
    case(samplewise_center=True, samplewise_std_normalization=True),
    case(samplewise_center=True, samplewise_std_normalization=True, rescale=1 / 255),
]
versions = {m.__name__: m.__version__ for m in (keras_preprocessing, np, scipy)}
path = pathlib.Path(__file__).with_name("keras.json")
path.write_text(json.dumps({"versions": versions, "cases": cases}) + "\n")
