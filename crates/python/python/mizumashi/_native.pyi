from collections.abc import Sequence
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import NDArray

Images = Union[NDArray[np.uint8], NDArray[np.float32]]

class Moments:
    """Mean, standard deviation and extremes per channel of a stream of images."""

    def __init__(self) -> None: ...
    def update(self, images: Images, data_format: str = "channels_last") -> None: ...
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

class Whitening:
    """A fitted ZCA whitening between all values of an image."""

    @staticmethod
    def fit(
        images: Images,
        *,
        epsilon: float = 1e-6,
        center: bool = True,
        data_format: str = "channels_last",
    ) -> Whitening: ...
    def apply(self, images: Images) -> NDArray[np.float32]: ...
    def matrix(self, limit: int = 1 << 30) -> NDArray[np.float64]: ...
    def to_json(self) -> str: ...
    @staticmethod
    def from_json(json: str) -> Whitening: ...
    @property
    def rank(self) -> int: ...
    @property
    def eigenvalues(self) -> NDArray[np.float64]: ...

class BatchNorm:
    """A batch normalisation layer over ``float32`` batches of any rank from 2 on."""

    def __init__(
        self,
        channels: int,
        *,
        convention: str = "keras",
        epsilon: Optional[float] = None,
        momentum: Optional[float] = None,
        data_format: Optional[str] = None,
    ) -> None: ...
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

class Generator:
    """What the class ``ImageDataGenerator`` runs on."""

    def __init__(self, **arguments: Any) -> None: ...
    def fit(self, x: Images, rounds: Optional[int] = None, seed: int = 0) -> None: ...
    def standardize(self, x: Images) -> NDArray[np.float32]: ...
    def batch(
        self,
        x: Images,
        batch_size: int,
        *,
        shuffle: bool,
        seed: int,
        epoch: int,
        position: int,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64], int, int]: ...
    @property
    def mean(self) -> Optional[list[float]]: ...
    @property
    def std(self) -> Optional[list[float]]: ...
    def recipe(self) -> str: ...

def warp(
    images: Images,
    matrices: NDArray[np.float64],
    *,
    data_format: str = "channels_last",
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> Images: ...
def make_batch(
    images: Images,
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
