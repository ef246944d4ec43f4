"""Bad calls end as they do in Keras: the same exception, the same warnings, the same thing named.

There is a case for every ``raise`` and ``warnings.warn`` of the image modules of keras-preprocessing
1.1.2 that a caller can reach, save those for a missing Pillow or SciPy, and for errors that Keras leaves
to Python. A case that raises and warns nothing in Keras fails.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import keras, made_up, ours
from PIL import Image


class World:
    """Images, files and a table to make mistakes with."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.x = made_up(10, 8, 8, 3)
        self.image = self.x[0].astype("float32")
        for name in ("cat", "dog"):
            (folder / name).mkdir()
            for index in range(3):
                Image.fromarray(self.x[index]).save(folder / name / f"{index}.png")
        self.png = str(folder / "cat" / "0.png")
        self.notes = str(folder / "notes.png")
        (folder / "notes.png").write_text("no picture")
        self.jpg = str(folder / "alpha.jpg")
        names = [f"{name}/{index}.png" for name in ("cat", "dog") for index in range(3)]
        self.table = pd.DataFrame(
            {
                "filename": names,
                "class": [name[:3] for name in names],
                "three": ["one", "two", "two", "three", "one", "one"],
                "age": range(6),
                "missing": ["nowhere.png", *names[1:]],
            }
        )

    def add_tiff(self):
        Image.fromarray(self.x[0]).save(f"{self.folder}/cat/band.tiff")


def new(**arguments):
    return lambda module, world: module.ImageDataGenerator(**arguments)


def flow(x="x", split=0.0, **arguments):
    def call(module, world):
        images = getattr(world, x) if isinstance(x, str) else x
        return module.ImageDataGenerator(validation_split=split).flow(images, **arguments)

    return call


def fit(x):
    return lambda module, world: module.ImageDataGenerator().fit(x)


def directory(**arguments):
    def call(module, world):
        return module.ImageDataGenerator().flow_from_directory(world.folder, **arguments)

    return call


def table(**arguments):
    def call(module, world):
        generator = module.ImageDataGenerator()
        return generator.flow_from_dataframe(world.table, world.folder, **arguments)

    return call


def standardize(**arguments):
    def call(module, world):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            generator = module.ImageDataGenerator(**arguments)
        return generator.standardize(world.image.copy())

    return call


def function(name, *arguments, **options):
    return lambda module, world: getattr(module, name)(world.image, *arguments, **options)


def tiff(module, world):
    world.add_tiff()
    module.ImageDataGenerator().flow_from_directory(world.folder)


