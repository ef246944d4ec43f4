"""Pictures of PIL's, as files and as arrays."""

from __future__ import annotations

import os
import warnings
from typing import IO, Any, Optional, Union

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from PIL import Image, UnidentifiedImageError

Path = Union[str, os.PathLike[str]]

INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "hamming": Image.Resampling.HAMMING,
    "box": Image.Resampling.BOX,
    "lanczos": Image.Resampling.LANCZOS,
}
"""Ways to resize, by Keras' names."""

MODES = {"grayscale": ("L", "I;16", "I"), "rgb": ("RGB",), "rgba": ("RGBA",)}
"""PIL's modes that each colour mode takes as they are; others become the first."""


class DamagedImageError(UnidentifiedImageError):
    """A file that is no picture, or a damaged one: its ``path``, and the ``reason``."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot read the image file {os.fspath(path)!r}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.reason)


class OversizedImageError(DamagedImageError, Image.DecompressionBombError):
    """A picture of more than twice ``PIL.Image.MAX_IMAGE_PIXELS`` pixels: 178,956,970 unless that is
    set, which take half a gigabyte. It is refused before memory is given to it."""


def load_img(
    path: Path,
    grayscale: bool = False,
    color_mode: str = "rgb",
    target_size: Optional[tuple[int, int]] = None,
    interpolation: str = "nearest",
) -> Image.Image:
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
        DamagedImageError: for a file that PIL cannot decode; an ``OversizedImageError`` for one with
            too many pixels. Both are PIL's ``UnidentifiedImageError`` and an ``OSError``, too.
    """
    if grayscale is True:
        warnings.warn('`grayscale` is deprecated; use `color_mode="grayscale"`')
        color_mode = "grayscale"
    picture = _decoded(path)
    if color_mode not in MODES:
        raise ValueError(f"`color_mode` is {color_mode!r}; it must be one of {', '.join(MODES)}")
    if picture.mode not in MODES[color_mode]:
        picture = picture.convert(MODES[color_mode][0])
    if target_size is None or picture.size == (target_size[1], target_size[0]):
        return picture
    if interpolation not in INTERPOLATIONS:
        raise ValueError(
            f"`interpolation` is {interpolation!r}; it must be one of {', '.join(INTERPOLATIONS)}"
        )
    return picture.resize((target_size[1], target_size[0]), INTERPOLATIONS[interpolation])


def _decoded(path: Path) -> Image.Image:
    with open(path, "rb") as file:
        try:
            with Image.open(file) as picture:
                picture.load()
                return picture
        except Image.DecompressionBombError as error:
            raise OversizedImageError(path, str(error)) from error
        except UnidentifiedImageError as error:
            raise DamagedImageError(path, "it is no picture of a known format") from error
        except Exception as error:  # PIL's decoders raise whatever the damage makes of them
            if isinstance(error, MemoryError) or getattr(error, "errno", None) is not None:
                raise  # says nothing of the file
            raise DamagedImageError(path, str(error) or type(error).__name__) from error


def save_img(
    path: Union[Path, IO[bytes]],
    x: ArrayLike,
    data_format: str = "channels_last",
    file_format: Optional[str] = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Writes an array as a picture; see :func:`array_to_img`. ``kwargs`` go to PIL's ``save``."""
    picture = array_to_img(x, data_format=data_format, scale=scale)
    if picture.mode == "RGBA" and file_format in ("jpg", "jpeg"):
        warnings.warn("JPEG has no transparency: the picture is saved as RGB")
        picture = picture.convert("RGB")
    picture.save(path, format=file_format, **kwargs)


def array_to_img(
    x: ArrayLike,
    data_format: str = "channels_last",
    scale: bool = True,
    dtype: DTypeLike = "float32",
) -> Image.Image:
    """One image as a picture of PIL's.

    Args:
        x: of three axes, with 1, 3 or 4 channels.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        scale: whether its values are stretched to 0..255 first.
        dtype: of the computation.

    Raises:
        ValueError: for another rank, number of channels or data format.
    """
    image: NDArray[Any] = np.asarray(x, dtype=dtype)
    if image.ndim != 3:
        raise ValueError(f"an image must have rank 3; this array has the shape {image.shape}")
    _check_data_format(data_format)
    if data_format == "channels_first":
        image = np.moveaxis(image, 0, 2)
    if scale:
        image = image - image.min()
        largest = image.max()
        if largest != 0:
            image /= largest
        image *= 255
    channels = image.shape[2]
    if channels in (3, 4):
        return Image.fromarray(image.astype("uint8"))
    if channels != 1:
        raise ValueError(f"an image must have 1, 3 or 4 channels; this one has {channels}")
    grey = image[:, :, 0]
    return Image.fromarray(grey.astype("int32" if grey.max() > 255 else "uint8"))


def img_to_array(
    img: Union[Image.Image, ArrayLike],
    data_format: str = "channels_last",
    dtype: DTypeLike = "float32",
) -> NDArray[Any]:
    """A picture of PIL's as an array of three axes.

    Raises:
        ValueError: for an unknown data format, and an array of another rank than 2 or 3.
    """
    _check_data_format(data_format)
    x: NDArray[Any] = np.asarray(img, dtype=dtype)
    if x.ndim == 2:
        x = x[:, :, np.newaxis]
    if x.ndim != 3:
        raise ValueError(f"a picture must have rank 2 or 3; this one has the shape {x.shape}")
    return np.moveaxis(x, 2, 0) if data_format == "channels_first" else x


def _check_data_format(data_format: str) -> None:
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError(
            f'`data_format` is {data_format!r}; it must be "channels_last" or "channels_first"'
        )
