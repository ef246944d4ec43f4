"""Pictures as PIL loads, converts and resizes them, and lists as keras-preprocessing makes them.

files/: little pictures in every format and kind of pixel.
files.json: what `load_img` makes of them, by colour mode, size and interpolation.
lists.json: what `flow_from_directory` and `flow_from_dataframe` list and label.
"""

import json
import os
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas
from keras_preprocessing.image import ImageDataGenerator, img_to_array, load_img
from PIL import Image

MODES = {"rgb": 3, "grayscale": 1, "rgba": 4}
INTERPOLATIONS = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]
SIZES = [(5, 4), (9, 13), (14, 7), (11, 17)]


def write(folder):
    files = folder / "files"
    files.mkdir(exist_ok=True)
    lossless, lossy = pictures(files)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = [load(files, name, mode) for name in lossless for mode in MODES]
        cases += [load(files, name, mode) for name in lossy for mode in ("rgb", "grayscale")]
        resized = [
            load(files, "rgba.png", mode, size, interpolation)
            for mode in MODES
            for size in SIZES
            for interpolation in INTERPOLATIONS
        ]
    dump(folder / "files.json", {"lossless": cases[: 3 * len(lossless)], "resized": resized,
                                 "lossy": cases[3 * len(lossless) :]})
    dump(folder / "lists.json", {"folders": list(folders()), "tables": list(tables())})


def dump(path, value):
    path.write_text(json.dumps(value, separators=(",", ":")) + "\n")


def pictures(folder):
    """A smooth picture with some noise: names of the lossless ones and of the lossy ones."""
    rng = np.random.default_rng(7)
    rows, columns = np.mgrid[0:9, 0:13]
    base = np.stack([rows * 25, columns * 19, (rows + columns) * 11, 255 - rows * 28], axis=-1)
    rgba = np.clip(base + rng.integers(-20, 20, base.shape), 0, 255).astype(np.uint8)
    rgb, grey = rgba[..., :3], rgba[..., 0]
    deep = (grey.astype(np.uint16) << 8) + rng.integers(0, 256, grey.shape).astype(np.uint16)
    palette = Image.fromarray(rgb).quantize(16)
    lossless = {
        "rgb.png": Image.fromarray(rgb),
        "rgba.png": Image.fromarray(rgba),
        "grey.png": Image.fromarray(grey),
        "grey_alpha.png": Image.fromarray(rgba[..., [0, 3]], "LA"),
        "palette.png": palette,
        "bits.png": Image.fromarray(grey > 100),
        "rgb.bmp": Image.fromarray(rgb),
        "palette.gif": palette,
        "rgb.ppm": Image.fromarray(rgb),
        "rgb.tif": Image.fromarray(rgb),
        "deflate.tiff": Image.fromarray(rgb),
        "lossless.webp": Image.fromarray(rgb),
    }
    options = {"deflate.tiff": {"compression": "tiff_adobe_deflate"},
               "lossless.webp": {"lossless": True}}
    for name, image in lossless.items():
        image.save(folder / name, **options.get(name, {}))
    Image.fromarray(deep).save(folder / "grey16.png")

    # Larger, since a decoder's choice of chroma upsampling shows at edges.
    rows, columns = np.mgrid[0:19, 0:29]
    waves = [127 + 120 * np.sin(rows / 5 + k) * np.cos(columns / (4 + k)) for k in range(4)]
    photo = np.clip(np.stack(waves, -1) + rng.normal(0, 6, (19, 29, 4)), 0, 255).astype(np.uint8)
    rgb = Image.fromarray(photo[..., :3])
    rgb.save(folder / "444.jpg", quality=90, subsampling=0)
    rgb.save(folder / "422.jpg", quality=90, subsampling=1)
    rgb.save(folder / "420.jpg", quality=90, subsampling=2)
    rgb.save(folder / "progressive.jpg", quality=90, progressive=True)
    rgb.convert("L").save(folder / "grey.jpg", quality=90)
    rgb.convert("CMYK").save(folder / "cmyk.jpg", quality=90)
    turned = Image.Exif()
    turned[0x0112] = 6
    rgb.save(folder / "turned.jpg", quality=90, subsampling=0, exif=turned)
    lossy = ["444.jpg", "422.jpg", "420.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg",
             "turned.jpg"]
    return list(lossless), lossy


