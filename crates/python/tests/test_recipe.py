"""Recipes, plans, and generators that are stored."""

import doctest
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conftest import made_up

import mizumashi
import mizumashi.flow
import mizumashi.generator

ARGUMENTS = dict(
    featurewise_center=True,
    featurewise_std_normalization=True,
    rotation_range=20,
    width_shift_range=[-3, 1],
    zoom_range=(0.7, 1.2),
    channel_shift_range=20.0,
    brightness_range=(0.5, 1.5),
    horizontal_flip=True,
    rescale=1 / 255,
)


@pytest.fixture
def datagen(images):
    return mizumashi.ImageDataGenerator(**ARGUMENTS).fit(images)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_recipe_gives_the_bits_of_the_flow(data_format, dtype):
    x = made_up(10, 14, 17, 3).astype(dtype)
    x = np.moveaxis(x, 3, 1) if data_format == "channels_first" else x
    datagen = mizumashi.ImageDataGenerator(**ARGUMENTS, data_format=data_format).fit(x)
    flow = datagen.flow(x, np.arange(10), batch_size=4, seed=6)
    recipe = mizumashi.Recipe.from_json(datagen.recipe().to_json())
    for _ in range(5):
        epoch = flow.epoch
        batch, indices = next(flow)
        found = recipe.apply(
            x[indices], seed=6, epoch=epoch, indices=indices, data_format=data_format
        )
        np.testing.assert_array_equal(found, batch)
    first = recipe.apply(x, seed=6, data_format=data_format)
    assert (recipe.apply(x, seed=7, data_format=data_format) != first).any()
    stored = mizumashi.Flow(recipe, x, np.arange(10), 4, seed=6, data_format=data_format)
    again = datagen.flow(x, np.arange(10), 4, seed=6)
    for one, other in zip(next(stored), next(again)):
        np.testing.assert_array_equal(one, other)


def test_a_whitening_recipe_gives_the_pixels_of_the_flow(images):
    datagen = mizumashi.ImageDataGenerator(zca_whitening=True).fit(images)
    batch = next(datagen.flow(images, batch_size=10, shuffle=False))
    np.testing.assert_allclose(datagen.recipe().apply(images), batch, atol=1e-4)


def test_a_recipe_says_what_is_wrong(images, datagen):
    recipe = datagen.recipe()
    with pytest.raises(ValueError, match="3 indices"):
        recipe.apply(images, indices=[0, 1, 2])
    with pytest.raises(ValueError, match="image"):
        recipe.apply(images[:0])
    with pytest.raises(ValueError, match="3 channels"):
        recipe.apply(made_up(2, 8, 8, 1))
    with pytest.raises(ValueError, match="version"):
        mizumashi.Recipe.from_json('{"version": 99, "transforms": []}')
    with pytest.raises(ValueError, match="sepia"):
        mizumashi.Recipe.from_json('{"version": 1, "transforms": [{"transform": "sepia"}]}')
    with pytest.raises(ValueError, match="fit"):
        mizumashi.ImageDataGenerator(featurewise_center=True).recipe()


def test_a_plan_moves_image_mask_points_and_boxes_alike():
    # A white square of which the mask, its corners and its box know, too.
    x = np.zeros((40, 48, 3), "uint8")
    x[16:24, 20:28] = 255
    mask = (x[..., 0] > 0).astype("uint8")
    recipe = mizumashi.ImageDataGenerator(
        width_shift_range=[5], height_shift_range=[3], horizontal_flip=True
    ).recipe()
    for index in range(8):
        plan = recipe.draw(x.shape, seed=2, index=index)
        assert (plan.input_shape, plan.output_shape) == (x.shape, x.shape)
        moved = plan.apply(x)
        np.testing.assert_array_equal(moved, recipe.apply(x[None], seed=2, indices=[index])[0])
        np.testing.assert_array_equal(plan.apply_mask(mask), moved[..., 0] > 0)
        np.testing.assert_array_equal(plan.apply_mask(mask[..., None])[..., 0], moved[..., 0] > 0)
        rows, columns = np.nonzero(moved[..., 0])
        (box,) = plan.map_boxes([[20, 16, 28, 24]])
        expected = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(box, expected, atol=1e-9)
        corners = plan.map_points(np.array([[20.0, 16.0], [27.0, 23.0]]))
        found = sorted(corners[:, 0]), sorted(corners[:, 1])
        np.testing.assert_allclose(found[0], [columns.min(), columns.max()], atol=1e-9)
        np.testing.assert_allclose(found[1], [rows.min(), rows.max()], atol=1e-9)
        # The matrix takes output to input.
        back = np.c_[corners, np.ones(2)] @ plan.matrix.T
        np.testing.assert_allclose(back, [[20, 16], [27, 23]], atol=1e-9)
        assert np.isnan(plan.map_boxes([[200, 200, 210, 210]])).all()
        again = mizumashi.Plan.from_json(plan.to_json())
        np.testing.assert_array_equal(again.apply(x), moved)
    planes = np.moveaxis(x, 2, 0)
    moved = plan.apply(planes, data_format="channels_first")
    np.testing.assert_array_equal(np.moveaxis(moved, 0, 2), plan.apply(x))
    with pytest.raises(ValueError, match="drawn for"):
        plan.apply(x[1:])
    with pytest.raises(ValueError, match="axes"):
        plan.apply_mask(mask[0])


