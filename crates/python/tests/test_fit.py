"""Keras trains on the iterators; without TensorFlow these tests are skipped."""

import numpy as np
import pytest
from conftest import made_up

from mizumashi.keras.image import ImageDataGenerator

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: Model.fit is not tried")
keras = pytest.importorskip("keras")


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
    assert isinstance(training, keras.utils.Sequence)
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
