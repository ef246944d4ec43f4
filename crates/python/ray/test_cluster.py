"""On a cluster as in one process, to the bit."""

import io
import tarfile

import numpy as np
import pytest
import ray
from conftest import SHARDS
from PIL import Image

import mizumashi
import mizumashi.ray
from mizumashi import Covariance, Moments

TUTORIAL = dict(
    featurewise_center=True,
    featurewise_std_normalization=True,
    rotation_range=20,
    width_shift_range=0.2,
    height_shift_range=0.2,
    horizontal_flip=True,
)


def in_one_process(states, images):
    for state in states:
        state.update(images)
    return [state.to_bytes() for state in states]


def exact_std(images):
    """By integers: NumPy's own sums of squares round in the twelfth digit."""
    n, values, deviations = images[..., 0].size, np.arange(256), []
    for channel in np.moveaxis(images, 3, 0):
        counts = np.bincount(channel.ravel(), minlength=256)
        total, squares = int((counts * values).sum()), int((counts * values**2).sum())
        deviations.append(((n * squares - total**2) / n**2) ** 0.5)
    return deviations


def by_index(dataset):
    """The rows of a data set, as arrays in the order of their indices."""
    batches = list(dataset.iter_batches(batch_size=None, batch_format="numpy"))
    rows = {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
    order = np.argsort(rows["index"])
    return {name: column[order] for name, column in rows.items()}


def served(datagen, images, seed, epoch):
    flow = datagen.flow(images, batch_size=len(images), shuffle=False, seed=seed)
    flow.epoch = epoch
    return next(flow)


def test_statistics_are_those_of_one_process(cluster, data):
    for seed in (1, 2):
        states = Moments(), Covariance("channels")
        found = mizumashi.ray.gather(data.read(seed), *states)
        assert [state.samples for state in states[:1]] == [0]
        assert [type(state) for state in found] == [Moments, Covariance]
        assert [state.to_bytes() for state in found] == in_one_process(states, data.images)
    np.testing.assert_array_equal(found[0].min, data.images.min((0, 1, 2)))
    np.testing.assert_allclose(found[0].std, exact_std(data.images), rtol=1e-15)


def test_a_shard_is_a_block(cluster, generated_set):
    """Else nothing would be merged in these tests."""
    dataset = generated_set.read(1)
    rows = dataset.map_batches(lambda batch: {"n": [len(batch["index"])]}, batch_size=None)
    assert len(rows.to_arrow_refs()) == SHARDS
    assert sum(row["n"] for row in rows.take_all()) == len(generated_set.images)


def test_the_covariance_of_pixels_is_that_of_one_process(cluster, data):
    [found] = mizumashi.ray.gather(data.read(3), Covariance("pixels"))
    [expected] = in_one_process([Covariance("pixels")], data.images)
    assert found.to_bytes() == expected


def test_a_generator_is_fitted_as_in_one_process(cluster, data):
    datagen = mizumashi.ImageDataGenerator(**TUTORIAL)
    assert mizumashi.ray.fit(data.read(4), datagen) is datagen
    alone = mizumashi.ImageDataGenerator(**TUTORIAL).fit(data.images)
    assert (datagen.mean, datagen.std) == (alone.mean, alone.std)
    assert datagen.recipe().to_json() == alone.recipe().to_json()


def test_samples_are_augmented_as_in_one_process(cluster, data):
    datagen = mizumashi.ImageDataGenerator(**TUTORIAL).fit(data.images)
    some = data.read(5).filter(expr="index < 3000")
    for options in ({}, {"batch_size": 7}, {"concurrency": 1, "batch_size": 100}):
        rows = by_index(datagen.map(some, seed=9, epoch=3, **options))
        expected = served(datagen, data.images, 9, 3)[:3000]
        np.testing.assert_array_equal(rows["image"], expected)
        assert rows["image"].dtype == np.float32
        np.testing.assert_array_equal(rows["label"], data.labels[:3000])
    assert (rows["image"] != served(datagen, data.images, 9, 4)[:3000]).any()


def test_whitening_is_that_of_one_process(cluster, generated_set):
    arguments = dict(zca_whitening=True, rescale=1 / 255, rotation_range=10, zca_epsilon=1e-3)
    for more in ({}, {"featurewise_center": True, "featurewise_std_normalization": True}):
        datagen = mizumashi.ImageDataGenerator(**arguments, **more)
        mizumashi.ray.fit(generated_set.read(6), datagen)
        images = generated_set.images
        moments, covariance = Moments(), Covariance()
        for part in np.array_split(images, 5)[::-1]:
            moments.update(part)
            covariance.update(part)
        alone = mizumashi.ImageDataGenerator(**arguments, **more).fit_moments(moments, covariance)
        rows = by_index(datagen.map(generated_set.read(7), seed=1, concurrency=1))
        np.testing.assert_array_equal(rows["image"], served(alone, images, 1, 0))
        # And up to rounding that of a fit, which sums floats.
        fitted = mizumashi.ImageDataGenerator(**arguments, **more).fit(images)
        np.testing.assert_allclose(
            alone.standardize(images), fitted.standardize(images), atol=2e-3
        )


def test_batches_for_training(cluster, generated_set):
    images, labels = generated_set.images, generated_set.labels
    datagen = mizumashi.ImageDataGenerator(**TUTORIAL).fit(images)
    # What is served is found by its label, which says here which sample it is.
    dataset = generated_set.read(8)
    batches = list(
        mizumashi.ray.iter_batches(dataset, datagen, label="index", batch_size=50, epochs=2, seed=3)
    )
    assert {len(x) for x, _ in batches[:12]} == {50}
    half = len(batches) // 2
    for epoch, part in enumerate((batches[:half], batches[half:])):
        indices = np.concatenate([y for _, y in part])
        assert sorted(indices) == list(range(len(images)))
        expected = served(datagen, images, 3, epoch)[indices]
        np.testing.assert_array_equal(np.concatenate([x for x, _ in part]), expected)
    [share, other] = generated_set.read(8).streaming_split(2, equal=False)
    del other
    x = next(mizumashi.ray.iter_batches(dataset, datagen, batch_size=50))
    assert x.shape == (50, *images.shape[1:]) and isinstance(share, ray.data.DataIterator)
    assert len(labels) == len(images)


def test_pictures_in_folders_and_tar_shards(cluster, generated_set, tmp_path):
    """Ray's readers of images and of WebDataset; a picture is known by its path or key."""
    images = generated_set.images[:40]
    files = []
    for place, image in enumerate(images):
        file = tmp_path / "photos" / f"class{place % 3}" / f"{place}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(file)
        files.append(file)
    datagen = mizumashi.ImageDataGenerator(**TUTORIAL)
    dataset = ray.data.read_images(str(tmp_path / "photos"), mode="RGB", include_paths=True)
    mizumashi.ray.fit(dataset, datagen)
    assert datagen.mean == mizumashi.ImageDataGenerator(**TUTORIAL).fit(images).mean
    mapped = datagen.map(dataset, key="path", seed=2)
    rows = {row["path"]: row["image"] for row in mapped.iter_rows()}
    for file, image in zip(files, images):
        [name] = [path for path in rows if path.endswith(f"{file.parent.name}/{file.name}")]
        index = mizumashi.ray.sample_index(name)
        expected = datagen.recipe().apply(image[None], seed=2, indices=[index])[0]
        np.testing.assert_array_equal(rows[name], expected)

    for shard in range(4):
        with tarfile.open(tmp_path / f"{shard}.tar", "w") as tar:
            for place in range(shard, 40, 4):
                data = files[place].read_bytes()
                entry = tarfile.TarInfo(f"{place:03}.png")
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
    shards = [str(tmp_path / f"{shard}.tar") for shard in (2, 0, 3, 1)]
    dataset = ray.data.read_webdataset(shards)
    [moments] = mizumashi.ray.gather(dataset, Moments(), image="png")
    assert [moments.to_bytes()] == in_one_process([Moments()], images)
    batch = next(mizumashi.ray.iter_batches(dataset, datagen, image="png", key="__key__"))
    assert batch.shape == (32, *images.shape[1:])


def test_colours_of_pictures_of_any_size(cluster):
    """Columns of arrays that are not of one shape."""
    rng = np.random.default_rng(3)
    sizes = [(4, 6), (5, 5), (4, 6), (9, 2), (7, 7)]
    pictures = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes * 3]
    dataset = ray.data.from_items([{"image": picture} for picture in pictures]).repartition(4)
    found = mizumashi.ray.gather(dataset, Moments(), Covariance("channels"))
    expected = Moments(), Covariance("channels")
    for picture in pictures[::-1]:
        for state in expected:
            state.update(picture[None])
    assert [state.to_bytes() for state in found] == [state.to_bytes() for state in expected]


