from collections.abc import Sequence
from typing import Any, Optional, Union, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ArraySource",
    "BatchNorm",
    "Covariance",
    "Generator",
    "Moments",
    "Plan",
    "Recipe",
    "Whitening",
    "make_batch",
    "warp",
]

_Images = Union[NDArray[np.uint8], NDArray[np.float32]]
_Rows = Union[Sequence[Sequence[float]], NDArray[np.float64]]

@final
class Moments:
    """Mean, standard deviation and extremes per channel of a stream of images."""

    def __new__(cls) -> Moments: ...
    def update(self, images: _Images, data_format: str = "channels_last") -> None: ...
    def merge(self, other: Moments) -> None: ...
    @property
    def samples(self) -> int: ...
    @property
    def mean(self) -> NDArray[np.float64]: ...
    @property
    def std(self) -> NDArray[np.float64]: ...
    @property
    def min(self) -> NDArray[np.float64]: ...
    @property
    def max(self) -> NDArray[np.float64]: ...
    def to_json(self) -> str: ...
    @staticmethod
    def from_json(json: str) -> Moments: ...
    @property
    def nbytes(self) -> int: ...
    def to_bytes(self) -> bytes: ...
    @staticmethod
    def from_bytes(data: bytes) -> Moments: ...

@final
class Covariance:
    """Mean and covariance of a stream of images, between pixels or between channels."""

    def __new__(cls, over: str = "pixels") -> Covariance: ...
    def update(self, images: _Images, data_format: str = "channels_last") -> None: ...
    def merge(self, other: Covariance) -> None: ...
    @property
    def over(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def mean(self) -> NDArray[np.float64]: ...
    def matrix(self) -> NDArray[np.float64]: ...
    @property
    def nbytes(self) -> int: ...
    def to_bytes(self) -> bytes: ...
    @staticmethod
    def from_bytes(data: bytes) -> Covariance: ...

@final
class Whitening:
    """A fitted ZCA whitening between all values of an image."""

    @staticmethod
    def fit(
        images: _Images,
        *,
        epsilon: float = 1e-6,
        center: bool = True,
        data_format: str = "channels_last",
    ) -> Whitening: ...
    @staticmethod
    def from_covariance(
        covariance: Covariance,
        *,
        epsilon: float = 1e-6,
        center: bool = True,
        data_format: str = "channels_last",
    ) -> Whitening: ...
    def apply(self, images: _Images) -> NDArray[np.float32]: ...
    def matrix(self, limit: int = 1 << 30) -> NDArray[np.float64]: ...
    def to_json(self) -> str: ...
    @staticmethod
    def from_json(json: str) -> Whitening: ...
    @property
    def rank(self) -> int: ...
    @property
    def eigenvalues(self) -> NDArray[np.float64]: ...

@final
class BatchNorm:
    """A batch normalisation layer over ``float32`` batches of any rank from 2 on."""

    def __new__(
        cls,
        channels: int,
        *,
        convention: str = "keras",
        epsilon: Optional[float] = None,
        momentum: Optional[float] = None,
        data_format: Optional[str] = None,
    ) -> BatchNorm: ...
    def __call__(self, x: NDArray[np.float32], training: bool = False) -> NDArray[np.float32]: ...
    def backward(
        self, x: NDArray[np.float32], dy: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]: ...
    gamma: NDArray[np.float32]
    beta: NDArray[np.float32]
    @property
    def running_mean(self) -> NDArray[np.float64]: ...
    @property
    def running_variance(self) -> NDArray[np.float64]: ...
    @property
    def batches(self) -> int: ...
    def set_running(self, mean: Sequence[float], variance: Sequence[float]) -> None: ...
    def to_json(self) -> str: ...
    @staticmethod
    def from_json(json: str) -> BatchNorm: ...

@final
class Recipe:
    """An ordered list of transforms with their ranges and probabilities."""

    @staticmethod
    def from_json(json: str) -> Recipe: ...
    def to_json(self) -> str: ...
    @property
    def transforms(self) -> list[str]: ...
    def apply(
        self,
        images: _Images,
        *,
        seed: int = 0,
        epoch: int = 0,
        indices: Union[Sequence[int], NDArray[np.integer[Any]], None] = None,
        data_format: str = "channels_last",
    ) -> NDArray[np.float32]: ...
    def draw(
        self, shape: tuple[int, int, int], *, seed: int = 0, epoch: int = 0, index: int = 0
    ) -> Plan: ...
    def batch(
        self,
        source: ArraySource,
        batch_size: int,
        *,
        shuffle: bool,
        seed: int,
        epoch: int,
        position: int,
        data_format: str,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64], int, int]: ...

