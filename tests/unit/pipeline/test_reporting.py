"""The report is whole, loads nothing, and lets no text of others act."""

import re
from html.parser import HTMLParser

import pytest
from matplotlib.figure import Figure as Canvas

from mousegpt.core.errors import DataError
from mousegpt.pipeline.drawings import encode_figure, prepare_svg
from mousegpt.pipeline.reporting import (
    Example,
    Figure,
    KeypointSource,
    ProvenanceRow,
    ReportContent,
    parse_blocks,
    render_report,
)

PICTURE = "data:image/png;base64,iVBORw0KGgo="
SECTIONS = (
    "overview", "behaviours", "examples", "rare", "postures", "recordings", "keypoints",
    "methods", "provenance",
)  # fmt: skip


class Page(HTMLParser):
    """Collects what the tests ask: tags, ids, and what is linked or loaded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name in ("src", "href", "srcset")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def draw() -> Canvas:
    figure = Canvas(figsize=(3.5, 2))
    ax = figure.add_subplot()
    ax.plot([0, 1, 2], [2, 0, 1], "o")
    ax.set_title("Speed & <rest>")
    return figure


def make_content(word: str = "word", picture: str = PICTURE) -> ReportContent:
    """Return a report with the word in every text there is."""
    svg = encode_figure(draw())["svg"].decode()
    return ReportContent(
        title=word,
        version=word,
        overview=[(word, word), ("animals", 12)],
        findings=[word],
        warnings=[word],
        figures=[
            Figure(word, word, word, svg),
            Figure(word, word, word, svg),
            Figure(word, word, word, svg, "postures"),
        ],
        examples=[
            Example(word, word, 7, 1.5, word, "typical", picture, {word: word}),
            Example(word, word, 8, 2.5, word, "rare", picture, {word: word}, 0.9),
            Example(word, "", 9, 3.5, "", "rare", "", {"overall": ""}, None),
        ],
        novelty_report=f"# {word}\n\n## {word}\n\n{word}\n\n- {word}",
        recordings=[{"recording": word, word: word, "frames": 10}, {"recording": "b"}],
        known_keypoints={word: [(word, 0.75), ("nose", float("nan"))]},
        unknown_states={word: [(word, 0.25)]},
        mosaics=[(word, picture)],
        skeletons={word: [KeypointSource(word, word, True), KeypointSource(word, None, False)]},
        methods=f"# {word}\n{word}\n\n- {word}",
        provenance=[ProvenanceRow(word, word, word, word, word)],
    )


@pytest.mark.parametrize(
    "attack", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onload='alert(1)"]
)
def test_no_text_can_act(attack):
    harmless, page = Page(render_report(make_content())), Page(render_report(make_content(attack)))
    assert page.tags == harmless.tags
    assert page.links == harmless.links
    assert page.handlers == []
    assert "script" not in page.tags


def test_page_loads_nothing_from_elsewhere():
    text = render_report(make_content())
    links = Page(text).links
    assert links
    assert [link for link in links if not link.startswith(("#", "data:image/"))] == []
    assert not re.search(r"""(https?:)?//[\w.]|@import|url\((?!#)""", text)


def test_page_has_every_section_and_its_contents_point_there():
    page = Page(render_report(make_content()))
    assert [name for name in page.ids if name in SECTIONS] == list(SECTIONS)
    local = {link[1:] for link in page.links if link.startswith("#")}
    assert local >= set(SECTIONS)
    assert local <= set(page.ids)


def test_ids_are_unique_though_figures_repeat():
    ids = Page(render_report(make_content())).ids
    assert len(ids) == len(set(ids))
    assert sum(name.startswith("figure2-") for name in ids) > 3


def test_empty_report_still_has_every_section():
    page = Page(render_report(ReportContent("Empty study", "1.0")))
    assert set(SECTIONS) <= set(page.ids)


def test_lists_and_headings_of_a_text_are_set():
    text = "# Novel\n\n## frame 3\nFirst,\nsecond.\n\n- head: up\n- limb: down,\n  both"
    kinds = [(block.kind, block.lines) for block in parse_blocks(text)]
    assert kinds == [
        ("heading", ("Novel",)),
        ("subheading", ("frame 3",)),
        ("paragraph", ("First, second.",)),
        ("list", ("head: up", "limb: down, both")),
    ]


def test_rendering_twice_gives_the_same_page():
    assert render_report(make_content()) == render_report(make_content())


def test_picture_from_elsewhere_is_refused():
    with pytest.raises(DataError, match="data URL"):
        render_report(make_content(picture="https://example.org/mouse.png"))


def test_shares_are_shown_in_percent_and_unknown_ones_as_a_dash():
    text = render_report(make_content())
    assert '<td style="--share:0.750">75</td><td>–</td>' in text


def test_recordings_read_alike_are_told_once():
    row = KeypointSource("snout", "nose", False)
    skeletons = {"a": [row], "b": [row], "c": [KeypointSource("snout", None, False)]}
    text = render_report(ReportContent("Study", "1.0", skeletons=skeletons))
    assert "<h3>a, b</h3>" in text
    assert "<h3>c</h3>" in text


def test_drawing_keeps_references_and_loses_what_acts_or_loads():
    svg = """<?xml version="1.0"?><!DOCTYPE svg>
    <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
         width="100pt" height="50pt" viewBox="0 0 100 50" onload="f()">
      <style>@import "http://a";</style><script>f()</script>
      <foreignObject><p>x</p></foreignObject>
      <defs><path id="dot" d="M0 0"/></defs>
      <use xlink:href="#dot" clip-path="url(#dot)" onclick="f()"/>
      <g style="fill: URL(http://a)"/><image href="http://a"/>
      <image xlink:href="data:image/png;base64,AA"/>
    </svg>"""
    text = prepare_svg(svg, "p-", 'A "speed"')
    assert re.findall(r"<(\w+)", text) == ["svg", "defs", "path", "use", "g", "image"]
    assert '<use href="#p-dot" clip-path="url(#p-dot)" />' in text
    assert 'aria-label="A &quot;speed&quot;"' in text
    assert "http" not in text and "f()" not in text


@pytest.mark.parametrize("text", ["not a drawing", "<html/>"])
def test_what_is_not_svg_is_refused(text):
    with pytest.raises(DataError, match="Expected a drawing in SVG"):
        prepare_svg(text, "p-", "Speed")


def test_equal_figures_have_equal_bytes():
    first, second = encode_figure(draw()), encode_figure(draw())
    assert list(first) == ["svg", "pdf", "png"]
    assert first == second
    assert encode_figure(draw()) == first


def test_text_of_a_figure_stays_text_and_no_date_is_kept():
    files = encode_figure(draw())
    assert b"Speed &amp; &lt;rest&gt;" in files["svg"]
    assert b"Date" not in files["svg"] and b"CreationDate" not in files["pdf"]
    width, height = (int.from_bytes(files["png"][i : i + 4], "big") for i in (16, 20))
    assert (width, height) == (1050, 600)
