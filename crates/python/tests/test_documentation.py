"""The Python listings of the documentation, run page by page."""

import re
from pathlib import Path

import numpy as np
import pytest
from conftest import made_up

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("docs/*.md"), *ROOT.glob("crates/*/README.md")])
# But for those after a comment that says what does run them.
LISTING = re.compile(r"(?<!-->\n)^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def listings(page):
    """Each listing of a page with its lines where they are in it, so that errors name the line."""
    text = page.read_text(encoding="utf-8")
    for found in LISTING.finditer(text):
        yield "\n" * text.count("\n", 0, found.start(1)) + found[1]


WITH_LISTINGS = [page for page in PAGES if any(listings(page))]


def test_there_are_pages_with_listings():
    names = {str(page.relative_to(ROOT)) for page in WITH_LISTINGS}
    assert {"docs/getting-started.md", "docs/faq.md", "crates/python/README.md"} <= names


@pytest.mark.parametrize("page", WITH_LISTINGS, ids=lambda page: str(page.relative_to(ROOT)))
def test_listings_run(page, tmp_path, monkeypatch):
    """In one namespace, as a reader would; arrays that a page takes for granted are there."""
    monkeypatch.chdir(tmp_path)
    images = made_up(64, 32, 32, 3)
    world = {
        "x_train": images,
        "y_train": np.arange(len(images))[:, None] % 10,
        "images": images[:2],
        "image": images[0],
        "mask": images[0, :, :, :1],
        "points": [(3.0, 4.0)],
        "boxes": [(2.0, 2.0, 10.0, 12.0)],
    }
    for listing in listings(page):
        exec(compile(listing, str(page), "exec"), world)
