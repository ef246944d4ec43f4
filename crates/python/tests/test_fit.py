"""Keras trains on the iterators: `Model.fit`, with JAX behind it."""

import subprocess
import sys

import keras
import numpy as np
from conftest import made_up
from test_tutorial import cifar10, tutorial

from mizumashi.keras.image import ImageDataGenerator
from mizumashi.keras.utils import to_categorical


def test_a_model_learns_from_a_flow():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    x = made_up(200, 8, 8, 3) // 4 + (150 * y[:, None, None, None]).astype("uint8")
    # Centred, since all-positive inputs leave one weight per pixel to undo their common brightness.
    datagen = ImageDataGenerator(
        featurewise_center=True,
        featurewise_std_normalization=True,
        rotation_range=20,
        validation_split=0.2,
    )
    datagen.fit(x)
    training, validation = (
        datagen.flow(x, y, batch_size=32, seed=1, subset=subset)
        for subset in ("training", "validation")
    )
    assert isinstance(training, keras.utils.PyDataset)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(training, validation_data=validation, epochs=8, verbose=0).history
    # The length of the iterator ends the epochs, without `steps_per_epoch`.
    assert len(history["loss"]) == 8
    assert history["val_accuracy"][-1] > 0.9
    assert model.predict(datagen.flow(x, batch_size=32, shuffle=False), verbose=0).shape == (200, 1)


def test_the_tutorial_trains_a_network_on_cifar10():
    x_train, y_train = cifar10()
    x_train, y_train = x_train[:2000], to_categorical(y_train[:2000], 10)
    datagen = tutorial()
    datagen.fit(x_train)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
            keras.layers.Conv2D(16, 3, strides=2, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.003), "categorical_crossentropy")
    flow = datagen.flow(x_train, y_train, batch_size=32, seed=1)
    losses = model.fit(flow, epochs=3, verbose=0).history["loss"]
    # Guessing costs log(10) = 2.303.
    assert losses[-1] < 2.15 and losses[-1] < losses[0]


def test_without_keras_the_iterators_are_plain_classes():
    script = """
import sys
sys.modules["keras"] = None
import numpy as np
from mizumashi.keras.image import ImageDataGenerator, Iterator
assert Iterator.__mro__[1:] == (object,)
assert next(ImageDataGenerator().flow(np.zeros((4, 8, 8, 3)), batch_size=2)).shape == (2, 8, 8, 3)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
