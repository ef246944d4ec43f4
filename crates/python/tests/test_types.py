"""A type checker knows every public name."""

import subprocess
import sys

import pytest
from mypy import api

SCRIPT = """
from typing import Any, Optional, assert_type

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

import mizumashi
from mizumashi.keras.image import (
    DirectoryIterator,
    ImageDataGenerator,
    NumpyArrayIterator,
    load_img,
    random_rotation,
)
from mizumashi.keras.utils import to_categorical

x: NDArray[np.uint8] = np.zeros((4, 8, 8, 3), "uint8")
y = to_categorical([0, 1, 1, 0], 2)

theirs = ImageDataGenerator(rotation_range=20, zoom_range=(0.8, 1.2), fill_mode="reflect")
theirs.fit(x)
assert_type(theirs.flow(x, y, batch_size=2, subset=None), NumpyArrayIterator)
assert_type(theirs.flow_from_directory("photos", on_damage="substitute"), DirectoryIterator)
assert_type(load_img("photo.jpg", target_size=(8, 8)), Image)
random_rotation(x[0], 20, row_axis=0, col_axis=1, channel_axis=2)

datagen = mizumashi.ImageDataGenerator(width_shift_range=[1, 2], brightness_range=(0.5, 1.5))
assert_type(datagen.fit(x).mean, Optional[list[float]])
flow = datagen.flow(x, y, batch_size=2, seed=1)
recipe = mizumashi.Recipe.from_json(datagen.recipe().to_json())
assert_type(recipe.apply(x, seed=1, indices=[4, 5, 6, 7]), NDArray[np.float32])
plan = recipe.draw((8, 8, 3), index=3)
assert_type(plan.map_points([[1.0, 2.0]]), NDArray[np.float64])
moments = mizumashi.Moments()
moments.update(x)
assert_type(moments.std, NDArray[np.float64])
assert_type(mizumashi.Whitening.fit(x).apply(x), NDArray[np.float32])
layer = mizumashi.BatchNorm(3)
assert_type(layer(datagen.standardize(x), training=True), NDArray[np.float32])
"""

MISTAKES = {
    'ImageDataGenerator(rotation_range="wide")': "rotation_range",
    "ImageDataGenerator().flow(x, batch=2)": "batch",
    "mizumashi.ImageDataGenerator(rotation=2)": "rotation",
    "recipe.draw((8, 8))": "draw",
}


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    folder = tmp_path_factory.mktemp("types")

    def run(*arguments):
        report, problems, _ = api.run(["--strict", f"--cache-dir={folder}/cache", *arguments])
        assert not problems
        return report

    run.folder = folder
    return run


def test_the_package_is_typed_throughout(check):
    assert check("-p", "mizumashi").startswith("Success")


def test_the_stub_of_the_native_part_is_true(check):
    command = [sys.executable, "-m", "mypy.stubtest", "mizumashi._native", "--concise"]
    # The native classes are final: what their memory looks like is nobody's business.
    done = subprocess.run(
        [*command, "--ignore-disjoint-bases"], cwd=check.folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_a_script_of_a_users_is_understood(check):
    script = check.folder / "script.py"
    script.write_text(SCRIPT)
    assert check(str(script)).startswith("Success")


def test_mistakes_are_found(check):
    script = check.folder / "mistakes.py"
    script.write_text(SCRIPT + "\n".join(MISTAKES))
    report = check(str(script))
    errors = [line for line in report.splitlines() if ": error:" in line]
    assert len(errors) == len(MISTAKES), report
    for word, error in zip(MISTAKES.values(), errors):
        assert word in error
