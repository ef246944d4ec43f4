"""The functions on single images give Keras' results."""

import numpy as np
import pytest
from conftest import keras, made_up, ours

TOLERANCE = 1e-3  # of 0..255: Keras interpolates in 64 bits


def both(name, x, *arguments, seed=3, **options):
    results = []
    for module in (keras, ours):
        np.random.seed(seed)
        results.append(getattr(module, name)(x.copy(), *arguments, **options))
    return results


@pytest.mark.parametrize("fill_mode", ["nearest", "constant", "reflect", "wrap"])
@pytest.mark.parametrize("order", range(6))
@pytest.mark.parametrize(
    "numbers",
    [
        dict(theta=33.0),
        dict(tx=3.7, ty=-5.2),
        dict(tx=2, ty=-3),
        dict(shear=21.0),
        dict(zx=0.6, zy=1.7),
        dict(theta=-70.0, tx=1.3, ty=2.1, shear=12.0, zx=1.2, zy=0.8),
    ],
)
def test_affine_transforms(fill_mode, order, numbers):
    x = made_up(1, 17, 23, 3)[0].astype("float32")
    expected, found = both(
        "apply_affine_transform", x, **numbers, fill_mode=fill_mode, order=order, cval=7.0
    )
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "int16"])
@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 2, 0), (0, 2, 1)])
def test_affine_transforms_of_any_type_and_axes(dtype, axes):
    row_axis, col_axis, channel_axis = axes
    x = np.moveaxis(made_up(1, 17, 23, 3)[0], 2, channel_axis).astype(dtype)
    expected, found = both(
        "apply_affine_transform",
        x,
        theta=20,
        row_axis=row_axis,
        col_axis=col_axis,
        channel_axis=channel_axis,
    )
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    whole = np.issubdtype(found.dtype, np.integer)
    np.testing.assert_allclose(
        found.astype(float), expected.astype(float), atol=1 if whole else TOLERANCE
    )
    if whole:
        assert (found != expected).mean() < 0.01


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("random_rotation", (40,)),
        ("random_shift", (0.2, 0.3)),
        ("random_shear", (20,)),
        ("random_zoom", ((0.7, 1.4),)),
        ("random_zoom", ((1, 1),)),
        ("random_channel_shift", (60,)),
    ],
)
@pytest.mark.parametrize("seed", range(4))
def test_random_functions_draw_the_same(name, arguments, seed):
    x = np.moveaxis(made_up(1, 18, 26, 3)[0], 2, 0).astype("float32")
    expected, found = both(name, x, *arguments, seed=seed)
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)


def test_brightness_is_keras(images):
    for seed in range(3):
        x = images[seed].astype("float32")
        expected, found = both("random_brightness", x, (0.4, 1.6), seed=seed)
        np.testing.assert_array_equal(found, expected)


def test_channel_shifts_and_flips_are_exact(images):
    x = images[0].astype("float32")
    np.testing.assert_array_equal(*both("apply_channel_shift", x, -40.5, channel_axis=2))
    for axis in range(3):
        np.testing.assert_array_equal(*both("flip_axis", x, axis))


def test_the_offset_matrix_is_keras():
    matrix = np.array([[0.8, -0.6, 2.0], [0.6, 0.8, -1.0], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(*both("transform_matrix_offset_center", matrix, 17, 23))
