"""Keras' ``ImageDataGenerator``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ... import _native
from ..._native import ArraySource
from ...images import Images
from . import draws
from .affine import apply_affine_transform
from .colour import apply_brightness_shift, apply_channel_shift
from .dataframe_iterator import DataFrameIterator
from .directory_iterator import DirectoryIterator
from .flip import flip_axis
from .numpy_array_iterator import NumpyArrayIterator
from .resampling import RESAMPLINGS, check_resampling
from .zca import Zca


class ImageDataGenerator:
    """Batches of images with random changes, made as they are needed.

    Args:
        featurewise_center, featurewise_std_normalization: give the data set mean 0, and standard
            deviation 1, in each channel; need a fit.
        samplewise_center, samplewise_std_normalization: the same for each image by itself.
        zca_whitening, zca_epsilon: whiten the values of an image against each other; need a fit.
        rotation_range: degrees, to either side.
        width_shift_range, height_shift_range: a fraction of the side below 1.0, pixels from there
            on; an ``int`` for whole pixels below it; a list of shifts to choose from.
        brightness_range: a pair of factors; needs images of 1, 3 or 4 channels, channels last.
        shear_range: degrees, to either side.
        zoom_range: r for factors in 1 - r to 1 + r, or a pair of factors; above 1 the picture
            gets smaller.
        channel_shift_range: the largest number added to or taken from all values.
        fill_mode, cval: what is seen beyond the edge: ``"nearest"``, ``"constant"`` (``cval``),
            ``"reflect"`` or ``"wrap"``.
        horizontal_flip, vertical_flip: mirror half of the samples.
        rescale: a factor for all values, after the changes above.
        preprocessing_function: takes and gives one image, before ``rescale``.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        validation_split: the fraction that ``subset="validation"`` serves.
        interpolation_order: 0 for the nearest pixel, 1 for bilinear, 2 to 5 for B-splines.
        dtype: of the batches.

    Raises:
        ValueError: for a data format, split, zoom or brightness outside what it can mean.
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Optional[Sequence[float]] = None,
        shear_range: float = 0.0,
        zoom_range: Union[float, Sequence[float]] = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: Optional[float] = None,
        preprocessing_function: Optional[Callable[[Any], Any]] = None,
        data_format: str = "channels_last",
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: DTypeLike = "float32",
    ) -> None:
        if data_format not in ("channels_last", "channels_first"):
            raise ValueError(
                f'`data_format` is {data_format!r}; it must be "channels_last" or "channels_first"'
            )
        if validation_split and not 0 < validation_split < 1:
            raise ValueError(
                f"`validation_split` is {validation_split}; it must be strictly between 0 and 1"
            )
        if brightness_range is not None and (
            not isinstance(brightness_range, (tuple, list)) or len(brightness_range) != 2
        ):
            raise ValueError(
                f"`brightness_range` must be a pair of numbers; it is {brightness_range}"
            )
        self.featurewise_center = featurewise_center
        self.samplewise_center = samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening = zca_whitening
        self.zca_epsilon = zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.brightness_range = brightness_range
        self.shear_range = shear_range
        self.zoom_range = _zoom_limits(zoom_range)
        self.channel_shift_range = channel_shift_range
        self.fill_mode = fill_mode
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.data_format = data_format
        self._validation_split = validation_split
        self.interpolation_order = interpolation_order
        self.dtype = dtype
        first = data_format == "channels_first"
        self.channel_axis, self.row_axis, self.col_axis = (1, 2, 3) if first else (3, 1, 2)
        self.mean: Optional[NDArray[Any]] = None
        self.std: Optional[NDArray[Any]] = None
        self._zca: Optional[Zca] = None
        self._components: Optional[NDArray[Any]] = None
        # As in Keras, a whitening of deviations is told twice that it centres.
        if zca_whitening and not featurewise_center:
            self._imply("zca_whitening", "featurewise_center", True)
        if zca_whitening and featurewise_std_normalization:
            self._imply("zca_whitening", "featurewise_std_normalization", False)
        if featurewise_std_normalization and not featurewise_center:
            self._imply("featurewise_std_normalization", "featurewise_center", True)
        if samplewise_std_normalization and not samplewise_center:
            self._imply("samplewise_std_normalization", "samplewise_center", True)

    def _imply(self, argument: str, other: str, value: bool) -> None:
        setattr(self, other, value)
        warnings.warn(f"`{argument}` sets `{other}` to {value}")

    def flow(
        self,
        x: Any,
        y: Optional[ArrayLike] = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Optional[ArrayLike] = None,
        seed: Optional[int] = None,
        save_to_dir: Union[str, os.PathLike[str], None] = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: Optional[str] = None,
    ) -> NumpyArrayIterator:
        """Endless batches of arrays; see :class:`NumpyArrayIterator`."""
        return NumpyArrayIterator(
            x,
            y,
            self,
            batch_size=batch_size,
            shuffle=shuffle,
            sample_weight=sample_weight,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            dtype=self.dtype,
        )

    def flow_from_directory(
        self,
        directory: str,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: Optional[list[str]] = None,
        class_mode: Optional[str] = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: Optional[int] = None,
        save_to_dir: Union[str, os.PathLike[str], None] = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: Optional[str] = None,
        interpolation: str = "nearest",
        *,
        on_damage: str = "fail",
    ) -> DirectoryIterator:
        """Endless batches of the pictures in a folder; see :class:`DirectoryIterator`."""
        return DirectoryIterator(
            directory,
            self,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            follow_links=follow_links,
            subset=subset,
            interpolation=interpolation,
            dtype=self.dtype,
            on_damage=on_damage,
        )

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: Optional[str] = None,
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
        save_to_dir: Union[str, os.PathLike[str], None] = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: Optional[str] = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
        *,
        on_damage: str = "fail",
        **kwargs: Any,
    ) -> DataFrameIterator:
        """Endless batches of the pictures that a table names; see :class:`DataFrameIterator`.

        ``kwargs`` takes Keras' deprecated ``has_ext``, ``sort`` and ``drop_duplicates``, which do
        nothing.
        """
        for name in ("has_ext", "sort", "drop_duplicates"):
            if name in kwargs:
                warnings.warn(f"`{name}` is deprecated and does nothing", DeprecationWarning)
        if class_mode == "other":
            warnings.warn('`class_mode="other"` is deprecated; use "raw"', DeprecationWarning)
            class_mode = "raw"
        return DataFrameIterator(
            dataframe,
            directory,
            self,
            x_col=x_col,
            y_col=y_col,
            weight_col=weight_col,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            interpolation=interpolation,
            dtype=self.dtype,
            validate_filenames=validate_filenames,
            on_damage=on_damage,
        )

    def get_random_transform(
        self, img_shape: tuple[int, ...], seed: Optional[int] = None
    ) -> dict[str, Any]:
        """The random numbers of one image of the shape ``img_shape``, by Keras' names."""
        if seed is not None:
            np.random.seed(seed)
        numbers: dict[str, Any] = dict(zip(draws.COLUMNS, draws.draw(self, img_shape, 1)[0].tolist()))
        for name in ("flip_horizontal", "flip_vertical"):
            numbers[name] = int(numbers[name])
        if self.channel_shift_range == 0:
            numbers["channel_shift_intensity"] = None
        if self.brightness_range is None:
            numbers["brightness"] = None
        return numbers

    def apply_transform(
        self, x: NDArray[Any], transform_parameters: dict[str, Any]
    ) -> NDArray[Any]:
        """One image changed by the numbers of :meth:`get_random_transform`, of which each may be
        left out: the affine map, the channel shift, the flips, the brightness."""
        given = transform_parameters.get
        channel_axis = self.channel_axis - 1
        unchanged = zip(draws.COLUMNS[draws.AFFINE], draws.UNCHANGED)
        x = apply_affine_transform(
            x,
            **{name: given(name, number) for name, number in unchanged},
            row_axis=self.row_axis - 1,
            col_axis=self.col_axis - 1,
            channel_axis=channel_axis,
            fill_mode=self.fill_mode,
            cval=self.cval,
            order=self.interpolation_order,
        )
        intensity, brightness = given("channel_shift_intensity"), given("brightness")
        if intensity is not None:
            x = apply_channel_shift(x, intensity, channel_axis)
        if given("flip_horizontal", False):
            x = flip_axis(x, self.col_axis - 1)
        if given("flip_vertical", False):
            x = flip_axis(x, self.row_axis - 1)
        if brightness is not None:
            x = apply_brightness_shift(x, brightness)
        return x

    def random_transform(self, x: NDArray[Any], seed: Optional[int] = None) -> NDArray[Any]:
        """One image changed at random."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def standardize(self, x: NDArray[Any]) -> NDArray[Any]:
        """One image or a batch preprocessed, rescaled, standardised and whitened.

        As in Keras ``x`` is changed in place where it can be, and samplewise figures are those of
        all of ``x``.
        """
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, keepdims=True) + 1e-6
        mean: Any = self.mean
        std: Any = self.std
        if self._is_fitted("featurewise_center", mean):
            x -= mean
        if self._is_fitted("featurewise_std_normalization", std):
            x /= std + 1e-6
        if self._whitens():
            x = self._whiten(x)
        return x

    def fit(
        self, x: ArrayLike, augment: bool = False, rounds: int = 1, seed: Optional[int] = None
    ) -> None:
        """Learns what featurewise standardisation and whitening need to know of the data set.

        Args:
            x: images, of rank 4.
            augment: whether the figures are those of randomly changed images.
            rounds: how often they are gone through then.
            seed: for NumPy's generator.

        Raises:
            ValueError: for another rank than 4.
        """
        images: NDArray[Any] = np.asarray(x)
        if images.ndim != 4:
            raise ValueError(f"`fit` takes images of rank 4; this array has the shape {images.shape}")
        channels = images.shape[self.channel_axis]
        if channels not in (1, 3, 4):
            warnings.warn(
                f"images have 1, 3 or 4 channels, but axis {self.channel_axis} of {images.shape}, which "
                f"holds them with `{self.data_format}`, has {channels}"
            )
        if seed is not None:
            np.random.seed(seed)
        scale = self.rescale or 1
        if augment:
            scaled = np.asarray(images, dtype=self.dtype) * np.asarray(scale, dtype=self.dtype)
            images = np.concatenate([self._augmented(scaled) for _ in range(rounds)])
            scale = 1
        elif images.dtype != np.uint8:
            images = np.asarray(images, dtype=self.dtype)
        taken = _native_type(images)
        if self.featurewise_center or self.featurewise_std_normalization:
            figures = _native.Moments()
            figures.update(taken, self.data_format)
            shape = [1, 1, 1]
            shape[self.channel_axis - 1] = channels
            if self.featurewise_center:
                self.mean = (figures.mean * scale).astype(self.dtype).reshape(shape)
            if self.featurewise_std_normalization:
                self.std = (figures.std * abs(scale)).astype(self.dtype).reshape(shape)
        if self.zca_whitening:
            centred = _native.make_batch(
                ArraySource(taken),
                data_format=self.data_format,
                rescale=scale,
                **(self._figures(channels) or {}),
            )
            self._zca = Zca(centred, self.zca_epsilon, self.data_format)
            self._components = None

    @property
    def principal_components(self) -> Optional[NDArray[Any]]:
        """The whitening matrix over flattened images, made when it is first asked for."""
        if self._components is None and self._zca is not None:
            self._components = self._zca.matrix()
        return self._components

    @principal_components.setter
    def principal_components(self, matrix: Optional[NDArray[Any]]) -> None:
        self._zca, self._components = None, matrix

    def make_batch(
        self, source: Union[ArraySource, NDArray[Any]], indices: NDArray[Any], dtype: DTypeLike
    ) -> NDArray[Any]:
        """The images at ``indices``, changed at random and standardised: a new array.

        Runs natively on the whole batch, unless a method is overridden, a function is to be called
        for each image, or the figures are not one per channel.
        """
        images: NDArray[Any] = source.images if isinstance(source, ArraySource) else source
        figures = self._figures(images.shape[self.channel_axis])
        if (
            figures is None
            or not isinstance(source, ArraySource)
            or np.dtype(dtype) != np.float32
            or not len(indices)
            or self._is_customised()
        ):
            batch = np.zeros((len(indices), *images.shape[1:]), dtype=dtype)
            for slot, index in zip(batch, indices):
                x = images[index].astype(dtype)
                x = self.apply_transform(x, self.get_random_transform(x.shape))
                slot[...] = self.standardize(x)
            return batch
        figures.update(
            rescale=self.rescale or None,
            samplewise_center=bool(self.samplewise_center),
            samplewise_std_normalization=bool(self.samplewise_std_normalization),
        )
        if self.brightness_range is None:
            batch = self._changed(source, indices, figures)
        else:
            changed = ArraySource(self._changed(source, indices))
            batch = _native.make_batch(changed, data_format=self.data_format, **figures)
        if self._whitens():
            # Components that were set by hand may be of `float64`.
            return self._whiten(batch).astype(np.float32, copy=False)
        return batch

    def _augmented(self, x: NDArray[Any]) -> NDArray[Any]:
        """All images of ``x`` changed at random."""
        if self._is_customised("random_transform"):
            return np.stack([self.random_transform(image) for image in x])
        return self._changed(ArraySource(_native_type(x)), np.arange(len(x)))

    def _changed(
        self,
        source: ArraySource,
        indices: NDArray[Any],
        figures: Optional[dict[str, Any]] = None,
    ) -> NDArray[np.float32]:
        """The images at ``indices`` changed at random, then standardised by ``figures``."""
        numbers = draws.draw(self, source.images.shape[1:], len(indices))
        resampling: dict[str, Any] = dict(
            fill_mode=self.fill_mode, cval=self.cval, order=self.interpolation_order
        )
        if (self.fill_mode, self.interpolation_order) not in RESAMPLINGS:
            if (numbers[:, draws.AFFINE] != draws.UNCHANGED[draws.AFFINE]).any():
                check_resampling(self.fill_mode, self.interpolation_order)
            resampling = {}
        batch = _native.make_batch(
            source,
            np.asarray(indices, dtype=np.int64),
            numbers[:, draws.WITHOUT_BRIGHTNESS],
            data_format=self.data_format,
            channel_shift=self.channel_shift_range != 0,
            **resampling,
            **(figures or {}),
        )
        if self.brightness_range is not None:
            for image, brightness in zip(batch, numbers[:, draws.BRIGHTNESS]):
                image[...] = apply_brightness_shift(image, brightness)
        return batch

    def _is_customised(self, *more: str) -> bool:
        """Whether images must be handed to code of the user's one by one."""
        methods = ("get_random_transform", "apply_transform", "standardize", *more)
        return bool(self.preprocessing_function) or any(
            name in vars(self) or getattr(type(self), name) is not getattr(ImageDataGenerator, name)
            for name in methods
        )

    def _figures(self, channels: int) -> Optional[dict[str, Any]]:
        """Mean and deviation per channel as native calls take them; ``None`` if they are others."""
        shape = [1, 1, 1]
        shape[self.channel_axis - 1] = channels
        figures = {}
        for argument, name in (
            ("featurewise_center", "mean"),
            ("featurewise_std_normalization", "std"),
        ):
            if self._is_fitted(argument, getattr(self, name)):
                if list(np.shape(getattr(self, name))) != shape:
                    return None
                figures[name] = np.ravel(getattr(self, name)).tolist()
        return figures

    def _is_fitted(self, argument: str, figure: Any) -> bool:
        """Whether the figure of an argument is there and wanted; warns when it is only wanted."""
        if not getattr(self, argument):
            return False
        if figure is None:
            warnings.warn(
                f"this generator needs a fit for `{argument}`: call `fit` on the training images"
            )
        return figure is not None

    def _whitens(self) -> bool:
        return self._is_fitted(
            "zca_whitening", self._components if self._zca is None else self._zca
        )

    def _whiten(self, x: NDArray[Any]) -> NDArray[Any]:
        images = x.reshape(-1, *x.shape[-3:])
        if self._zca is not None:
            return self._zca.apply(_native_type(images)).reshape(x.shape)
        components: Any = self._components
        white: NDArray[Any] = np.dot(images.reshape(len(images), -1), components)
        return white.reshape(x.shape)


def _native_type(x: NDArray[Any]) -> Images:
    return x if x.dtype in (np.uint8, np.float32) else x.astype(np.float32)


def _zoom_limits(zoom_range: Union[float, Sequence[float]]) -> list[float]:
    if isinstance(zoom_range, (float, int)):
        return [1 - zoom_range, 1 + zoom_range]
    if len(zoom_range) == 2 and all(isinstance(zoom, (float, int)) for zoom in zoom_range):
        return list(zoom_range)
    raise ValueError(f"`zoom_range` must be a number or a pair of numbers; it is {zoom_range}")