def load(folder, name, mode, size=None, interpolation="nearest"):
    image = load_img(folder / name, color_mode=mode, target_size=size, interpolation=interpolation)
    values = img_to_array(image)
    assert values.shape[2] == MODES[mode], name
    return {"file": name, "mode": mode, "size": size, "interpolation": interpolation,
            "shape": values.shape, "values": values.astype(int).ravel().tolist()}


TREE = (
    [f"cat/{n:02}.png" for n in range(7)]
    + ["cat/a/z.jpg", "cat/a-b/y.JPG", "cat/a/b/x.jpeg", "cat/A/w.PpM", "cat/notes.txt"]
    + [f"dog/old/{n}.bmp" for n in (10, 9, 1)]
    + ["dog/b.tif", "dog/B.tiff", "dog/thumbs.db", "Emu/1.png", "empty/none.md", "stray.png"]
)
FOLDERS = [
    {},
    {"classes": ["dog", "cat"]},
    {"split": 0.25, "subset": "training"},
    {"split": 0.25, "subset": "validation"},
    {"split": 0.5, "subset": "validation", "classes": ["Emu", "dog"]},
]


def folders():
    with tempfile.TemporaryDirectory() as root:
        for file in TREE:
            path = Path(root, file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        for options in FOLDERS:
            generator = ImageDataGenerator(validation_split=options.get("split", 0.0))
            flow = generator.flow_from_directory(
                root, classes=options.get("classes"), subset=options.get("subset")
            )
            yield {
                "tree": TREE,
                **{"classes": None, "split": None, "subset": None, **options},
                "filenames": [Path(name).as_posix() for name in flow.filenames],
                "labels": flow.classes.tolist(),
                "names": list(flow.class_indices),
            }


ROWS = [(f"{n}.png", ["cat", "dog", "emu", "cat", "Dog"][n % 5], n / 4) for n in range(11)]
MISSING = ["3.png", "8.png"]
TABLES = [
    {"class_mode": "categorical"},
    {"class_mode": "sparse", "classes": ["emu", "cat"]},
    {"class_mode": "sparse", "split": 0.4, "subset": "training"},
    {"class_mode": "sparse", "split": 0.4, "subset": "validation", "classes": ["dog", "cat"]},
    {"class_mode": "binary", "classes": ["emu", "cat"]},
    {"class_mode": "raw", "split": 0.4, "subset": "validation"},
    {"class_mode": None},
]


def tables():
    frame = pandas.DataFrame(ROWS, columns=["file", "class", "weight"])
    with tempfile.TemporaryDirectory() as root:
        for name in frame["file"]:
            if name not in MISSING:
                Image.new("RGB", (2, 2)).save(os.path.join(root, name))
        for options in TABLES:
            generator = ImageDataGenerator(validation_split=options.get("split", 0.0))
            mode = options["class_mode"]
            flow = generator.flow_from_dataframe(
                frame,
                root,
                x_col="file",
                y_col="weight" if mode == "raw" else "class",
                class_mode=mode,
                classes=options.get("classes"),
                subset=options.get("subset"),
                batch_size=100,
                shuffle=False,
            )
            batch = next(flow)
            yield {
                "csv": frame.to_csv(index=False),
                "missing": MISSING,
                **{"classes": None, "split": None, "subset": None, **options},
                "filenames": flow.filenames,
                "names": list(getattr(flow, "class_indices", [])),
                "y": [] if mode is None else np.asarray(batch[1]).tolist(),
            }
