"""Batches of the pictures in a folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Optional, Union

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .from_files import FilesIterator
from .listing import list_class

if TYPE_CHECKING:
    from .generator import ImageDataGenerator


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
        directory: str,
        image_data_generator: Optional[ImageDataGenerator],
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: Optional[list[str]] = None,
        class_mode: Optional[str] = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: Optional[int] = None,
        data_format: str = "channels_last",
        save_to_dir: Union[str, os.PathLike[str], None] = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: Optional[str] = None,
        interpolation: str = "nearest",
        dtype: DTypeLike = "float32",
        *,
        on_damage: str = "fail",
    ) -> None:
        self.set_processing_attrs(
            image_data_generator,
            target_size,
            color_mode,
            data_format,
            save_to_dir,
            save_prefix,
            save_format,
            subset,
            interpolation,
            on_damage=on_damage,
        )
        self.dtype = dtype
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
        self.classes: NDArray[np.int32] = np.repeat(np.array(labels, dtype="int32"), counts)
        self._filepaths = [os.path.join(directory, name) for name in self.filenames]
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    @property
    def filepaths(self) -> list[str]:
        """Paths of the files."""
        return self._filepaths

    @property
    def labels(self) -> NDArray[np.int32]:
        """Class numbers of the files."""
        return self.classes

    @property
    def sample_weight(self) -> None:
        """``None``: folders have no weights."""
        return None


def _subfolders(directory: str) -> list[str]:
    names = sorted(os.listdir(directory))
    return [name for name in names if os.path.isdir(os.path.join(directory, name))]
