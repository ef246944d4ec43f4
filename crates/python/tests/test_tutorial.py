"""The listings of the tutorial, with the import line changed."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from conftest import made_up

from mizumashi.keras.image import ImageDataGenerator
from mizumashi.keras.utils import to_categorical


def cifar10():
    """10,000 training images of real CIFAR-10 in its binary version, or made-up ones."""
    beside = Path(__file__).parents[4] / "shared/data/cifar-10-batches-bin"
    file = Path(os.environ.get("MIZUMASHI_CIFAR10", beside)) / "data_batch_1.bin"
    if not file.exists():
        return made_up(256, 32, 32, 3), np.arange(256)[:, None] % 10
    rows = np.fromfile(file, dtype=np.uint8).reshape(-1, 3073)
    images = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), rows[:, :1]


def tutorial():
    return ImageDataGenerator(
        featurewise_center=True,
        featurewise_std_normalization=True,
        rotation_range=20,
        width_shift_range=0.2,
        height_shift_range=0.2,
        horizontal_flip=True,
    )


def test_cifar10():
    x_train, y_train = cifar10()
    y_train = to_categorical(y_train, 10)
    datagen = tutorial()
    datagen.fit(x_train)
    batches, sums = 0, np.zeros(2)
    for x_batch, y_batch in datagen.flow(x_train, y_train, batch_size=32):
        assert x_batch.shape[1:] == (32, 32, 3) and x_batch.dtype == np.float32
        assert y_batch.shape == (len(x_batch), 10) and (y_batch.sum(1) == 1).all()
        sums += x_batch.mean(), x_batch.std()
        batches += 1
        if batches >= len(x_train) / 32:
            break
    mean, std = sums / batches
    assert abs(mean) < 0.1 and abs(std - 1) < 0.1


def test_samplewise():
    x = made_up(1, 128, 128, 3).astype("float32")
    datagen = ImageDataGenerator(samplewise_center=True, samplewise_std_normalization=True)
    batch = next(datagen.flow(x, batch_size=1))
    assert abs(batch.mean()) < 1e-5
    assert f"{batch.std():.4f}" == "1.0000"


@pytest.mark.parametrize("channels, std", [(3, "0.0045105"), (1, "0.0078125")])
def test_zca_of_one_picture(channels, std):
    # The covariance of 49,152 values would take 9.7 GB: one over the root of their number is left.
    x = made_up(1, 128, 128, channels).astype("float32")
    datagen = ImageDataGenerator(featurewise_center=True, zca_whitening=True)
    datagen.fit(x)
    batch = next(datagen.flow(x, batch_size=1))
    assert abs(batch.mean()) < 1e-6
    assert f"{batch.std():.7f}" == std


def test_to_categorical():
    np.testing.assert_array_equal(to_categorical([[0], [2]]), [[1, 0, 0], [0, 0, 1]])
    assert to_categorical([1, 0], 4, dtype="int8").dtype == np.int8
    assert to_categorical(np.zeros((5, 6), int), 3).shape == (5, 6, 3)
    with pytest.raises(IndexError):
        to_categorical([3], 3)


def test_a_generator_can_be_pickled():
    datagen = ImageDataGenerator(featurewise_center=True, rotation_range=20)
    x = made_up(8, 16, 16, 3)
    datagen.fit(x)
    again = pickle.loads(pickle.dumps(datagen))
    np.testing.assert_array_equal(
        next(again.flow(x, seed=1)), next(datagen.flow(x, seed=1))
    )


def test_a_whitening_generator_can_be_pickled():
    datagen = ImageDataGenerator(featurewise_center=True, zca_whitening=True)
    x = made_up(8, 6, 6, 3)
    datagen.fit(x)
    again = pickle.loads(pickle.dumps(datagen))
    np.testing.assert_array_equal(
        next(again.flow(x, seed=1)), next(datagen.flow(x, seed=1))
    )
