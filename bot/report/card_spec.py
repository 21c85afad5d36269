"""The picture of one trade: candles, levels, stop, target and fills, as a specification."""

from __future__ import annotations

from typing import Any

from bot.report.chart_specs import PRICE, WIDTH, Spec, number_y, style, time_x
from bot.report.level_labels import HEIGHT, PADDING, label_room, level_labels
from bot.report.palette import Palette
from bot.report.run_charts import records
from bot.report.tables import clean, minute_text, money_shown

Document = dict[str, Any]
DATASETS = ("bars", "levels", "lines", "fills", "moments")
_HALF_HOUR = 1_800_000
_PICTURE_WIDTH = 860
_ROW = 17
_LEAD = 14  # of the line from a level to its words


def card_chart(palette: Palette, width: int | str = WIDTH) -> Spec:
    """Data: `bars`, `levels`, `lines`, `fills`, `moments` of a trade's card, and its `labels`."""
    return {"width": width, "height": HEIGHT, "layer": [
        _levels(palette), *_candles(palette), *_moments(palette), *_lines(palette),
        _fills(palette), *_labels(palette),
    ]}  # fmt: skip


def card_picture(card: Document, palette: Palette) -> Spec:
    """The card as one picture with its own data: chart above, gates, bracket and size below."""
    labels = level_labels(card)
    chart = card_chart(palette, _PICTURE_WIDTH - label_room(labels))
    won = f"{money_shown(card['pnl'])} net"
    multiple = "" if card["r"] is None else f", {card['r']:+.2f} R"
    bottom = [
        _panel("gates", _gate_rows(card), palette),
        _panel("bracket", card["bracket"], palette),
        _panel("size", card["size"], palette),
    ]  # fmt: skip
    head = {
        "text": f"{clean(card['symbol'])}  {card['reason']}  {won}{multiple}",
        "subtitle": [
            f"trade {card['id']} of {clean(card['strategy'])}: decided "
            f"{minute_text(card['decided'])}, opened {minute_text(card['opened'])}, closed in the "
            f"hour of {minute_text(card['closed'])} UTC",
            f"{card['quantity']} bought at {card['entry']}, sold at {card['exit']}, fees "
            f"{money_shown(card['fees'])}, at risk {money_shown(card['risk'])}",
        ],
        "fontSize": 16,
        "anchor": "start",
    }
    return {
        "title": head,
        "padding": 16,
        "background": palette["page"],
        "config": style(palette) | {"background": palette["page"], "concat": {"spacing": 30}},
        "datasets": {
            **{name: records(card[name]) for name in DATASETS},
            "labels": records(labels),
        },
        "vconcat": [chart, {"hconcat": bottom}],
    }


def _gate_rows(card: Document) -> list[tuple[str, str]]:
    """Two lines for a gate: what was measured, and what was asked for."""
    rows = []
    for name, value, limit, verdict in card["gates"]:
        rows += [(name, value), (f"  {limit}", verdict)]
    return rows


def _x(field: str = "mid") -> Spec:
    return time_x(field)


def _mid(field: str = "t") -> list[Spec]:
    """The middle of an hour, where its candle stands."""
    return [{"calculate": f"datum.{field} + {_HALF_HOUR}", "as": "mid"}]


def _candles(palette: Palette) -> list[Spec]:
    colour = {"condition": {"test": "datum.c < datum.o", "value": palette["loss"]},
              "value": palette["gain"]}  # fmt: skip
    tips = [{"field": "t", "type": "temporal", "title": "hour", "format": "%Y-%m-%d %H:%M"}]
    words = (("o", "open"), ("h", "high"), ("l", "low"), ("c", "close"))
    tips += [{"field": field, "type": "quantitative", "title": word} for field, word in words]
    shared: Spec = {"data": {"name": "bars"}, "transform": _mid()}
    return [
        {**shared, "mark": {"type": "rule", "opacity": 0.8},
         "encoding": {"x": _x(), "y": _price_y("l"), "y2": {"field": "h"}, "color": colour,
                      "tooltip": tips}},
        {**shared, "mark": {"type": "bar", "size": 4},
         "encoding": {"x": _x(), "y": _price_y("o"), "y2": {"field": "c"}, "color": colour,
                      "tooltip": tips}},
    ]  # fmt: skip


def _price_y(field: str) -> Spec:
    """From the lowest to the highest of what is drawn, as `level_labels` reckons with."""
    scale = {"zero": False, "nice": False, "padding": PADDING}
    return {**number_y(field, PRICE), "scale": scale}