@final
class Plan:
    """A recipe drawn for one sample, which moves its mask, points and boxes along."""

    @staticmethod
    def from_json(json: str) -> Plan: ...
    def to_json(self) -> str: ...
    @property
    def input_shape(self) -> tuple[int, int, int]: ...
    @property
    def output_shape(self) -> tuple[int, int, int]: ...
    @property
    def matrix(self) -> NDArray[np.float64]: ...
    def apply(
        self, image: _Images, *, data_format: str = "channels_last"
    ) -> NDArray[np.float32]: ...
    def apply_mask(self, mask: NDArray[np.uint8], outside: int = 0) -> NDArray[np.uint8]: ...
    def map_points(self, points: _Rows) -> NDArray[np.float64]: ...
    def map_boxes(self, boxes: _Rows) -> NDArray[np.float64]: ...

@final
class ArraySource:
    """An array of images, and what each batch of them leaves for the next."""

    def __new__(cls, images: _Images) -> ArraySource: ...
    @property
    def images(self) -> _Images: ...
    @property
    def bytes(self) -> bool: ...
    def check_finite(self, data_format: str) -> None: ...

@final
class Generator:
    """What the class ``ImageDataGenerator`` runs on."""

    def __new__(
        cls,
        *,
        featurewise_center: bool,
        samplewise_center: bool,
        featurewise_std_normalization: bool,
        samplewise_std_normalization: bool,
        zca_whitening: bool,
        zca_epsilon: float,
        rotation_range: float,
        width_shift_range: Any,
        height_shift_range: Any,
        brightness_range: Optional[Sequence[float]],
        shear_range: float,
        zoom_range: Any,
        channel_shift_range: float,
        fill_mode: str,
        cval: float,
        horizontal_flip: bool,
        vertical_flip: bool,
        rescale: Optional[float],
        data_format: str,
        interpolation_order: int,
    ) -> Generator: ...
    def fit(self, x: _Images, rounds: Optional[int] = None, seed: int = 0) -> None: ...
    def fit_moments(self, moments: Moments, covariance: Optional[Covariance] = None) -> None: ...
    def standardize(self, x: _Images) -> NDArray[np.float32]: ...
    @property
    def mean(self) -> Optional[list[float]]: ...
    @property
    def std(self) -> Optional[list[float]]: ...
    def recipe(self) -> Recipe: ...
    def fitted(self) -> Optional[str]: ...
    def restore(self, fitted: str) -> None: ...

def warp(
    images: _Images,
    matrices: NDArray[np.float64],
    *,
    data_format: str = "channels_last",
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> _Images: ...
def make_batch(
    source: ArraySource,
    indices: Optional[NDArray[np.int64]] = None,
    parameters: Optional[NDArray[np.float64]] = None,
    *,
    data_format: str = "channels_last",
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
    centre_of: Optional[tuple[int, int]] = None,
    channel_shift: bool = False,
    rescale: Optional[float] = None,
    samplewise_center: bool = False,
    samplewise_std_normalization: bool = False,
    mean: Optional[Sequence[float]] = None,
    std: Optional[Sequence[float]] = None,
) -> NDArray[np.float32]: ...
