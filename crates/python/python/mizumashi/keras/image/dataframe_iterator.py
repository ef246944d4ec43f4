"""Batches of the pictures that a table names."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np
from numpy.typing import DTypeLike

from .from_files import FilesIterator
from .listing import validate_filename

if TYPE_CHECKING:
    from .generator import ImageDataGenerator

WITHOUT_CLASSES = ("input", "multi_output", "raw", None)
"""Class modes that do not look for classes."""


class DataFrameIterator(FilesIterator):
    """Endless batches of the pictures that the rows of a pandas table name.

    Args:
        dataframe: the table.
        directory: what the file names are relative to; ``None`` if they are whole paths.
        x_col: the column of file names.
        y_col: the column of labels, or a list of columns.
        weight_col: the column of sample weights, or ``None``.
        classes: classes to serve, or ``None`` for all that occur; rows without any of them are
            dropped.
        class_mode: ``"categorical"`` for one-hot rows (a cell may list several classes),
            ``"binary"`` or ``"sparse"`` for class numbers, ``"raw"`` for the values of ``y_col``,
            ``"multi_output"`` for a list of one array per column, ``"input"`` for the images
            themselves, ``None`` for images alone.
        batch_size, shuffle, seed: see :class:`Iterator`.
        validate_filenames: whether rows without an image file are dropped, with a warning.

    The others are those of :class:`FilesIterator`, which see.

    Raises:
        ValueError: for an unknown class mode, another number of classes than 2 with ``"binary"``,
            and those of :class:`FilesIterator`.
        TypeError: for columns whose values are of another type than the class mode needs.
    """

    allowed_class_modes = {"binary", "categorical", "input", "multi_output", "raw", "sparse", None}

    def __init__(
        self,
        dataframe: Any,
        directory: Optional[str] = None,
        image_data_generator: Optional[ImageDataGenerator] = None,
        x_col: str = "filename",
        y_col: Union[str, list[str]] = "class",
        weight_col: Optional[str] = None,
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
        subset: Optional[str] = None,
        interpolation: str = "nearest",
        dtype: DTypeLike = "float32",
        validate_filenames: bool = True,
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
        self.directory = directory or ""
        self.class_mode = class_mode
        rows = dataframe.copy()
        self._check(rows, x_col, y_col, weight_col, classes)
        if validate_filenames:
            rows = self._existing(rows, x_col)
        classified = class_mode not in WITHOUT_CLASSES
        if classified:
            rows, names = _classified(rows, y_col, classes)
            self.class_indices = {name: label for label, name in enumerate(names)}
        if self.split:
            start, stop = (int(fraction * len(rows)) for fraction in self.split)
            rows = rows.iloc[start:stop]
        if classified:
            self.classes = self.get_classes(rows, y_col)
        elif class_mode == "multi_output":
            self._targets = [np.array(rows[column].tolist()) for column in y_col]
        elif class_mode == "raw":
            self._targets = rows[y_col].values
        self._sample_weight = rows[weight_col].values if weight_col else None
        self.filenames = rows[x_col].tolist()
        self.samples = len(self.filenames)
        self._filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        validated = "validated" if validate_filenames else "non-validated"
        belonging = f" belonging to {len(self.class_indices)} classes" if classified else ""
        print(f"Found {self.samples} {validated} image filenames{belonging}.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _check(
        self,
        rows: Any,
        x_col: str,
        y_col: Union[str, list[str]],
        weight_col: Optional[str],
        classes: Optional[list[str]],
    ) -> None:
        mode = self.class_mode
        if mode not in self.allowed_class_modes:
            raise ValueError(
                f"`class_mode` is {mode!r}; it must be one of {self.allowed_class_modes}"
            )
        if mode == "multi_output" and not isinstance(y_col, list):
            raise TypeError(f"with `class_mode={mode!r}`, `y_col` must be a list; it is {y_col!r}")
        _check_type(rows, x_col, str, "file names")
        if mode in ("binary", "sparse"):
            _check_type(rows, y_col, str, f"classes with `class_mode={mode!r}`")
        if mode == "categorical":
            _check_type(rows, y_col, (str, list, tuple), f"classes with `class_mode={mode!r}`")
        if mode == "binary":
            count = len(set(classes)) if classes else rows[y_col].nunique()
            if count != 2:
                raise ValueError(f'`class_mode="binary"` needs 2 classes; there are {count}')
        if classes and mode in WITHOUT_CLASSES:
            warnings.warn(f"`classes` goes unused with `class_mode={mode!r}`")
        if weight_col and not issubclass(rows[weight_col].dtype.type, np.number):
            raise TypeError(f"the weights in the column {weight_col!r} must be numbers")

    def _existing(self, rows: Any, x_col: str) -> Any:
        """The rows whose image file is there."""
        paths = (os.path.join(self.directory, name) for name in rows[x_col])
        exists = [validate_filename(path, self.white_list_formats) for path in paths]
        missing = len(exists) - sum(exists)
        if missing:
            warnings.warn(f"{missing} rows whose {x_col!r} is no image file are left out")
        return rows[np.array(exists, dtype=bool)]

    def get_classes(self, df: Any, y_col: Any) -> list[Any]:
        """The class number of each row of a table, or a list of them where a cell lists several."""
        return [
            [self.class_indices[name] for name in cell]
            if isinstance(cell, (list, tuple))
            else self.class_indices[cell]
            for cell in df[y_col]
        ]

    @property
    def filepaths(self) -> list[str]:
        """Paths of the files."""
        return self._filepaths

    @property
    def labels(self) -> Any:
        """Class numbers, or the targets of the class modes ``"raw"`` and ``"multi_output"``."""
        return self._targets if self.class_mode in ("multi_output", "raw") else self.classes

    @property
    def sample_weight(self) -> Any:
        """Weights of the files, or ``None``."""
        return self._sample_weight


def _check_type(
    rows: Any, column: Any, types: Union[type, tuple[type, ...]], what: str
) -> None:
    for value in rows[column]:
        if not isinstance(value, types):
            raise TypeError(f"the column {column!r} holds {what}; {value!r} is none")


def _classified(rows: Any, y_col: Any, classes: Optional[list[str]]) -> tuple[Any, list[str]]:
    """The rows that have any of the classes, without others in them, and the classes sorted."""

    def keep(cell: Any) -> Any:
        if isinstance(cell, (list, tuple)):
            return [name for name in cell if name in wanted] or None
        return cell if cell in wanted else None

    if not classes:
        cells = (cell if isinstance(cell, (list, tuple)) else [cell] for cell in rows[y_col])
        return rows.dropna(subset=[y_col]), sorted({name for cell in cells for name in cell})
    wanted = set(classes)
    rows = rows.copy()
    rows[y_col] = rows[y_col].apply(keep)
    return rows.dropna(subset=[y_col]), sorted(wanted)
