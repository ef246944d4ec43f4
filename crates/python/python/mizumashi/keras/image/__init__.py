"""``keras_preprocessing.image`` 1.1.2: the same names, arguments, random numbers and results.

Warps, statistics, standardisation and whitening run natively on whole batches. Random numbers come
from NumPy's global generator in Keras' order, so that a seed gives Keras' batches.
"""

from .affine import (
    apply_affine_transform,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
    transform_matrix_offset_center,
)
from .colour import (
    apply_brightness_shift,
    apply_channel_shift,
    random_brightness,
    random_channel_shift,
)
from .dataframe_iterator import DataFrameIterator
from .directory_iterator import DirectoryIterator
from .flip import flip_axis
from .generator import ImageDataGenerator
from .iterator import Iterator
from .listing import list_pictures, validate_filename
from .numpy_array_iterator import NumpyArrayIterator
from .pictures import array_to_img, img_to_array, load_img, save_img

__all__ = [
    "DataFrameIterator",
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "array_to_img",
    "flip_axis",
    "img_to_array",
    "list_pictures",
    "load_img",
    "random_brightness",
    "random_channel_shift",
    "random_rotation",
    "random_shear",
    "random_shift",
    "random_zoom",
    "save_img",
    "transform_matrix_offset_center",
    "validate_filename",
]
