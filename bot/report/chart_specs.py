"""The charts of a report as Vega-Lite specifications; data are named, their rows come apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from bot.report.palette import Palette

Spec = dict[str, Any]
WIDTH = "container"  # the page puts its own number here
_LOG_FROM = 3.0  # times the least value: beyond, equal steps are equal growth
_AXIS = 52  # room for the numbers of the y axis, so that charts below one another line up
_BIN_R = 0.25
PRICE = ",.6~r"  # of any size, with six digits and no exponent
_STEPS_MAX = 8
_STEPS = (
    (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,),
)  # fmt: skip
_TIMES = {
    "seconds": "%H:%M", "minutes": "%H:%M", "hours": "%H:%M", "day": "%d %b", "date": "%d %b",
    "week": "%d %b", "month": "%b", "quarter": "%b", "year": "%Y",
}  # fmt: skip


def style(palette: Palette) -> Spec:
    """What all charts share."""
    ink, soft, grid = palette["ink"], palette["soft"], palette["grid"]
    return {
        "background": None,
        "font": "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
        "view": {"stroke": None},
        "axis": {"labelColor": soft, "titleColor": soft, "gridColor": grid, "domainColor": grid,
                 "tickColor": grid, "labelFontSize": 11, "titleFontSize": 11,
                 "titleFontWeight": "normal"},
        "axisY": {"minExtent": _AXIS, "maxExtent": _AXIS, "tickCount": 5, "domain": False,
                  "ticks": False, "labelLimit": _AXIS},
        "axisX": {"grid": False, "labelOverlap": True, "labelSeparation": 10, "tickCount": 8},
        "legend": {"labelColor": ink, "titleColor": soft, "labelFontSize": 11, "orient": "top",
                   "title": None, "columns": 2, "symbolStrokeWidth": 3},
        "title": {"color": ink, "subtitleColor": soft, "anchor": "start"},
        "text": {"color": ink, "fontSize": 11},
    }  # fmt: skip


def time_x(field: str = "t") -> Spec:
    """An axis of time, in UTC, by the day's 24 hours."""
    return {"field": field, "type": "temporal", "scale": {"type": "utc"}, "title": None,
            "axis": {"format": _TIMES}}  # fmt: skip


def number_y(field: str, text: str) -> Spec:
    """An axis of numbers written in a d3 format, from the least to the greatest."""
    return {"field": field, "type": "quantitative", "title": None, "scale": {"zero": False},
            "axis": {"format": text}}  # fmt: skip


def growth_y(field: str, text: str, values: Sequence[float]) -> Spec:
    """The same, logarithmic where the values differ by so much that growth is easier to read."""
    if not values or min(values) <= 0 or max(values) / min(values) <= _LOG_FROM:
        return number_y(field, text)
    return {"field": field, "type": "quantitative", "title": None,
            "scale": {"type": "log", "nice": False},
            # The library drops every other step where there are more than it was told to expect.
            "axis": {"format": text, "values": _round_steps(min(values), max(values)),
                     "tickCount": _STEPS_MAX, "labelOverlap": "greedy"}}  # fmt: skip