CASES = {
    # affine_transformations.py
    "zoom of three": (function("random_zoom", (1, 2, 3)), ["zoom_range", "(1, 2, 3)"]),
    "brightness of one": (function("random_brightness", (1,)), ["brightness_range", "(1,)"]),
    "fill mode": (function("apply_affine_transform", theta=5, fill_mode="mirrored"), ["mode"]),
    "spline order": (function("apply_affine_transform", theta=5, order=6), ["spline order"]),
    "negative order": (function("apply_affine_transform", theta=5, order=-1), ["spline order"]),
    # image_data_generator.py
    "data format": (new(data_format="rows"), ["data_format", "rows"]),
    "split of 1.5": (new(validation_split=1.5), ["validation_split", "1.5"]),
    "split below 0": (new(validation_split=-0.1), ["validation_split", "-0.1"]),
    "split of 1": (new(validation_split=1), ["validation_split", "strictly between 0 and 1"]),
    "zoom range": (new(zoom_range=(1, 2, 3)), ["zoom_range", "(1, 2, 3)"]),
    "zoom range of text": (new(zoom_range="ab"), ["zoom_range", "ab"]),
    "brightness range": (new(brightness_range=3), ["brightness_range", "3"]),
    "brightness range of three": (new(brightness_range=(1, 2, 3)), ["brightness_range"]),
    "zca centres": (new(zca_whitening=True), ["zca_whitening", "featurewise_center"]),
    "zca drops deviations": (
        new(zca_whitening=True, featurewise_center=True, featurewise_std_normalization=True),
        ["zca_whitening", "featurewise_std_normalization"],
    ),
    "zca centres and drops deviations": (
        new(zca_whitening=True, featurewise_std_normalization=True),
        ["zca_whitening", "featurewise_center"],
    ),
    "deviations centre": (
        new(featurewise_std_normalization=True),
        ["featurewise_std_normalization", "featurewise_center"],
    ),
    "samplewise deviations centre": (
        new(samplewise_std_normalization=True),
        ["samplewise_std_normalization", "samplewise_center"],
    ),
    "rank of a fit": (fit(np.zeros((8, 8, 3))), ["rank 4", "(8, 8, 3)"]),
    "channels of a fit": (fit(np.zeros((4, 8, 8, 2))), ["(4, 8, 8, 2)", "channels_last"]),
    "no fit: centre": (standardize(featurewise_center=True), ["featurewise_center", "fit"]),
    "no fit: deviations": (
        standardize(featurewise_center=True, featurewise_std_normalization=True),
        ["featurewise_std_normalization", "fit"],
    ),
    "no fit: zca": (standardize(zca_whitening=True), ["zca_whitening", "fit"]),
    "has_ext": (table(has_ext=True), ["has_ext", "deprecated"]),
    "sort": (table(sort=True), ["sort", "deprecated"]),
    "drop_duplicates": (table(drop_duplicates=True), ["drop_duplicates", "deprecated"]),
    "class mode other": (table(class_mode="other", y_col="age"), ["other", "deprecated", "raw"]),
    # iterator.py
    "index beyond": (lambda module, world: flow()(module, world)[1], ["1"]),
    "nothing to serve": (lambda module, world: next(module.Iterator(4, 2, False, None)), []),
    "colour mode": (directory(color_mode="sepia"), ["color", "sepia"]),
    "colour mode of a table": (table(color_mode="sepia"), ["color", "sepia"]),
    "subset of a folder": (directory(subset="test"), ["subset", "test", "validation"]),
    "subset of a table": (table(subset="test"), ["subset", "test", "validation"]),
    # numpy_array_iterator.py
    "length beside": (flow(x=(np.zeros((4, 8, 8, 3)), np.zeros(3))), ["same length"]),
    "lengths beside": (flow(x=(np.zeros((4, 8, 8, 3)), [np.zeros(4), np.zeros(3)])), ["same length"]),
    "length of y": (flow(y=np.zeros(3)), ["`y`", "same length", "(10, 8, 8, 3)", "(3,)"]),
    "length of weights": (
        flow(y=np.zeros(10), sample_weight=np.zeros(3)),
        ["`sample_weight`", "same length", "(3,)"],
    ),
    "subset of arrays": (flow(subset="test", split=0.2), ["subset", "test", "validation"]),
    "subset without split": (
        flow(y=np.arange(10) % 2, subset="training"), ["subset", "classes", "shuffle"]
    ),
    "subsets of other classes": (
        flow(y=np.arange(10), subset="validation", split=0.2), ["subset", "classes", "shuffle"]
    ),
    "rank": (flow(x=np.zeros((4, 8, 8))), ["rank 4", "(4, 8, 8)"]),
    "channels": (flow(x=np.zeros((4, 8, 8, 2))), ["(4, 8, 8, 2)", "channels_last"]),
    # directory_iterator.py
    "class mode of a folder": (directory(class_mode="raw"), ["class_mode", "raw", "sparse"]),
    "missing folder": (
        lambda module, world: module.ImageDataGenerator().flow_from_directory("/nowhere"),
        ["/nowhere"],
    ),
    # dataframe_iterator.py
    "class mode of a table": (table(class_mode="guess"), ["class_mode", "guess", "sparse"]),
    "outputs without a list": (table(class_mode="multi_output", y_col="age"), ["y_col", "list"]),
    "names that are none": (table(x_col="age"), ["age"]),
    "sparse numbers": (table(class_mode="sparse", y_col="age"), ["age", "sparse"]),
    "binary numbers": (table(class_mode="binary", y_col="age"), ["age", "binary"]),
    "three classes": (table(class_mode="binary", y_col="three"), ["binary", "2", "3"]),
    "three given classes": (
        table(class_mode="binary", y_col="three", classes=["one", "two", "three"]),
        ["binary", "2", "3"],
    ),
    "categorical numbers": (table(y_col="age"), ["age", "categorical"]),
    "unused classes": (table(class_mode=None, classes=["cat"]), ["classes"]),
    "weights that are none": (table(weight_col="class"), ["class", "weight"]),
    "missing files": (table(x_col="missing"), ["1", "missing"]),
    "missing column": (table(x_col="nothing"), ["nothing"]),
    # utils.py
    "tiff": (tiff, [".tiff", "band"]),
    "grayscale": (
        lambda module, world: module.load_img(world.png, grayscale=True),
        ["grayscale", "deprecated", "color_mode"],
    ),
    "colour mode of a file": (
        lambda module, world: module.load_img(world.png, color_mode="sepia"),
        ["color_mode", "grayscale", "rgba"],
    ),
    "interpolation": (
        lambda module, world: module.load_img(world.png, target_size=(4, 4), interpolation="guess"),
        ["interpolation", "guess", "bicubic"],
    ),
    "missing file": (lambda module, world: module.load_img("/nowhere.png"), ["/nowhere.png"]),
    "jpeg with alpha": (
        lambda module, world: module.save_img(
            world.jpg, made_up(1, 8, 8, 4)[0], file_format="jpeg"
        ),
        ["RGB"],
    ),
    "picture of two axes": (
        lambda module, world: module.array_to_img(world.image[0]), ["rank 3", "(8, 3)"]
    ),
    "picture of two channels": (
        lambda module, world: module.array_to_img(world.image[..., :2]), ["channel", "2"]
    ),
    "picture of another format": (
        lambda module, world: module.array_to_img(world.image, data_format="rows"),
        ["data_format", "rows"],
    ),
    "array of another format": (
        lambda module, world: module.img_to_array(world.image, data_format="rows"),
        ["data_format", "rows"],
    ),
    "array of one axis": (
        lambda module, world: module.img_to_array(world.image[0, 0]), ["shape", "(3,)"]
    ),
}

