"""The charts of a report as Vega-Lite specifications; data are named, their rows come apart."""

from __future__ import annotations

from typing import Any

from bot.report.palette import Palette

Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
WIDTH = "container"  # the page puts its own number here
_LOG_FROM = 3.0  # times the least value: beyond, equal steps are equal growth
_AXIS = 52  # room for the numbers of the y axis, so that charts below one another line up
_BIN_R = 0.25


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
        "axisX": {"grid": False, "labelOverlap": True, "labelFlush": True},
        "legend": {"labelColor": ink, "titleColor": soft, "labelFontSize": 11, "orient": "top",
                   "title": None, "columns": 2, "symbolStrokeWidth": 3},
        "title": {"color": ink, "subtitleColor": soft, "anchor": "start"},
        "text": {"color": ink, "fontSize": 11},
    }  # fmt: skip


def time_x(field: str = "t", **more: Any) -> Spec:
    """An axis of time, in UTC."""
    return {"field": field, "type": "temporal", "scale": {"type": "utc"}, "title": None, **more}


def number_y(field: str, text: str, scale: Spec | None = None) -> Spec:
    """An axis of numbers written in a d3 format."""
    return {"field": field, "type": "quantitative", "title": None,
            "scale": {"zero": False, **(scale or {})}, "axis": {"format": text}}  # fmt: skip


def is_logarithmic(values: list[float]) -> bool:
    """Whether growth is better read on a logarithmic scale."""
    return bool(values) and min(values) > 0 and max(values) / min(values) > _LOG_FROM


def equity_spec(names: list[str], palette: Palette, *, logarithmic: bool) -> Spec:
    """Data: `equity` (t, name, value), `band` (t, low, high)."""
    scale = {"type": "log"} if logarithmic else {}
    y = number_y("value", "~s", scale)
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
            {"data": {"name": "band"},
             "mark": {"type": "area", "color": palette["c1"], "opacity": 0.22},
             "encoding": {"x": time_x(), "y": number_y("low", "~s", scale),
                          "y2": {"field": "high"}}},
            {"data": {"name": "equity"},
             "mark": {"type": "line", "strokeWidth": 1.6, "clip": True},
             "encoding": {"x": time_x(), "y": y,
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


def price_spec(palette: Palette) -> Spec:
    """Data: `prices` (t, low, high, close), `marks` (trades); below it the strip that zooms."""
    near = {"scale": {"type": "utc", "domain": {"param": "zoom", "encoding": "x"}}}
    return {
        "vconcat": [
            {"width": WIDTH, "height": 320, "layer": _price_layers(palette, near)},
            {"width": WIDTH, "height": 46,
             "layer": [
                 {"data": {"name": "prices"},
                  "params": [{"name": "zoom", "select": {"type": "interval", "encodings": ["x"]}}],
                  "mark": {"type": "area", "color": palette["c5"], "opacity": 0.35},
                  "encoding": {"x": time_x(), "y": {**number_y("close", "~s"), "axis": None}}},
             ]},
        ],
        "spacing": 12,
    }  # fmt: skip


def _price_layers(palette: Palette, near: Spec) -> list[Spec]:
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
    marks: Spec = {"name": "marks"}
    layers: list[Spec] = [
        {"data": {"name": "prices"},
         "mark": {"type": "area", "color": palette["c5"], "opacity": 0.3, "clip": True},
         "encoding": {"x": time_x(**near), "y": number_y("low", "~g"), "y2": {"field": "high"}}},
        {"data": {"name": "prices"},
         "mark": {"type": "line", "color": palette["c5"], "strokeWidth": 1, "clip": True},
         "encoding": {"x": time_x(**near), "y": number_y("close", "~g")}},
    ]  # fmt: skip
    layers += [
        {"data": marks,
         "mark": {"type": "rule", "color": palette[colour], "strokeWidth": 2, "clip": True},
         "encoding": {"x": time_x(**near), "x2": {"field": "to"}, "y": number_y(field, "~g")}}
        for field, colour in (("stop", "loss"), ("target", "gain"))
    ]  # fmt: skip
    layers += [
        {"data": marks,
         "mark": {"type": "rule", "strokeWidth": 1.2, "clip": True},
         "encoding": {"x": time_x(**near), "x2": {"field": "to"}, "y": number_y("entry", "~g"),
                      "y2": {"field": "exit"}, "color": result}},
        {"data": marks,
         "mark": {"type": "point", "shape": "triangle-up", "filled": True, "size": 70,
                  "cursor": "pointer", "opacity": 0.9, "clip": True},
         "encoding": {"x": time_x(**near), "y": number_y("entry", "~g"), "color": result,
                      "tooltip": tips}},
    ]  # fmt: skip
    return layers
