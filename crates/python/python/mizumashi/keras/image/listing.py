"""Image files in folders."""

from __future__ import annotations

import os
import warnings
from typing import Optional, Union


def validate_filename(filename: str, white_list_formats: Union[str, tuple[str, ...]]) -> bool:
    """Whether ``filename`` ends in one of the formats, in any case, and is a file."""
    return filename.lower().endswith(white_list_formats) and os.path.isfile(filename)


def list_pictures(
    directory: Union[str, os.PathLike[str]],
    ext: Union[str, tuple[str, ...]] = ("jpg", "jpeg", "bmp", "png", "ppm", "tif", "tiff"),
) -> list[str]:
    """Paths of all files below ``directory`` with one of these extensions."""
    extensions = (ext,) if isinstance(ext, str) else ext
    endings = tuple(f".{extension}" for extension in extensions)
    return [
        os.path.join(folder, name)
        for folder, _, names in os.walk(directory)
        for name in names
        if name.lower().endswith(endings)
    ]


def list_class(
    directory: str,
    name: str,
    formats: tuple[str, ...],
    split: Optional[tuple[float, float]],
    follow_links: bool,
) -> list[str]:
    """Names of the image files of one class, relative to ``directory``, in Keras' order.

    ``split`` is ``None`` or a pair of fractions between which files are taken.
    """
    root = os.path.join(directory, name)
    names = []
    for folder, _, files in sorted(os.walk(root, followlinks=follow_links), key=lambda at: at[0]):
        for file in sorted(files):
            if file.lower().endswith(".tiff"):
                warnings.warn('".tiff" files of several bands come out distorted')
            if file.lower().endswith(formats):
                path = os.path.relpath(os.path.join(folder, file), root)
                names.append(os.path.join(os.path.basename(root), path))
    if split:
        start, stop = (int(fraction * len(names)) for fraction in split)
        names = names[start:stop]
    return names
