"""From sections to HTML, by the templates of this room; scripts and styles stand within the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from vqcodec.report_page import charts
from vqcodec.report_page.atlas import Atlas
from vqcodec.report_page.sections import Section
from vqcodec.version import __version__

_FOOTER = (
    "Rates count whole files, with their headers. PSNR of pictures is over all colour samples, with transparency of"
    " what is seen of them. The bits of a block are those that its decoder reads for it, with those that cut it out of"
    " its neighbourhood."
)


def page(title: str, sections: Sequence[Section], codebooks: Sequence[Atlas], skipped: Mapping[str, str]) -> bytes:
    """Return a page in UTF-8.

    Args:
        title: its heading.
        sections: what it shows, in this order.
        codebooks: atlases of the codebooks that were used.
        skipped: inputs that are left out, and why.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("vqcodec.report_page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Bokeh's references must come behind what they refer to, so keys keep their order
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    drawn = [chart for section in sections for chart in section.charts]
    text = environment.get_template("page.html").render(
        title=title,
        version=__version__,
        sections=sections,
        codebooks=codebooks,
        skipped=skipped,
        kinds=list(dict.fromkeys(section.kind for section in sections)),
        charts=[{name: value for name, value in chart.items() if name != "caption"} for chart in drawn],
        chart_scripts=_as_it_is(charts.scripts()) if drawn else "",
        file=lambda name: _as_it_is(_file(name)),
        footer=_FOOTER,
    )
    return text.encode("utf-8")


def _as_it_is(text: str) -> Any:
    """Return text that a template puts in as it is."""
    from markupsafe import Markup

    return Markup(text)  # of files of this package and of Bokeh's alone


def _file(name: str) -> str:
    """Return a script or the styles."""
    return (files("vqcodec.report_page") / "templates" / name).read_text(encoding="utf-8")
