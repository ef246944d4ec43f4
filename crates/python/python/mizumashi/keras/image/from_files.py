"""Batches of image files."""

import numpy as np

from .iterator import Iterator
from .pictures import MODES, img_to_array, load_img

CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}


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

    Raises:
        ValueError: for an unknown colour mode or subset.
    """

    def __init__(
        self,
        image_data_generator,
        target_size,
        color_mode,
        data_format,
        save_to_dir,
        save_prefix,
        save_format,
        subset,
        interpolation,
        dtype,
    ):
        if color_mode not in CHANNELS:
            raise ValueError(
                f"`color_mode` is {color_mode!r}; it must be one of {', '.join(MODES)}"
            )
        if subset not in (None, "training", "validation"):
            raise ValueError(f'`subset` is {subset!r}; it must be "training" or "validation"')
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
        self.dtype = dtype
        self.subset = subset
        self.split = None
        if subset is not None:
            split = image_data_generator._validation_split
            self.split = (0, split) if subset == "validation" else (split, 1)

    def _get_batches_of_transformed_samples(self, index_array):
        batch = self._read(index_array)
        if self.image_data_generator:
            places = np.arange(len(batch))
            batch = self.image_data_generator.make_batch(batch, places, self.dtype)
        if self.save_to_dir:
            self._save(batch, index_array, 10**7)
        if self.class_mode is None:
            return batch
        labels = self._labels(index_array, batch)
        if self.sample_weight is None:
            return batch, labels
        return batch, labels, self.sample_weight[index_array]

    def _read(self, index_array):
        """The pictures at ``index_array`` as one array."""
        paths = self.filepaths
        batch = np.zeros((len(index_array), *self.image_shape), dtype=self.dtype)
        for slot, index in zip(batch, index_array):
            picture = load_img(
                paths[index],
                color_mode=self.color_mode,
                target_size=self.target_size,
                interpolation=self.interpolation,
            )
            slot[...] = img_to_array(picture, data_format=self.data_format)
        return batch

    def _labels(self, index_array, batch):
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
    def filepaths(self):
        """Paths of the files."""
        raise NotImplementedError(f"{type(self).__name__} has no `filepaths`")

    @property
    def labels(self):
        """Classes or targets of the files."""
        raise NotImplementedError(f"{type(self).__name__} has no `labels`")

    @property
    def sample_weight(self):
        """Weights of the files, or ``None``."""
        raise NotImplementedError(f"{type(self).__name__} has no `sample_weight`")
