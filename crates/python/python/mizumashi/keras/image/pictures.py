"""Pictures of PIL's, as files and as arrays."""

import warnings

import numpy as np
from PIL import Image

INTERPOLATIONS = {
    "nearest": Image.NEAREST,
    "bilinear": Image.BILINEAR,
    "bicubic": Image.BICUBIC,
    "hamming": Image.HAMMING,
    "box": Image.BOX,
    "lanczos": Image.LANCZOS,
}
"""Ways to resize, by Keras' names."""

MODES = {"grayscale": ("L", "I;16", "I"), "rgb": ("RGB",), "rgba": ("RGBA",)}
"""PIL's modes that each colour mode takes as they are; others become the first."""


def load_img(path, grayscale=False, color_mode="rgb", target_size=None, interpolation="nearest"):
    """Reads a picture from a file.

    Args:
        path: of the file.
        grayscale: deprecated; means ``color_mode="grayscale"``.
        color_mode: ``"grayscale"``, ``"rgb"`` or ``"rgba"``. Grey pictures of 16 and 32 bits stay
            what they are.
        target_size: (height, width) to resize to.
        interpolation: how, by one of the names in ``INTERPOLATIONS``.

    Returns:
        A picture of PIL's.

    Raises:
        ValueError: for an unknown colour mode or interpolation.
    """
    if grayscale is True:
        warnings.warn('`grayscale` is deprecated; use `color_mode="grayscale"`')
        color_mode = "grayscale"
    if color_mode not in MODES:
        raise ValueError(f"`color_mode` is {color_mode!r}; it must be one of {', '.join(MODES)}")
    with Image.open(path) as picture:
        picture.load()
    if picture.mode not in MODES[color_mode]:
        picture = picture.convert(MODES[color_mode][0])
    if target_size is None or picture.size == (target_size[1], target_size[0]):
        return picture
    if interpolation not in INTERPOLATIONS:
        raise ValueError(
            f"`interpolation` is {interpolation!r}; it must be one of {', '.join(INTERPOLATIONS)}"
        )
    return picture.resize((target_size[1], target_size[0]), INTERPOLATIONS[interpolation])


def save_img(path, x, data_format="channels_last", file_format=None, scale=True, **kwargs):
    """Writes an array as a picture; see :func:`array_to_img`. ``kwargs`` go to PIL's ``save``."""
    picture = array_to_img(x, data_format=data_format, scale=scale)
    if picture.mode == "RGBA" and file_format in ("jpg", "jpeg"):
        warnings.warn("JPEG has no transparency: the picture is saved as RGB")
        picture = picture.convert("RGB")
    picture.save(path, format=file_format, **kwargs)


def array_to_img(x, data_format="channels_last", scale=True, dtype="float32"):
    """One image as a picture of PIL's.

    Args:
        x: of three axes, with 1, 3 or 4 channels.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        scale: whether its values are stretched to 0..255 first.
        dtype: of the computation.

    Raises:
        ValueError: for another rank, number of channels or data format.
    """
    x = np.asarray(x, dtype=dtype)
    if x.ndim != 3:
        raise ValueError(f"an image must have rank 3; this array has the shape {x.shape}")
    _check_data_format(data_format)
    if data_format == "channels_first":
        x = np.moveaxis(x, 0, 2)
    if scale:
        x = x - x.min()
        largest = x.max()
        if largest != 0:
            x /= largest
        x *= 255
    channels = x.shape[2]
    if channels in (3, 4):
        return Image.fromarray(x.astype("uint8"))
    if channels != 1:
        raise ValueError(f"an image must have 1, 3 or 4 channels; this one has {channels}")
    grey = x[:, :, 0]
    return Image.fromarray(grey.astype("int32" if grey.max() > 255 else "uint8"))


def img_to_array(img, data_format="channels_last", dtype="float32"):
    """A picture of PIL's as an array of three axes.

    Raises:
        ValueError: for an unknown data format, and an array of another rank than 2 or 3.
    """
    _check_data_format(data_format)
    x = np.asarray(img, dtype=dtype)
    if x.ndim == 2:
        x = x[:, :, np.newaxis]
    if x.ndim != 3:
        raise ValueError(f"a picture must have rank 2 or 3; this one has the shape {x.shape}")
    return np.moveaxis(x, 2, 0) if data_format == "channels_first" else x


def _check_data_format(data_format):
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError(
            f'`data_format` is {data_format!r}; it must be "channels_last" or "channels_first"'
        )
