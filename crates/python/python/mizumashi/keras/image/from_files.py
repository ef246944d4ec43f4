"""Batches of image files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ...images import as_source
from .iterator import Indices, Iterator
from .pictures import MODES, DamagedImageError, img_to_array, load_img

if TYPE_CHECKING:
    from .generator import ImageDataGenerator

CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}

UNREADABLE = (DamagedImageError, FileNotFoundError, PermissionError, IsADirectoryError)
"""Errors that are a file's own, and no sign of a failing disk or of want of memory."""


@dataclass(frozen=True)
class Quarantined:
    """A file that could not be read."""

    index: int
    """Its index in ``filepaths``."""
    substitute: int
    """The index of the sample that is served in its place."""
    path: str
    """The file."""
    reason: str
    """What is wrong with it."""


class FilesIterator(Iterator):
    """Endless batches of pictures that are read as they are needed.

    A subclass has ``filepaths``, ``labels`` and ``sample_weight``, each with an entry per sample
    (or ``None``), and ``class_indices`` where its class mode is categorical.

    Args:
        image_data_generator: changes and standardises the images; without one they stay as read.
        target_size: (height, width) of the images.
        color_mode: ``"grayscale"``, ``"rgb"`` or ``"rgba"``.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        save_to_dir, save_prefix, save_format: where images are saved as they are served.
        subset: ``"training"`` or ``"validation"``, of which the latter comes first.
        interpolation: how pictures of another size are resized.
        dtype: of images and labels.
        on_damage: what becomes of a file that cannot be read. ``"fail"``: an error that names it.
            ``"substitute"``: the next readable sample of the list stands in for it, label and weight
            and all, so that no epoch gets shorter, and :attr:`quarantine` lists it.

    Raises:
        ValueError: for an unknown colour mode, subset or ``on_damage``.

    A batch raises a ``DamagedImageError`` for a damaged file, and an ``OversizedImageError`` for one of
    more pixels than PIL's limit; both are errors of PIL's, too: see :func:`load_img`.
    """

    class_mode: Optional[str]
    class_indices: dict[str, int]
    classes: Any

    dtype: DTypeLike

    def set_processing_attrs(
        self,
        image_data_generator: Optional[ImageDataGenerator],
        target_size: tuple[int, int],
        color_mode: str,
        data_format: str,
        save_to_dir: Union[str, os.PathLike[str], None],
        save_prefix: str,
        save_format: str,
        subset: Optional[str],
        interpolation: str,
        *,
        on_damage: str = "fail",
    ) -> None:
        """Checks and keeps the arguments that all files share."""
        if color_mode not in CHANNELS:
            raise ValueError(
                f"`color_mode` is {color_mode!r}; it must be one of {', '.join(MODES)}"
            )
        if subset not in (None, "training", "validation"):
            raise ValueError(f'`subset` is {subset!r}; it must be "training" or "validation"')
        if on_damage not in ("fail", "substitute"):
            raise ValueError(f'`on_damage` is {on_damage!r}; it must be "fail" or "substitute"')
        self.image_data_generator = image_data_generator
        self.target_size = tuple(target_size)
        self.color_mode = color_mode
        self.data_format = data_format
        channels = (CHANNELS[color_mode],)
        last = data_format == "channels_last"
        self.image_shape = self.target_size + channels if last else channels + self.target_size
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        self.interpolation = interpolation
        self.on_damage = on_damage
        self._quarantine: dict[int, Quarantined] = {}
        self.subset = subset
        self.split: Optional[tuple[float, float]] = None
        if subset is not None:
            split = image_data_generator._validation_split  # type: ignore[union-attr]
            self.split = (0, split) if subset == "validation" else (split, 1)

    @property
    def quarantine(self) -> list[Quarantined]:
        """The damaged files met so far, in the order of the list."""
        return [self._quarantine[index] for index in sorted(self._quarantine)]

    def _get_batches_of_transformed_samples(self, index_array: Indices) -> Any:
        batch, served = self._read(index_array)
        if self.image_data_generator:
            # Keras computes in `float32` and casts at the end.
            source, places = as_source(batch), np.arange(len(batch))
            batch = self.image_data_generator.make_batch(source, places, np.float32)
            batch = batch.astype(self.dtype, copy=False)
        if self.save_to_dir:
            self._save(batch, index_array, 10**7, self.save_to_dir)
        if self.class_mode is None:
            return batch
        labels = self._labels(served, batch)
        if self.sample_weight is None:
            return batch, labels
        return batch, labels, self.sample_weight[served]

    def _read(self, index_array: Indices) -> tuple[NDArray[Any], Indices]:
        """The pictures at ``index_array`` as one array, and the indices of those served."""
        dtype = np.float32 if self.image_data_generator else self.dtype
        batch = np.zeros((len(index_array), *self.image_shape), dtype=dtype)
        served = np.array(index_array)
        for place, index in enumerate(index_array):
            batch[place], served[place] = self._picture(int(index))
        return batch, served

    def _picture(self, index: int) -> tuple[NDArray[Any], int]:
        """The picture at ``index``, or its substitute, and whose it is."""
        if self.on_damage == "fail":
            return self._load(index), index
        met: list[tuple[int, OSError]] = []
        for _ in range(self.n):
            known = self._quarantine.get(index)
            index = known.substitute if known else index
            try:
                picture = self._load(index)
            except UNREADABLE as error:
                met.append((index, error))
                index = (index + 1) % self.n
                continue
            for damaged, cause in met:
                path, reason = self.filepaths[damaged], getattr(cause, "reason", str(cause))
                self._quarantine[damaged] = Quarantined(damaged, index, path, reason)
            return picture, index
        raise met[0][1]

    def _load(self, index: int) -> NDArray[Any]:
        picture = load_img(
            self.filepaths[index],
            color_mode=self.color_mode,
            target_size=self.target_size,  # type: ignore[arg-type]
            interpolation=self.interpolation,
        )
        return img_to_array(picture, data_format=self.data_format)

    def _labels(self, index_array: Indices, batch: NDArray[Any]) -> Any:
        if self.class_mode == "input":
            return batch.copy()
        if self.class_mode == "multi_output":
            return [output[index_array] for output in self.labels]
        if self.class_mode == "raw":
            return self.labels[index_array]
        labels = [self.classes[index] for index in index_array]
        if self.class_mode in ("binary", "sparse"):
            return np.array(labels, dtype=self.dtype)
        rows = np.zeros((len(labels), len(self.class_indices)), dtype=self.dtype)
        for row, label in zip(rows, labels):
            row[label] = 1
        return rows

    @property
    def filepaths(self) -> list[str]:
        """Paths of the files."""
        raise NotImplementedError(f"{type(self).__name__} has no `filepaths`")

    @property
    def labels(self) -> Any:
        """Classes or targets of the files."""
        raise NotImplementedError(f"{type(self).__name__} has no `labels`")

    @property
    def sample_weight(self) -> Any:
        """Weights of the files, or ``None``."""
        raise NotImplementedError(f"{type(self).__name__} has no `sample_weight`")