def test_threads_that_share_a_flow_serve_each_sample_once_an_epoch():
    samples, epochs = 60, 20
    flow = mizumashi.ImageDataGenerator(horizontal_flip=True).flow(
        made_up(samples, 32, 32, 3), np.arange(samples), batch_size=4
    )
    with ThreadPoolExecutor(4) as threads:
        batches = list(threads.map(lambda _: next(flow)[1], range(epochs * len(flow))))
    assert np.bincount(np.concatenate(batches)).tolist() == [epochs] * samples
    assert (flow.epoch, flow.position) == (epochs, 0)


def test_everything_can_be_pickled(images, datagen):
    again = pickle.loads(pickle.dumps(datagen))
    assert repr(again) == repr(datagen)
    assert (again.mean, again.std) == (datagen.mean, datagen.std)
    np.testing.assert_array_equal(again.standardize(images), datagen.standardize(images))
    flow = datagen.flow(images, np.arange(10), batch_size=4, seed=3)
    next(flow)
    for one, other in zip(next(pickle.loads(pickle.dumps(flow))), next(flow)):
        np.testing.assert_array_equal(one, other)
    recipe = datagen.recipe()
    assert pickle.loads(pickle.dumps(recipe)).to_json() == recipe.to_json()
    plan = recipe.draw((20, 24, 3), seed=1, epoch=2, index=3)
    assert pickle.loads(pickle.dumps(plan)).to_json() == plan.to_json()
    whitening = mizumashi.ImageDataGenerator(zca_whitening=True, zca_epsilon=0.1).fit(images)
    again = pickle.loads(pickle.dumps(whitening))
    np.testing.assert_array_equal(again.standardize(images), whitening.standardize(images))
    unfitted = mizumashi.ImageDataGenerator(featurewise_center=True)
    assert pickle.loads(pickle.dumps(unfitted)).mean is None


def test_everything_has_a_readable_repr(images, datagen):
    plain = mizumashi.ImageDataGenerator(zoom_range=[0.5, 0.8], horizontal_flip=True)
    assert repr(plain) == "ImageDataGenerator(zoom_range=[0.5, 0.8], horizontal_flip=True)"
    assert repr(mizumashi.ImageDataGenerator(rotation_range=0)) == "ImageDataGenerator()"
    listed = mizumashi.ImageDataGenerator(width_shift_range=np.array([1.0, 2.0]))
    assert repr(listed) == "ImageDataGenerator(width_shift_range=array([1., 2.]))"
    names = (
        "random_affine, random_channel_shift, random_brightness, rescale, featurewise_standardise"
    )
    assert repr(datagen.recipe()) == f"Recipe({names})"
    assert repr(datagen.recipe().draw((4, 5, 3))) == (
        "Plan(input_shape=(4, 5, 3), output_shape=(4, 5, 3), steps=5)"
    )
    assert repr(plain.flow(images)) == (
        "Flow(Recipe(random_affine), samples=10, batch_size=32, shuffle=True, seed=0, epoch=0, "
        "position=0)"
    )


@pytest.mark.parametrize("name", ["BatchNorm", "Plan", "Recipe", "Flow", "ImageDataGenerator"])
def test_the_examples_of_the_docstrings(name):
    finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner()
    examples = finder.find(getattr(mizumashi, name), name, globs={})
    assert [runner.run(example) for example in examples if example.examples]
    assert runner.failures == 0 and runner.tries > 0
