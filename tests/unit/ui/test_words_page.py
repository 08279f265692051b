"""The page in a real browser: a lie is marked, a key leads to the next, filters leave out."""

import numpy as np
import pytest
from chromium import find_chromium, open_page, serving
from read_project import write_project

from mousegpt.pipeline.pictures import encode_jpeg
from mousegpt.pipeline.reading import open_reading
from mousegpt.ui.words.app import build_app

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed"),
]
MARKED = '[...document.querySelectorAll("#elements .contradicted")].map((one) => one.textContent)'


def wait_for(page, shown):
    page.wait(f"document.body.dataset.shown === '{shown}'")


def test_read_by_keys_from_lie_to_lie(tmp_path):
    picture = encode_jpeg(np.full((40, 80, 3), 90, np.uint8))
    reading = open_reading(write_project(tmp_path / "study", picture=picture))
    with (
        serving(build_app(reading)) as url,
        open_page(find_chromium(), tmp_path / "profile") as page,
    ):
        page.open(url)
        page.wait("document.body.dataset.ready")
        wait_for(page, "a/0")
        assert page.evaluate(MARKED) == []
        assert "no picture" in page.evaluate("document.querySelector('figcaption').textContent")

        page.press("n")
        wait_for(page, "a/1")
        assert page.evaluate(MARKED) == ["The head points up"]
        style = "getComputedStyle(document.querySelector('#elements .contradicted'))"
        assert page.evaluate(f"{style}.textDecorationStyle") == "wavy"  # more than a colour
        reason = page.evaluate("document.querySelector('#elements li').textContent")
        assert "head pitch is 'down', not up (−40 ± 2 °)" in reason
        page.wait("document.querySelector('#picture img').naturalWidth === 80")
        page.press("n")
        wait_for(page, "a/3")
        page.press("ArrowRight")
        wait_for(page, "a/4")

        page.evaluate("document.querySelector('[data-filter=contradicted]').click(), 1")
        wait_for(page, "a/5")
        page.press("ArrowLeft")
        wait_for(page, "a/3")
        assert page.evaluate("document.querySelectorAll('#frames li').length") == 3

        page.evaluate("document.querySelectorAll('.recording')[1].click(), 1")  # none is wrong
        page.evaluate("document.querySelector('[data-filter=all]').click(), 1")
        page.evaluate("document.querySelectorAll('.recording')[2].click(), 1")
        wait_for(page, "c/0")
        assert "no poses" in page.evaluate("document.getElementById('head').textContent")
        assert page.evaluate("document.querySelectorAll('#elements .clause').length") == 0
        assert page.errors == []
