"""Iterators over image files serve Keras' batches."""

import pickle
import struct
import zlib

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


def cut(path, keep):
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])


def oversized(path):
    """A PNG of a few bytes that says it has 3.6 billion pixels."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body)


DAMAGE = {
    "no picture": lambda path: path.write_bytes(b"not a picture"),
    "empty": lambda path: path.write_bytes(b""),
    "cut short": lambda path: cut(path, 0.6),
    "flipped bits": lambda path: path.write_bytes(
        path.read_bytes()[:60] + bytes(255 - byte for byte in path.read_bytes()[60:])
    ),
    "oversized": oversized,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_an_error_that_names_it(damage, folder):
    path = folder / "cat" / "0.PNG"
    DAMAGE[damage](path)
    for module in (keras, ours):
        flow = module.ImageDataGenerator().flow_from_directory(str(folder), shuffle=False)
        with pytest.raises(Exception) as caught:
            next(flow)
    theirs_too = Image.DecompressionBombError if damage == "oversized" else OSError
    assert isinstance(caught.value, theirs_too)
    assert isinstance(caught.value, OSError)
    assert str(path) in str(caught.value) and caught.value.path == str(path)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_the_limit_is_that_of_pil(folder, monkeypatch):
    flow = ours.ImageDataGenerator().flow_from_directory(str(folder), shuffle=False)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 150)  # pictures of up to 36x40
    with pytest.raises(Image.DecompressionBombError, match="0.PNG"):
        next(flow)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 36 * 40)
    next(flow)


def test_damaged_files_are_skipped_and_counted_on_request(folder):
    def flow(**options):
        # Flips are drawn for every sample, so that a lost draw would show.
        generator = ours.ImageDataGenerator(rotation_range=30, horizontal_flip=True)
        options = dict(target_size=(16, 20), batch_size=5, seed=3, class_mode="sparse") | options
        return generator.flow_from_directory(str(folder), **options)

    whole = flow()
    sound = [next(whole) for _ in range(2 * len(whole))]
    last = len(whole.filenames) - 1
    damaged, stands_in = [1, 2, last], {1: 3, 2: 3, last: 0}
    for index, damage in zip(damaged, (DAMAGE["cut short"], DAMAGE["oversized"], DAMAGE["empty"])):
        damage(folder / whole.filenames[index])
    mended = flow(on_damage="substitute")
    assert mended.quarantine == []
    orders = flow().index_generator
    batches = [next(mended) for _ in sound]
    for (x, y), (clean_x, clean_y), indices in zip(batches, sound, orders):
        assert x.shape == clean_x.shape
        for image, label, clean, clean_label, index in zip(x, y, clean_x, clean_y, indices):
            if index in stands_in:
                assert label == mended.classes[stands_in[index]]
                assert (image != clean).any()
            else:
                np.testing.assert_array_equal(image, clean)
                assert label == clean_label
    found = mended.quarantine
    assert [(it.index, it.substitute) for it in found] == list(stands_in.items())
    assert [it.path for it in found] == [whole.filepaths[index] for index in damaged]
    assert "truncated" in found[0].reason and "limit" in found[1].reason


def test_weights_and_values_are_those_of_the_substitute(table, folder):
    DAMAGE["empty"](folder / table["filename"][3])
    (folder / table["filename"][4]).unlink()
    generator = ours.ImageDataGenerator()
    flow = generator.flow_from_dataframe(
        table,
        str(folder),
        class_mode="raw",
        y_col="age",
        weight_col="size",
        shuffle=False,
        validate_filenames=False,
        on_damage="substitute",
    )
    x, age, weight = next(flow)
    assert age[:7].tolist() == [0, 1, 2, 5, 5, 5, 6]
    np.testing.assert_array_equal(weight[3:6], [table["size"][5]] * 3)
    np.testing.assert_array_equal(x[3], x[5])
    assert [it.index for it in flow.quarantine] == [3, 4]


def test_where_no_file_can_be_read_the_first_is_named(folder):
    for path in folder.rglob("*.PNG"):
        DAMAGE["empty"](path)
    generator = ours.ImageDataGenerator()
    flow = generator.flow_from_directory(str(folder), shuffle=False, on_damage="substitute")
    with pytest.raises(OSError, match="0.PNG"):
        next(flow)
    with pytest.raises(ValueError, match="on_damage"):
        generator.flow_from_directory(str(folder), on_damage="ignore")


def test_every_kind_of_picture_is_converted_as_in_keras(tmp_path):
    (tmp_path / "all").mkdir()
    picture = made_up(1, 21, 15, 4)[0]
    colours, grey = Image.fromarray(picture[..., :3]), Image.fromarray(picture[..., 0])
    wide = picture[..., 0].astype("uint16") * 257
    transparent = colours.convert("P")
    for name, image, options in (
        ("16 bit.png", Image.fromarray(wide), {}),
        ("16 bit.tif", Image.fromarray(wide), {}),
        ("32 bit.tif", Image.fromarray(wide.astype("int32")), {}),
        ("alpha.png", Image.fromarray(picture), {}),
        ("bits.png", grey.convert("1"), {}),
        ("cmyk.jpg", colours.convert("CMYK"), {}),
        ("cmyk.tif", colours.convert("CMYK"), {}),
        ("float.tif", Image.fromarray(picture[..., 0].astype("float32")), {}),
        ("grey and alpha.png", Image.fromarray(picture).convert("LA"), {}),
        ("palette.bmp", transparent, {}),
        ("palette.png", transparent, {}),
        ("transparent.png", transparent, dict(transparency=3)),
    ):
        image.save(tmp_path / "all" / name, **options)
    for color_mode in ("rgb", "rgba", "grayscale"):
        flows = from_directory(
            tmp_path, {}, color_mode=color_mode, target_size=(21, 15), batch_size=12, shuffle=False
        )
        assert flows[1].samples == 12
        for one, other in zip(*(next(flow) for flow in flows)):
            np.testing.assert_array_equal(other, one)