def _round_steps(low: float, high: float) -> list[float]:
    """Round numbers between two, evenly spread over their powers of ten; at least three.

    The finest are so close that any span whose greatest is three times its least holds three.

    >>> _round_steps(3_100.0, 9_400.0)
    [4000.0, 5000.0, 6000.0, 7000.0, 8000.0, 9000.0]
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in _STEPS:
        steps = [factor * 10.0**power for power in powers for factor in factors]
        inside = [step for step in steps if low <= step <= high]
        if len(inside) <= _STEPS_MAX:
            break
    return inside


def equity_spec(names: Sequence[str], values: Sequence[float], palette: Palette) -> Spec:
    """Data: `equity` (t, name, value); `values` are all of them."""
    colours = {"domain": names, "range": (palette.series() * 3)[: len(names)]}
    hover = {"name": "hover", "select": {"type": "point", "fields": ["t"], "nearest": True,
             "on": "pointermove", "clear": "pointerout"}}  # fmt: skip
    tips: list[Spec] = [{"field": "t", "type": "temporal", "title": "day", "format": "%Y-%m-%d"}]
    tips += [{"field": _plain(name), "type": "quantitative", "title": name, "format": ",.2f"}
             for name in names]  # fmt: skip
    return {
        "width": WIDTH,
        "height": 300,
        "layer": [
            {"data": {"name": "equity"},
             "mark": {"type": "line", "strokeWidth": 1.6},
             "encoding": {"x": time_x(), "y": growth_y("value", "~s", values),
                          "color": {"field": "name", "type": "nominal", "scale": colours}}},
            {"data": {"name": "equity"},
             "transform": [{"pivot": "name", "value": "value", "groupby": ["t"]}],
             "mark": {"type": "rule", "color": palette["soft"], "tooltip": True},
             "params": [hover],
             "encoding": {"x": time_x(), "tooltip": tips,
                          "opacity": {"condition": {"param": "hover", "empty": False, "value": 1},
                                      "value": 0}}},
        ],
    }  # fmt: skip


def band_spec(palette: Palette) -> Spec:
    """Data: `band` (t, low, high), `account` (t, value): the run between its variations."""
    tips = [{"field": "t", "type": "temporal", "title": "day", "format": "%Y-%m-%d"}]
    tips += [{"field": field, "type": "quantitative", "format": ",.2f", "title": word}
             for field, word in (("low", "lowest"), ("high", "highest"))]  # fmt: skip
    return {
        "width": WIDTH,
        "height": 220,
        "layer": [
            {"data": {"name": "band"},
             "mark": {"type": "area", "color": palette["c1"], "opacity": 0.22},
             "encoding": {"x": time_x(), "y": number_y("low", "~s"), "y2": {"field": "high"},
                          "tooltip": tips}},
            {"data": {"name": "account"},
             "mark": {"type": "line", "color": palette["c1"], "strokeWidth": 1.6},
             "encoding": {"x": time_x(), "y": number_y("value", "~s")}},
        ],
    }  # fmt: skip


def _plain(name: str) -> str:
    """A name as a field: no path into an object."""
    return "".join(f"\\{c}" if c in ".[]'\"\\" else c for c in name)


def share_spec(field: str, colour: str, palette: Palette) -> Spec:
    """Data: `shares` (t, below, invested); one of them as an area."""
    encoding = {
        "x": time_x(),
        "y": {**number_y(field, "~%"), "scale": {"zero": True}},
        "tooltip": [{"field": "t", "type": "temporal", "format": "%Y-%m-%d %H:%M"},
                    {"field": field, "type": "quantitative", "format": ".2%"}],
    }  # fmt: skip
    return {
        "width": WIDTH,
        "height": 120,
        "data": {"name": "shares"},
        "mark": {"type": "area", "color": palette[colour], "opacity": 0.55,
                 "line": {"color": palette[colour], "strokeWidth": 1}},
        "encoding": encoding,
    }  # fmt: skip


def multiples_spec(palette: Palette) -> Spec:
    """Data: `multiples` (r): how many trades ended where."""
    colour = {"condition": {"test": "datum.low < 0", "value": palette["loss"]},
              "value": palette["gain"]}  # fmt: skip
    return {
        "width": WIDTH,
        "height": 180,
        "layer": [
            {"data": {"name": "multiples"},
             "transform": [{"bin": {"step": _BIN_R}, "field": "r", "as": ["low", "high"]},
                           {"aggregate": [{"op": "count", "as": "n"}], "groupby": ["low", "high"]}],
             "mark": {"type": "bar", "binSpacing": 1},
             "encoding": {"x": {"field": "low", "type": "quantitative", "bin": {"binned": True},
                                "title": "result of a trade in R"},
                          "x2": {"field": "high"},
                          "y": {**number_y("n", "d"), "scale": {"zero": True}},
                          "color": colour,
                          "tooltip": [{"field": "low", "title": "from R", "format": ".2f"},
                                      {"field": "high", "title": "to R", "format": ".2f"},
                                      {"field": "n", "title": "trades"}]}},
            {"data": {"name": "multiples"},
             "mark": {"type": "rule", "color": palette["ink"], "strokeDash": [4, 3]},
             "encoding": {"x": {"field": "r", "aggregate": "mean", "type": "quantitative"}}},
        ],
    }  # fmt: skip


def funnel_spec(stages: Sequence[str], palette: Palette) -> Spec:
    """Data: `funnel` (stage, count): what was left, stage by stage, of the candidates."""
    axis = {"minExtent": 0, "maxExtent": 400, "labelLimit": 400, "grid": False}
    stage = {"field": "stage", "type": "nominal", "sort": stages, "title": None, "axis": axis}
    count = {"field": "count", "type": "quantitative", "title": None, "axis": None}
    return {
        "width": WIDTH,
        "height": {"step": 24},
        "layer": [
            {"data": {"name": "funnel"},
             "mark": {"type": "bar", "color": palette["c1"], "opacity": 0.75, "height": 15},
             "encoding": {"x": count, "y": stage}},
            {"data": {"name": "funnel"},
             "mark": {"type": "text", "align": "left", "dx": 5},
             "encoding": {"x": count, "y": stage,
                          "text": {"field": "count", "type": "quantitative", "format": ","}}},
        ],
    }  # fmt: skip


def price_spec(palette: Palette, lows: Sequence[float]) -> Spec:
    """Data: `prices` (t, low, high, close), `marks` (trades); below it the strip that zooms.

    lows: of all prices, for the choice of the scale; the numbers at the axis are the library's,
    since what is zoomed in has others.
    """
    scale = growth_y("low", PRICE, lows)["scale"]
    return {
        "vconcat": [
            {"width": WIDTH, "height": 320, "layer": _price_layers(palette, scale)},
            {"width": WIDTH, "height": 46,
             "layer": [
                 {"data": {"name": "prices"},
                  "params": [{"name": "zoom", "select": {"type": "interval", "encodings": ["x"]}}],
                  "mark": {"type": "line", "color": palette["c5"], "strokeWidth": 1},
                  "encoding": {"x": time_x(),
                               "y": {**number_y("close", "~s"), "axis": None, "scale": scale}}},
             ]},
        ],
        "spacing": 12,
    }  # fmt: skip


def _price_layers(palette: Palette, scale: Spec) -> list[Spec]:
    result = {"condition": {"test": "datum.r < 0", "value": palette["loss"]},
              "value": palette["gain"]}  # fmt: skip
    tips = [
        {"field": "trade", "type": "nominal"},
        {"field": "t", "type": "temporal", "title": "opened", "format": "%Y-%m-%d %H:%M"},
        {"field": "entry", "type": "quantitative"},
        {"field": "exit", "type": "quantitative"},
        {"field": "stop", "type": "quantitative"},
        {"field": "target", "type": "quantitative"},
        {"field": "r", "type": "quantitative", "title": "R", "format": ".2f"},
        {"field": "reason", "type": "nominal"},
    ]

    def y(field: str) -> Spec:
        return {**number_y(field, PRICE), "scale": scale}

    near: Spec = {"transform": [{"filter": {"param": "zoom"}}]}
    prices: Spec = {"data": {"name": "prices"}, **near}
    marks: Spec = {"data": {"name": "marks"}, **near}
    layers: list[Spec] = [
        {**prices,
         "mark": {"type": "area", "color": palette["c5"], "opacity": 0.3, "clip": True},
         "encoding": {"x": time_x(), "y": y("low"), "y2": {"field": "high"}}},
        {**prices,
         "mark": {"type": "line", "color": palette["c5"], "strokeWidth": 1, "clip": True},
         "encoding": {"x": time_x(), "y": y("close")}},
    ]  # fmt: skip
    layers += [
        {**marks,
         "mark": {"type": "rule", "color": palette[colour], "strokeWidth": 2, "clip": True},
         "encoding": {"x": time_x(), "x2": {"field": "to"}, "y": y(field)}}
        for field, colour in (("stop", "loss"), ("target", "gain"))
    ]  # fmt: skip
    layers += [
        {**marks,
         "mark": {"type": "rule", "strokeWidth": 1.2, "clip": True},
         "encoding": {"x": time_x(), "x2": {"field": "to"}, "y": y("entry"),
                      "y2": {"field": "exit"}, "color": result}},
        {**marks,
         "mark": {"type": "point", "shape": "triangle-up", "filled": True, "size": 70,
                  "cursor": "pointer", "opacity": 0.9, "clip": True},
         "encoding": {"x": time_x(), "y": y("entry"), "color": result,
                      "tooltip": tips}},
    ]  # fmt: skip
    return layers
