"""Made-up images, and Keras' module beside ours."""

import os

# Before anything imports Keras, which would else look for TensorFlow.
os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest
from keras_preprocessing import image as keras

from mizumashi.keras import image as ours


def made_up(samples, height, width, channels, seed=0):
    """Smooth pictures with some noise, ``uint8``."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    phases = rng.uniform(0, 6, (samples, 1, 1, channels))
    waves = np.sin(rows[..., None] / 3 + phases) + np.cos(columns[..., None] / 4 - phases)
    noise = rng.normal(0, 0.2, (samples, height, width, channels))
    return np.clip(128 + 50 * (waves + noise), 0, 255).astype(np.uint8)


@pytest.fixture
def images():
    return made_up(10, 20, 24, 3)


@pytest.fixture(params=[keras, ours], ids=["keras", "ours"])
def module(request):
    """Either module, for what must hold of both."""
    return request.param
