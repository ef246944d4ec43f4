"""Pictures are read, written and converted as Keras does it."""

import numpy as np
import pytest
from conftest import keras, made_up, ours
from PIL import Image


@pytest.fixture
def folder(tmp_path):
    picture = made_up(1, 21, 15, 4)[0]
    for mode, channels in (("RGB", 3), ("RGBA", 4)):
        Image.fromarray(picture[:, :, :channels]).save(tmp_path / f"{mode}.png")
    Image.fromarray(picture[:, :, 0]).save(tmp_path / "L.png")
    Image.fromarray(picture[:, :, 0].astype("int32") * 200).save(tmp_path / "I.tif")
    Image.fromarray(picture[:, :, :3]).convert("P").save(tmp_path / "P.png")
    Image.fromarray(picture[:, :, :3]).convert("CMYK").save(tmp_path / "CMYK.jpg")
    return tmp_path


@pytest.mark.parametrize("name", ["RGB.png", "RGBA.png", "L.png", "I.tif", "P.png", "CMYK.jpg"])
@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
@pytest.mark.parametrize("target_size", [None, (8, 30)])
def test_files_become_the_same_arrays(folder, name, color_mode, target_size):
    expected, found = (
        module.img_to_array(
            module.load_img(
                str(folder / name),
                color_mode=color_mode,
                target_size=target_size,
                interpolation="bilinear",
            )
        )
        for module in (keras, ours)
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("scale", [True, False])
def test_arrays_become_the_same_pictures(channels, data_format, scale):
    x = made_up(1, 9, 11, channels)[0].astype("float64")
    x = np.moveaxis(x, 2, 0) if data_format == "channels_first" else x
    expected, found = (
        module.array_to_img(x, data_format=data_format, scale=scale) for module in (keras, ours)
    )
    assert (found.mode, found.size) == (expected.mode, expected.size)
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
    expected, found = (module.img_to_array(found, data_format) for module in (keras, ours))
    np.testing.assert_array_equal(found, expected)


def test_values_beyond_a_byte_make_a_wide_picture():
    x = np.array([[[0.0], [70000.0]]])
    assert ours.array_to_img(x, scale=False).mode == keras.array_to_img(x, scale=False).mode == "I"


def test_saving(tmp_path, images):
    for module, name in ((keras, "keras"), (ours, "ours")):
        module.save_img(tmp_path / f"{name}.png", images[0])
    with pytest.warns(UserWarning):
        ours.save_img(tmp_path / "rgba.jpg", made_up(1, 8, 8, 4)[0], file_format="jpeg")
    expected, found = ((tmp_path / f"{name}.png").read_bytes() for name in ("keras", "ours"))
    assert found == expected


def test_listing(folder):
    (folder / "deeper").mkdir()
    (folder / "deeper" / "CAPITALS.JPG").touch()
    (folder / "notes.txt").touch()
    assert sorted(ours.list_pictures(folder)) == sorted(keras.list_pictures(folder))
    assert ours.list_pictures(str(folder), ext="jpg") == keras.list_pictures(str(folder), ext="jpg")
    formats = ours.Iterator.white_list_formats
    for name in ("RGB.png", "notes.txt", "missing.png"):
        path = str(folder / name)
        assert ours.validate_filename(path, formats) == keras.validate_filename(path, formats)
