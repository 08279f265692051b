"""Figures as files of fixed bytes, and drawings made fit to stand in a page."""

from __future__ import annotations

import io
import re
from typing import Final
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure

from mousegpt.core.errors import DataError

_DROPPED: Final = ("script", "style", "metadata", "foreignObject", "animate", "set", "image", "a")
_REFERENCE: Final = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)")
_MAGNIFICATION: Final = 1.55  # text of 7 pt is small on a screen
_FIGURE_STYLE: Final = {"svg.hashsalt": "mousegpt", "svg.fonttype": "none", "pdf.fonttype": 42}
_NO_METADATA: Final[dict[str, dict[str, None]]] = {
    "svg": dict.fromkeys(("Date", "Creator", "Format", "Type")),
    "pdf": dict.fromkeys(("CreationDate", "Creator", "Producer")),
    "png": {"Software": None},
}


def encode_figure(figure: Figure) -> dict[str, bytes]:
    """Encode a figure as SVG and PDF, with text that can be searched, and PNG of 300 dpi.

    Returns
    -------
    dict
        Keys "svg", "pdf" and "png". Equal figures have equal bytes: no date, no random ids.
    """
    files = {}
    with mpl.rc_context(_FIGURE_STYLE):  # type: ignore[arg-type]
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laid out once, not for every format
        for kind, metadata in _NO_METADATA.items():
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, dpi=300, metadata=metadata)
            files[kind] = buffer.getvalue()
    return files


def prepare_svg(svg: str, prefix: str, label: str) -> str:
    """Make a drawing fit to stand in a page beside others.

    Ids and the references to them get the prefix. Scripts, style sheets (they would hold for the
    whole page), links, embedded pictures from elsewhere and metadata are left out.

    Raises
    ------
    DataError
        When the text is not SVG.

    Examples
    --------
    >>> prepare_svg('<?xml version="1.0"?><svg><g id="a"/></svg>', "figure1-", "Speed")
    '<svg role="img" aria-label="Speed"><g id="figure1-a" /></svg>'
    """
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise DataError(
            f"Expected a drawing in SVG, found text that is not XML: {error}."
        ) from None
    if _strip_namespace(root.tag) != "svg":
        raise DataError(f"Expected a drawing in SVG, found an element '{root.tag}'.")
    _prepare_element(root, prefix)
    width = root.attrib.pop("width", "")
    root.attrib.pop("height", None)
    if match := re.fullmatch(r"([\d.]+)(pt|px)?", width):
        size = float(match[1]) * _MAGNIFICATION
        root.set("style", f"max-width:{size:.0f}{match[2] or 'px'}")
    root.attrib |= {"role": "img", "aria-label": label}
    return ElementTree.tostring(root, encoding="unicode")


def _prepare_element(element: ElementTree.Element, prefix: str) -> None:
    element.tag = _strip_namespace(element.tag)
    for name, value in list(element.attrib.items()):
        del element.attrib[name]
        if (kept := _prepare_attribute(_strip_namespace(name), value, prefix)) is not None:
            element.set(_strip_namespace(name), kept)
    for child in list(element):
        href = child.get("href") or child.get("{http://www.w3.org/1999/xlink}href") or ""
        tag = _strip_namespace(child.tag)
        if tag in _DROPPED and not (tag == "image" and href.startswith("data:image/")):
            element.remove(child)
        else:
            _prepare_element(child, prefix)


def _prepare_attribute(name: str, value: str, prefix: str) -> str | None:
    """Return the attribute's value in the page, or None to leave the attribute out."""
    if name == "id":
        return prefix + value
    if name == "href":
        if value.startswith("#"):
            return f"#{prefix}{value[1:]}"
        return value if value.startswith("data:image/") else None
    local = _REFERENCE.sub(lambda match: f"url(#{prefix}{match[1]})", value)
    foreign = "url(" in local.replace(f"url(#{prefix}", "").lower()
    return None if foreign or name.lower().startswith("on") else local


def _strip_namespace(name: str) -> str:
    return name.rpartition("}")[2]
