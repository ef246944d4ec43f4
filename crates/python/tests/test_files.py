"""Iterators over image files serve Keras' batches."""

import numpy as np
import pandas as pd
import pytest
from conftest import keras, made_up, ours
from PIL import Image
from test_generator import assert_same_batches

ARGUMENTS = dict(rotation_range=15, horizontal_flip=True, rescale=1 / 255, validation_split=0.3)


@pytest.fixture
def folder(tmp_path):
    """Three classes of pictures of different sizes and modes, one of them in a folder below."""
    for label, name in enumerate(["cat", "dog", "owl"]):
        (tmp_path / name / "more").mkdir(parents=True)
        for index in range(4 + label):
            side = 18 + 3 * index
            picture = Image.fromarray(made_up(1, side, side + 4, 3, seed=label * 9 + index)[0])
            place = tmp_path / name / ("more" if index == 1 else ".")
            picture.convert(["RGB", "L", "RGBA"][index % 3]).save(place / f"{index}.PNG")
        (tmp_path / name / "notes.txt").touch()
    return tmp_path


@pytest.fixture
def table(folder):
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.PNG"))
    return pd.DataFrame(
        {
            "filename": paths,
            "class": [path[:3] for path in paths],
            "several": [[path[:3], "owl"] if index % 2 else [path[:3]] for index, path in
                        enumerate(paths)],
            "size": np.linspace(0, 1, len(paths)),
            "age": np.arange(len(paths)),
        }
    )


def from_directory(folder, generator_arguments=ARGUMENTS, **options):
    options = dict(target_size=(16, 20), batch_size=4, seed=7) | options
    return [
        module.ImageDataGenerator(**generator_arguments).flow_from_directory(str(folder), **options)
        for module in (keras, ours)
    ]


def from_table(table, folder, **options):
    options = dict(target_size=(16, 20), batch_size=4, seed=7) | options
    return [
        module.ImageDataGenerator(**ARGUMENTS).flow_from_dataframe(
            table, str(folder), **options
        )
        for module in (keras, ours)
    ]


@pytest.mark.parametrize("class_mode", ["categorical", "sparse", "input", None])
@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
def test_folders(folder, class_mode, color_mode):
    expected, found = from_directory(folder, class_mode=class_mode, color_mode=color_mode)
    assert found.filenames == expected.filenames
    assert found.filepaths == expected.filepaths
    assert found.class_indices == expected.class_indices
    np.testing.assert_array_equal(found.classes, expected.classes)
    assert_same_batches(expected, found)


@pytest.mark.parametrize(
    "options",
    [
        dict(classes=["owl", "cat"], class_mode="binary"),
        dict(subset="training"),
        dict(subset="validation"),
        dict(interpolation="bicubic", shuffle=False),
    ],
)
def test_folder_options(folder, options, capsys):
    expected, found = from_directory(folder, **options)
    assert found.filenames == expected.filenames
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == lines[1]
    assert_same_batches(expected, found)


def test_channels_first_and_brightness(folder):
    arguments = dict(data_format="channels_first", zoom_range=0.2)
    assert_same_batches(*from_directory(folder, arguments))
    assert_same_batches(*from_directory(folder, dict(brightness_range=(0.5, 1.5))))


@pytest.mark.parametrize(
    "options",
    [
        dict(),
        dict(class_mode="sparse", weight_col="size"),
        dict(class_mode="binary", classes=["owl", "dog"]),
        dict(y_col="several"),
        dict(y_col="several", classes=["owl", "dog"]),
        dict(class_mode="raw", y_col=["size", "age"]),
        dict(class_mode="raw", y_col="age"),
        dict(class_mode="multi_output", y_col=["size", "age"]),
        dict(class_mode="input"),
        dict(class_mode=None),
        dict(subset="training"),
        dict(subset="validation", validate_filenames=False),
    ],
)
def test_tables(table, folder, options, capsys):
    expected, found = from_table(table, folder, **options)
    assert found.filenames == expected.filenames
    assert found.filepaths == expected.filepaths
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == lines[1]
    assert_same_batches(expected, found)


def test_missing_files_are_left_out(table, folder):
    table.loc[2, "filename"] = "nowhere.png"
    with pytest.warns(UserWarning):
        expected, found = from_table(table, folder)
    assert found.filenames == expected.filenames


def test_refusals_are_keras(module, table, folder):
    generator = module.ImageDataGenerator()
    for options in (
        dict(color_mode="sepia"),
        dict(class_mode="guess"),
        dict(subset="test"),
    ):
        with pytest.raises(ValueError):
            generator.flow_from_directory(str(folder), **options)
        with pytest.raises(ValueError):
            generator.flow_from_dataframe(table, str(folder), **options)
    with pytest.raises(ValueError):
        generator.flow_from_dataframe(table, str(folder), class_mode="binary")
    for options in (
        dict(class_mode="multi_output", y_col="age"),
        dict(class_mode="sparse", y_col="age"),
        dict(class_mode="categorical", y_col="age"),
        dict(x_col="age"),
        dict(weight_col="class"),
    ):
        with pytest.raises(TypeError):
            generator.flow_from_dataframe(table, str(folder), **options)
    with pytest.warns(UserWarning):
        generator.flow_from_dataframe(table, str(folder), class_mode=None, classes=["cat"])
    with pytest.warns(DeprecationWarning):
        generator.flow_from_dataframe(table, str(folder), sort=True)


def test_a_damaged_file_is_an_error(module, folder):
    (folder / "cat" / "0.PNG").write_bytes(b"not a picture")
    flow = module.ImageDataGenerator().flow_from_directory(str(folder), shuffle=False)
    with pytest.raises(OSError):
        next(flow)
