"""Batches of arrays."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ...images import as_source
from .iterator import Indices, Iterator

if TYPE_CHECKING:
    from .generator import ImageDataGenerator


class NumpyArrayIterator(Iterator):
    """Endless batches of images in memory and of what travels with them.

    Args:
        x: images, of rank 4; or a pair of images and an array, or a list of arrays, that are served
            beside them.
        y: labels, or ``None``.
        image_data_generator: changes and standardises the images.
        batch_size, shuffle, seed: see :class:`Iterator`.
        sample_weight: weights, served after the labels, or ``None``.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        save_to_dir, save_prefix, save_format: where images are saved as they are served.
        subset: ``"training"`` or ``"validation"``, of which the latter comes first in ``x``.
        dtype: of the images served.

    Raises:
        ValueError: for lengths that differ, another rank than 4, an unknown subset, and subsets
            whose labels differ.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: ImageDataGenerator,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Optional[ArrayLike] = None,
        seed: Optional[int] = None,
        data_format: str = "channels_last",
        save_to_dir: Union[str, os.PathLike[str], None] = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: Optional[str] = None,
        dtype: DTypeLike = "float32",
    ) -> None:
        x_misc: list[NDArray[Any]] = []
        if type(x) in (tuple, list):
            x, beside = x[0], x[1]
            x_misc = [np.asarray(array) for array in (beside if type(beside) is list else [beside])]
        for name, array in [("x[1]", array) for array in x_misc] + [
            ("y", y),
            ("sample_weight", sample_weight),
        ]:
            if array is not None and len(array) != len(x):
                raise ValueError(
                    f"`x` and `{name}` must have the same length; their shapes are {np.shape(x)} "
                    f"and {np.shape(array)}"
                )
        if subset is not None:
            part = _part(subset, int(len(x) * image_data_generator._validation_split), y)
            x, x_misc = x[part], [array[part] for array in x_misc]
            y = None if y is None else y[part]
        self.dtype = dtype
        self.x_misc = x_misc
        self.x = x
        shape = self._images.shape
        if len(shape) != 4:
            raise ValueError(f"the images must have rank 4; this array has the shape {shape}")
        channel_axis = 3 if data_format == "channels_last" else 1
        if shape[channel_axis] not in (1, 3, 4):
            warnings.warn(
                f"images have 1, 3 or 4 channels, but axis {channel_axis} of {shape}, which holds "
                f"them with `{data_format}`, has {shape[channel_axis]}"
            )
        self.y = None if y is None else np.asarray(y)
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)
        self.image_data_generator = image_data_generator
        self.data_format = data_format
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        super().__init__(shape[0], batch_size, shuffle, seed)

    @property
    def x(self) -> NDArray[Any]:
        """The images as ``dtype``: a copy, if they were ``uint8``."""
        return np.asarray(self._images, dtype=self.dtype)

    @x.setter
    def x(self, x: ArrayLike) -> None:
        images: NDArray[Any] = np.asarray(x)
        if images.dtype != np.uint8:
            images = np.asarray(images, dtype=self.dtype)
        self._images, self._source = images, as_source(images)

    def _get_batches_of_transformed_samples(self, index_array: Indices) -> Any:
        batch: Any = self.image_data_generator.make_batch(self._source, index_array, self.dtype)
        if self.save_to_dir:
            self._save(batch, index_array, 10**4, self.save_to_dir)
        if self.x_misc:
            batch = [batch, *(array[index_array] for array in self.x_misc)]
        if self.y is None:
            return batch
        if self.sample_weight is None:
            return batch, self.y[index_array]
        return batch, self.y[index_array], self.sample_weight[index_array]


def _part(subset: str, split: int, y: Any) -> slice:
    """The samples of a subset, of which the first ``split`` are for validation."""
    if subset not in ("training", "validation"):
        raise ValueError(f'`subset` is {subset!r}; it must be "training" or "validation"')
    if y is not None and not np.array_equal(np.unique(y[:split]), np.unique(y[split:])):
        raise ValueError(
            "the training and the validation subset do not have the same classes; shuffle the data "
            "if they are sorted by label"
        )
    return slice(0, split) if subset == "validation" else slice(split, None)
