"""Image augmentation: Keras' ``ImageDataGenerator``, exact and fast.

NumPy arrays in, NumPy arrays out; ``torch.from_numpy`` takes them as they are. The interpreter is
free to run other threads while a batch is made.

``mizumashi.ray`` does the same to data sets of Ray Data, on a cluster.
``mizumashi.keras.image`` replaces ``keras_preprocessing.image`` by a change of the import line.
"""

from ._native import BatchNorm, Covariance, Moments, Plan, Recipe, Whitening
from .flow import Flow
from .generator import ImageDataGenerator
from .warp import warp

__all__ = [
    "BatchNorm",
    "Covariance",
    "Flow",
    "ImageDataGenerator",
    "Moments",
    "Plan",
    "Recipe",
    "Whitening",
    "warp",
]