def test_what_cannot_be_meant_is_refused(cluster, generated_set):
    dataset = generated_set.read(1)
    datagen = mizumashi.ImageDataGenerator(**TUTORIAL)
    with pytest.raises(ValueError, match="needs figures of the data set"):
        datagen.map(dataset)
    with pytest.raises(ValueError, match="there are no states to gather"):
        mizumashi.ray.gather(dataset)
    with pytest.raises(Exception, match="there is no column 'picture'.*image, index, label"):
        mizumashi.ray.fit(dataset, datagen, image="picture")
    with pytest.raises(Exception, match="images have height, width and channels"):
        mizumashi.ray.fit(dataset, datagen, image="label")
    with pytest.raises(ValueError, match="the data set has no images"):
        mizumashi.ray.fit(dataset.filter(expr="index < 0"), datagen)
    samplewise = mizumashi.ImageDataGenerator(featurewise_center=True, samplewise_center=True)
    with pytest.raises(ValueError, match="changes each image before it is fitted"):
        mizumashi.ray.fit(dataset, samplewise)
    mizumashi.ray.fit(dataset, datagen)
    with pytest.raises(Exception, match="there is no column 'path'"):
        datagen.map(dataset, key="path").take(1)
    with pytest.raises(ValueError, match="at least 0"):
        mizumashi.ray.sample_index(-1)
    with pytest.raises(ValueError, match="a float"):
        mizumashi.ray.sample_index(0.5)