# Of SciPy and Pillow, about how Keras calls them.
THEIRS = ("Please import", "'mode' parameter")


def outcome(call, module, world):
    """The type of the exception, the categories of the warnings, and all their texts."""
    raised, texts = None, []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            call(module, world)
        except Exception as error:
            raised = type(error)
            texts.append(str(error))
    caught = [w for w in caught if not any(text in str(w.message) for text in THEIRS)]
    texts += [str(warning.message) for warning in caught]
    return raised, [warning.category for warning in caught], " ".join(texts)


@pytest.mark.parametrize("case", CASES)
def test_bad_calls_end_as_in_keras(case, tmp_path_factory):
    call, words = CASES[case]
    results = []
    for module in (keras, ours):
        world = World(tmp_path_factory.mktemp("world"))
        raised, categories, text = outcome(call, module, world)
        assert raised or categories, "nothing is refused"
        assert [word for word in words if word.lower() not in text.lower()] == [], text
        results.append((raised, categories))
    assert results[1] == results[0]


def test_an_empty_subset_of_images_alone_is_served_as_in_keras():
    for module in (keras, ours):
        images = module.ImageDataGenerator().flow(made_up(4, 8, 8, 3), subset="validation")
        assert len(images) == 0
        assert next(images).shape == (0, 8, 8, 3)


def test_a_file_that_is_no_picture_is_pils_error(tmp_path):
    world = World(tmp_path)
    for module in (keras, ours):
        with pytest.raises(OSError) as caught:
            module.load_img(world.notes)
        assert isinstance(caught.value, Image.UnidentifiedImageError)
    assert world.notes in str(caught.value)
