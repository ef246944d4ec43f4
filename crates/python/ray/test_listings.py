"""The listings on Ray of the README and of docs/scaling.md."""

import re
from pathlib import Path

import numpy as np
import pytest
from conftest import start, stop
from PIL import Image

ROOT = Path(__file__).parents[3]
LISTING = re.compile(
    r"^<!-- not run: `cargo xtask ray`[^\n]*-->\n```python\n(.*?)^```$", re.DOTALL | re.MULTILINE
)


@pytest.mark.parametrize("page", ["README.md", "docs/scaling.md"])
def test_listings_run(page, tmp_path, monkeypatch, generated_set):
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    for place, image in enumerate(generated_set.images[:40]):
        Image.fromarray(np.asarray(image)).save(f"photos/{place}.png")
    [listing] = LISTING.findall((ROOT / page).read_text(encoding="utf-8"))
    cluster = start(1)
    try:
        world = {}
        exec(compile(listing, page, "exec"), world)
        # The last batch of an epoch of 40.
        assert world["x"].shape == (8, 32, 32, 3)
        assert abs(world["datagen"].mean[0] - 128) < 30
    finally:
        stop(cluster)
