"""Batches of the pictures in a folder."""

import os

import numpy as np

from .from_files import FilesIterator
from .iterator import Iterator
from .listing import list_class


class DirectoryIterator(FilesIterator):
    """Endless batches of the pictures in a folder with a subfolder per class.

    Args:
        directory: the folder.
        classes: names of the subfolders to serve, in the order of their labels; all of them,
            sorted, unless given.
        class_mode: ``"categorical"`` for one-hot rows, ``"binary"`` or ``"sparse"`` for class
            numbers, ``"input"`` for the images themselves, ``None`` for images alone.
        batch_size, shuffle, seed: see :class:`Iterator`.
        follow_links: whether links to folders are followed.

    The others are those of :class:`FilesIterator`, which see.

    Raises:
        ValueError: for an unknown class mode, and those of :class:`FilesIterator`.
    """

    allowed_class_modes = {"categorical", "binary", "sparse", "input", None}

    def __init__(
        self,
        directory,
        image_data_generator,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        data_format="channels_last",
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        follow_links=False,
        subset=None,
        interpolation="nearest",
        dtype="float32",
    ):
        super().__init__(
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
        )
        if class_mode not in self.allowed_class_modes:
            raise ValueError(
                f"`class_mode` is {class_mode!r}; it must be one of {self.allowed_class_modes}"
            )
        self.directory = directory
        self.class_mode = class_mode
        names = list(classes or _subfolders(directory))
        self.num_classes = len(names)
        self.class_indices = {name: label for label, name in enumerate(names)}
        files = [
            list_class(directory, name, self.white_list_formats, self.split, follow_links)
            for name in names
        ]
        self.filenames = [name for names in files for name in names]
        self.samples = len(self.filenames)
        labels = [self.class_indices[name] for name in names]
        counts = [len(names) for names in files]
        self.classes = np.repeat(np.array(labels, dtype="int32"), counts)
        self._filepaths = [os.path.join(directory, name) for name in self.filenames]
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        Iterator.__init__(self, self.samples, batch_size, shuffle, seed)

    @property
    def filepaths(self):
        """Paths of the files."""
        return self._filepaths

    @property
    def labels(self):
        """Class numbers of the files."""
        return self.classes

    @property
    def sample_weight(self):
        """``None``: folders have no weights."""
        return None


def _subfolders(directory):
    names = sorted(os.listdir(directory))
    return [name for name in names if os.path.isdir(os.path.join(directory, name))]