def _levels(palette: Palette) -> Spec:
    """The book as the decision saw it; a thicker line is a stronger level."""
    width = {"field": "weight", "type": "quantitative", "legend": None,
             "scale": {"domain": [0, 10], "range": [0.7, 4], "clamp": True}}  # fmt: skip
    told = "isValid(datum.strength) ? format(datum.strength, '.1f') : ''"
    tips = [{"field": "price", "type": "quantitative"},
            {"field": "told", "type": "nominal", "title": "strength"},
            {"field": "side", "type": "nominal"}, {"field": "used", "type": "nominal"}]  # fmt: skip
    return {
        "data": {"name": "levels"},
        "transform": [{"calculate": "datum.strength || 0", "as": "weight"},
                      {"calculate": told, "as": "told"}],
        "mark": {"type": "rule", "color": palette["c5"], "opacity": 0.55},
        "encoding": {"y": _price_y("price"), "size": width, "tooltip": tips},
    }  # fmt: skip


def _labels(palette: Palette) -> list[Spec]:
    """Words at the right of the chart, each led to its level."""
    data = {"data": {"name": "labels"}}
    edge = {"value": "width"}
    return [
        {**data, "transform": [{"filter": "isValid(datum.price)"}],
         "mark": {"type": "rule", "color": palette["c5"], "opacity": 0.55, "xOffset": 1,
                  "x2Offset": _LEAD},
         "encoding": {"x": edge, "x2": edge, "y": _price_y("price"), "y2": {"field": "at"}}},
        {**data,
         "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": _LEAD + 3,
                  "fontSize": 10, "color": palette["soft"]},
         "encoding": {"x": edge, "y": _price_y("at"),
                      "text": {"field": "label", "type": "nominal"}}},
    ]  # fmt: skip


def _lines(palette: Palette) -> list[Spec]:
    """Stop and target for as long as they stood; their words lie on the sides turned away."""
    colour = {"condition": {"test": "datum.kind === 'stop'", "value": palette["loss"]},
              "value": palette["gain"]}  # fmt: skip
    under = {"stroke": palette["page"], "strokeWidth": 4}  # keeps candles off the letters
    words = [
        _line_word(kind, {"dy": dy, "baseline": side, "color": palette[shade], **halo})
        for kind, side, dy, shade in (("target", "bottom", -2, "gain"), ("stop", "top", 3, "loss"))
        for halo in (under, {})
    ]
    return [
        {"data": {"name": "lines"}, "mark": {"type": "rule", "strokeWidth": 2.5},
         "encoding": {"x": _x("from"), "x2": {"field": "to"}, "y": _price_y("price"),
                      "color": colour}},
        *words,
    ]  # fmt: skip


def _line_word(kind: str, place: Spec) -> Spec:
    mark = {"type": "text", "align": "right", "dx": -5, "fontWeight": "bold", **place}
    return {
        "data": {"name": "lines"},
        "transform": [{"filter": f"datum.kind === '{kind}'"}],
        "mark": mark,
        "encoding": {"x": _x("from"), "y": _price_y("price"),
                     "text": {"field": "kind", "type": "nominal"}},
    }  # fmt: skip


def _moments(palette: Palette) -> list[Spec]:
    shared: Spec = {"data": {"name": "moments"}}
    return [
        {**shared,
         "mark": {"type": "rule", "color": palette["soft"], "strokeDash": [3, 3]},
         "encoding": {"x": _x("t")}},
        {**shared,
         "mark": {"type": "text", "align": "left", "dx": 3, "baseline": "top",
                  "color": palette["soft"]},
         "encoding": {"x": _x("t"), "y": {"value": 0},
                      "text": {"field": "label", "type": "nominal"}}},
    ]  # fmt: skip


def _fills(palette: Palette) -> Spec:
    shape = {"condition": {"test": "datum.side === 'BUY'", "value": "triangle-up"},
             "value": "triangle-down"}  # fmt: skip
    return {
        "data": {"name": "fills"},
        "transform": _mid(),
        "mark": {"type": "point", "filled": True, "size": 110, "color": palette["c1"],
                 "opacity": 1, "stroke": palette["page"], "strokeWidth": 1},
        "encoding": {"x": _x(), "y": _price_y("price"), "shape": shape,
                     "tooltip": [{"field": "text", "type": "nominal", "title": "fill"}]},
    }  # fmt: skip


def _panel(title: str, rows: list[Any], palette: Palette) -> Spec:
    """A block of text: names at the left, values at the right."""
    width = (_PICTURE_WIDTH - 60) // 3
    values = [{"n": n, "name": clean(str(a)), "value": clean(str(b))}
              for n, (a, b) in enumerate(rows or [("none", "")])]  # fmt: skip
    y = {"field": "n", "type": "ordinal", "axis": None}
    return {
        "title": {"text": title, "fontSize": 12, "anchor": "start"},
        "width": width,
        "height": _ROW * len(values),
        "data": {"values": values},
        "layer": [
            {"mark": {"type": "text", "align": side, "color": palette[colour]},
             "encoding": {"x": {"value": place}, "y": y,
                          "text": {"field": field, "type": "nominal"}}}
            for field, side, place, colour in (("name", "left", 0, "soft"),
                                               ("value", "right", width, "ink"))
        ],
    }  # fmt: skip
