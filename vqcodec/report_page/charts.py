"""Charts that a reader can point at and zoom: made by Bokeh, drawn by its scripts, which stand in the page."""

from __future__ import annotations

import importlib.util
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vqcodec.errors import UsageError

OWN_COLOUR = "#0b5fa5"
COLOURS = (OWN_COLOUR, "#e08a1e", "#3f9d5d", "#b8483f", "#7d62a8", "#8a6250", "#d46ba8", "#7f7f7f")
_HEIGHT = 340  # pixels
_TOOLS = "pan,box_zoom,reset,save"


@dataclass(frozen=True)
class Series:
    """A line of a chart.

    Attributes:
        name: for the legend.
        x, y: of the points.
        labels: what is said of each point; empty for nothing.
        own: whether it is vqcodec's.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    labels: Sequence[str] = ()
    own: bool = False


def require() -> None:
    """Raise UsageError if the packages that a page needs are not installed."""
    if importlib.util.find_spec("bokeh") is None or importlib.util.find_spec("jinja2") is None:
        raise UsageError("a report needs Bokeh: pip install 'vqcodec[report]'")


def scripts() -> str:
    """Return the elements that bring Bokeh's scripts into a page."""
    from bokeh.resources import Resources

    return str(Resources(mode="inline", components=["bokeh"]).render_js())


def rate_chart(target: str, caption: str, series: Sequence[Series], axes: tuple[str, str]) -> dict[str, Any]:
    """Return a chart of curves of rate and quality, the rate on a logarithmic axis.

    Args:
        target: identifier of the element that it is drawn in.
        caption: what stands below it.
        axes: what x and y are, with their units.
    """
    figure = _figure(axes, x_axis_type="log")
    for number, one in enumerate(series):
        colour = COLOURS[number % len(COLOURS)]
        points = [(x, y, label) for x, y, label in zip(one.x, one.y, one.labels, strict=True) if math.isfinite(y)]
        source = {
            "x": [x for x, _, _ in points],
            "y": [y for _, y, _ in points],
            "label": [text for _, _, text in points],
        }
        line = figure.line(
            "x", "y", source=source, legend_label=one.name, color=colour, line_width=3 if one.own else 1.5
        )
        figure.scatter("x", "y", source=line.data_source, legend_label=one.name, color=colour, size=8 if one.own else 5)
    figure.add_tools(_hover([("", "@label"), (axes[0], "@x{0.000}"), (axes[1], "@y{0.00}")]))
    figure.legend.location = "bottom_right"
    return _item(figure, target, caption)


def line_chart(
    target: str, caption: str, series: Sequence[Series], axes: tuple[str, str], *, scale: str = "linear"
) -> dict[str, Any]:
    """Return a chart of lines without marks, y on a `linear` or `log` scale; other arguments as of `rate_chart`."""
    figure = _figure(axes, y_axis_type=scale)
    for number, one in enumerate(series):
        source = {"x": list(one.x), "y": list(one.y), "label": list(one.labels)}
        colour = COLOURS[number % len(COLOURS)]
        figure.line("x", "y", source=source, legend_label=one.name, color=colour, line_width=1.5)
    figure.add_tools(_hover([("", "@label"), (axes[0], "@x"), (axes[1], "@y{0.00}")]))
    return _item(figure, target, caption)


def _figure(axes: tuple[str, str], **more: Any) -> Any:
    from bokeh.plotting import figure

    made = figure(
        height=_HEIGHT,
        sizing_mode="stretch_width",
        tools=_TOOLS,
        x_axis_label=axes[0],
        y_axis_label=axes[1],
        background_fill_color="#fbfcfd",
        outline_line_color=None,
        **more,
    )
    made.toolbar.logo = None
    made.grid.grid_line_color = "#e3e8ec"
    return made


def _hover(tooltips: Sequence[tuple[str, str]]) -> Any:
    from bokeh.models import HoverTool

    return HoverTool(tooltips=list(tooltips))


def _item(figure: Any, target: str, caption: str) -> dict[str, Any]:
    """Return a figure as Bokeh's script takes it."""
    from bokeh.core.types import ID
    from bokeh.embed import json_item

    for legend in figure.legend:
        legend.click_policy = "hide"
        legend.label_text_font_size = "9pt"
        legend.background_fill_alpha = 0.75
        legend.padding, legend.spacing, legend.glyph_height = 5, 0, 16
    item: dict[str, Any] = json.loads(_renumbered(json.dumps(json_item(figure, ID(target))), target))
    return {**item, "caption": caption}


def _renumbered(text: str, target: str) -> str:
    """Return a chart in JSON whose identifiers do not depend on the charts that were made before it."""
    numbers: dict[str, str] = {}

    def name(found: re.Match[str]) -> str:
        return f'"{found[1]}": "{numbers.setdefault(found[2], f"{target}-{len(numbers)}")}"'

    return re.sub(r'"(id|root_id)": "(p\d+)"', name, text)
