"""`replay --report`, `report` and `card`: whole, self-contained, escaped, and seen in a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bot.adapters.files.record_writer import write_record
from bot.app.ledger_report import Cheap, ledger_facts
from bot.app.reading import reading
from bot.app.run_report import run_report
from bot.domain.instants import HOUR, format_instant
from bot.report.html_page import html_page
from bot.report.tables import money_shown
from tests.support.browser import browser, screen
from tests.support.command import ask, run
from tests.support.ledger_home import EASY, made_up_market, write_strategy
from tests.support.reading_home import FilledHomes

EVIL = "</script><img src=x onerror=alert(1)>\u202e&\"'" + "W" * 300
BYTES_MAX = 5_000_000
PHONE, DESK = 390, 1280
DRAWN = "return [...document.querySelectorAll('.chart')].every(one => one.dataset.drawn)"


class Elements(HTMLParser):
    """Every element of a page with its attributes, its texts, and what scripts and styles say."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, str]] = []
        self.text = ""
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style") and data.strip():
            self.inside.append((self._open, data))
        else:
            self.text += data + " "


@dataclass(frozen=True)
class Made:
    """A replay's page, what the replay said, and the same run as a ledger."""

    page: Path
    said: dict[str, Any]
    home: Path

    def elements(self) -> Elements:
        return Elements(self.page.read_text(encoding="utf-8"))

    def data(self) -> Any:
        texts = [text for kind, text in self.elements().inside if kind == "script"]
        return json.loads(texts[0])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A run over tokens whose every word would be markup."""
    folder = tmp_path_factory.mktemp("report")
    record = made_up_market(40, 3)
    record.tokens = [
        replace(one, symbol=EVIL, name=EVIL, sector=EVIL, category=EVIL) for one in record.tokens
    ]
    write_record(record, folder / "rows", "csv")
    write_strategy(folder, "easy", EASY)
    said = ask(
        "replay", folder / "strategies", "--record", folder / "rows", "--no-trial",
        "--out", folder / "home", "--format", "sqlite", "--report", folder / "page.html",
    )  # fmt: skip
    assert said["trades"] >= 3
    return Made(folder / "page.html", said, folder / "home")


@pytest.fixture(scope="module")
def seen(made: Made) -> Iterator[Any]:
    with browser() as driver:
        yield driver


def test_the_page_says_on_top_whose_prices_stand_still_at_the_end(tmp_path: Path) -> None:
    record = made_up_market(100, 3)
    last = max(bar.open_time for bar in record.bars)
    gone = min(token.token_id for token in record.tokens)
    until = last - 60 * HOUR
    record.bars = [bar for bar in record.bars if bar.token_id != gone or bar.open_time < until]
    write_record(record, tmp_path / "rows", "csv")
    write_strategy(tmp_path, "easy", EASY)
    page = tmp_path / "page.html"
    asked = ("replay", tmp_path / "strategies", "--record", tmp_path / "rows", "--no-trial")
    assert run(*asked, "--report", page).code == 0
    head, rest = page.read_text(encoding="utf-8").split("</header>", 1)
    (symbol,) = (token.symbol for token in record.tokens if token.token_id == gone)
    said = f"Bars end before the run does: {symbol} at {format_instant(until)[:16]}"
    assert said.replace("T", " ") in head.replace("T", " ")
    assert "for 2 days at most" in head
    assert "Bars end before" not in rest


def test_the_page_is_one_small_file_that_loads_nothing(made: Made) -> None:
    assert made.page.stat().st_size < BYTES_MAX
    for name, attributes in made.elements().found:
        assert name not in {"link", "img", "iframe", "object", "base", "form", "image"}
        assert not {"src", "href", "style", "action"} & set(attributes), name
    assert "@import" not in made.page.read_text()
    assert "url(" not in "".join(text for kind, text in made.elements().inside if kind == "style")


def test_the_policy_allows_the_two_texts_of_the_page_by_hash_and_nothing_else(made: Made) -> None:
    page = made.elements()
    (policy,) = (
        attributes["content"] for name, attributes in page.found
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )  # fmt: skip
    (sheet,) = (text for kind, text in page.inside if kind == "style")
    _, script = (text for kind, text in page.inside if kind == "script")

    def allowed(text: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"

    assert policy == (
        f"default-src 'none'; script-src {allowed(script)}; style-src {allowed(sheet)}; "
        f"base-uri 'none'; form-action 'none'"
    )


def test_a_token_cannot_write_into_the_page(made: Made) -> None:
    page = made.elements()
    assert [name for name, _ in page.found].count("script") == 2
    assert not any(key.startswith("on") for _, attributes in page.found for key in attributes)
    assert "\u202e" not in made.page.read_text(encoding="utf-8")
    assert "</script><img src=x onerror=alert(1)>" in page.text
    assert made.data()["cards"][0]["symbol"] == EVIL.replace("\u202e", "")


def test_the_page_shows_what_every_report_must(made: Made) -> None:
    text = " ".join(made.elements().text.split())
    said = made.said
    for shown in (
        said["ledger_sha256"], said["config_sha256"], f"{said['slots']} hourly slots",
        "seed of intervals 1",
        "Fill rules, version 1", "hourly bars: the way inside an hour is not known",
        "costs x0", "costs x2", "target first in a bar", "one bar of latency",
        "Half spread and slippage k = 0.0005", "best 5 trades' share of pnl", "on this data",
        f"the rule and not the market decided: {said['robustness']['ambiguous_bars']}.",
        "hours absent between", "Month by month",
    ):  # fmt: skip
        assert shown in text, shown
    for reason, count in {**said["refusals"], **said["exits"]}.items():
        assert re.search(rf"{reason} +{count:,}\b", text), reason
    for row in said["robustness"]["results"]:
        assert f"{row['name']} {100 * row['total_return'] + 0.0:+.2f}% {row['trades']}" in text


def test_a_ledger_gives_the_page_of_the_replay_that_wrote_it(made: Made) -> None:
    (found,) = ask("report", "--home", made.home)["reports"]
    data = made.data()
    assert found["ledger_sha256"] == made.said["ledger_sha256"]
    assert found["performance"] == made.said["performance"]
    assert found["robustness"] == made.said["robustness"]
    assert found["refusals"] == made.said["refusals"]
    assert {k: v for k, v in found["funnel"].items() if k in made.said["funnel"]} == (
        made.said["funnel"]
    )
    clean = json.loads(json.dumps(found).replace("\\u202e", ""))
    for name in ("equity", "band", "shares"):
        assert clean[name] == data["tables"][name]
    placed = {"labels", "label_room"}
    assert clean["cards"] == [
        {key: value for key, value in one.items() if key not in placed} for one in data["cards"]
    ]
    assert clean["prices"] == [{k: v for k, v in one.items() if k != "spec"}
                               for one in data["prices"]]  # fmt: skip


def test_a_replay_that_would_be_long_is_named_instead_of_run(made: Made) -> None:
    with reading(made.home) as reader:
        facts = ledger_facts(reader, "easy", Cheap(compiled=10, interpreted=10))
        found = run_report(facts)
    assert "hourhand replay STRATEGY.toml --db hourhand.db --report" in found["robustness"]["why"]
    assert found["band"]["rows"] == []
    assert "No band: the same strategy under other assumptions was not run" in html_page(found, "")


def test_each_strategy_has_its_page(homes: FilledHomes, tmp_path: Path) -> None:
    done = run("report", "--home", homes.late, "--out", tmp_path / "week.html")
    assert done.code == 0, done.error
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "week-eager.html", "week-picky.html",
    ]  # fmt: skip
    assert "SHARPE_LOW" in (tmp_path / "week-picky.html").read_text()


def test_a_trade_is_drawn_by_the_name_that_trades_shows(made: Made, tmp_path: Path) -> None:
    trade = ask("trades", "--home", made.home)["trades"][0]
    for name in ("one.svg", "one.png"):
        done = run("card", trade["id"][:6], "--home", made.home, "--out", tmp_path / name)
        assert done.code == 0, done.error
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
    picture = (tmp_path / "one.svg").read_text()
    for word in ("stop", "target", "decided", "gates", "bracket", "size", trade["reason"],
                 "net reward:risk", "quantity"):  # fmt: skip
        assert f">{word}" in picture or f" {word} " in picture, word
    assert "<img" not in picture
    assert "<script" not in picture


def test_the_charts_of_a_report_are_written_as_pictures(made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "images"
    ended = run("report", "--images", folder, "--home", made.home)
    assert ended.code == 0, ended.error
    names = {"equity", "alone", "below", "invested", "multiples", "funnel"}
    assert {path.name for path in folder.iterdir()} == {
        f"{name}{suffix}" for name in names for suffix in (".png", ".svg")
    }
    assert list(tmp_path.iterdir()) == [tmp_path / "new"]  # no page was asked for
    (report,) = ask("report", "--home", made.home)["reports"]
    words = {"funnel": f"{report['funnel']['candidates']:,}", "multiples": "result of a trade in R"}
    for name in names:
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG\r\n")
        text = " ".join(ElementTree.parse(folder / f"{name}.svg").getroot().itertext())  # noqa: S314
        assert "source=recorded" in text
        assert words.get(name, "") in text
    blocked = run("report", "--images", made.page, "--home", made.home)
    assert (blocked.code, "is not a folder" in blocked.error) == (2, True)


def test_a_card_holds_the_numbers_of_the_trade(made: Made) -> None:
    trade = ask("trades", "--home", made.home)["trades"][0]
    card = ask("card", trade["id"], "--home", made.home)
    assert {key: card[key] for key in trade} == trade
    decided = ask("why", trade["token_id"], "--home", made.home, "--at", trade["decided"])
    (decision,) = decided["strategies"][0]["decisions"]
    lines = {row[0]: row[1] for row in card["lines"]["rows"]}
    assert lines == {name: float(decision[name]) for name in ("stop", "target")}
    assert ["quantity", decision["quantity"]] in card["size"]
    assert ["equity", money_shown(decision["equity"])] in card["size"]
    bounds = [row[1].removesuffix(" <- binds") for row in card["size"] if row[0][:5] == "bound"]
    assert sorted(bounds) == sorted(str(money_shown(one)) for one in decision["bounds"].values())
    assert [row[0] for row in card["gates"]] == [row["column"] for row in decision["gates"]]
    sides = [row[2] for row in card["fills"]["rows"]]
    assert sides[0] == "BUY"
    assert sides[-1] == "SELL"
    hours = [row[0] for row in card["bars"]["rows"]]
    assert hours == sorted(set(hours))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("card", "zz"), "no closed trade has an id that begins with 'zz'"),
        (("card", ""), "no closed trade"),
        (("card", "0", "--out", "x.gif"), "expected a name that ends in .png or .svg"),
        (("report", "--out", "not/there/x.html"), "there is no folder not/there"),
        (("report", "--out", "."), "is a folder: name a file in it"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_said(made: Made, words: tuple[str, ...], said: str) -> None:
    ended = run(*words, "--home", made.home)
    assert ended.code == 2
    assert said in ended.error


def test_without_the_charting_library_it_says_what_to_install(made: Made, tmp_path: Path) -> None:
    command = (
        "import sys; sys.modules['vl_convert'] = None; from bot.cli.main import main; "
        f"sys.argv = ['hourhand', 'report', '--home', {str(made.home)!r}, '--out', 'x.html']; "
        "main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert 'pip install "hourhand[report]"' in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


def open_page(driver: Any, made: Made, width: int, theme: str) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    screen(driver, width, theme)
    driver.get_log("browser")
    driver.get(made.page.as_uri())
    WebDriverWait(driver, 30).until(lambda one: one.execute_script(DRAWN))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_charts_draw_on_every_screen_and_the_console_stays_empty(
    made: Made, seen: Any, width: int, theme: str
) -> None:
    open_page(seen, made, width, theme)
    drawn = seen.execute_script(
        "return [...document.querySelectorAll('.chart')].map("
        "one => [one.id, one.querySelectorAll('svg path[d]').length])"
    )
    assert [name for name, _ in drawn] == [
        "equity", "alone", "below", "invested", "multiples", "prices",
    ]  # fmt: skip
    assert all(paths > 0 for _, paths in drawn), drawn
    assert seen.execute_script("return document.documentElement.scrollWidth") <= width
    colour = seen.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert colour == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 26)"}[theme]
    assert seen.get_log("browser") == []


def test_on_a_phone_the_way_from_signal_to_trade_fits_the_screen(made: Made, seen: Any) -> None:
    open_page(seen, made, PHONE, "light")
    beyond, words = seen.execute_script(
        "const one = document.querySelector('.funnel .wide'); "
        "return [one.scrollWidth - one.clientWidth, one.querySelector('td.w').clientWidth]"
    )
    assert beyond <= 0
    assert words > PHONE * 0.8


def test_a_table_that_a_phone_cuts_off_is_shaded_and_shows_the_year_first(
    made: Made, seen: Any
) -> None:
    cut_off = (
        "return [...document.querySelectorAll('.wide')].filter(one => "
        "one.scrollWidth > one.clientWidth + 1).map(one => getComputedStyle(one).backgroundImage)"
    )
    open_page(seen, made, PHONE, "dark")
    shades = seen.execute_script(cut_off)
    assert shades
    assert all(shade.count("linear-gradient") == 4 for shade in shades)
    place = "getBoundingClientRect()"
    total = seen.execute_script(
        f"return document.querySelector('.months th:nth-child(2)').{place}.right"
    )
    assert total <= PHONE
    year = (
        "const box = document.querySelector('.months'); box.scrollLeft = 300; "
        f"return box.querySelector('td').{place}.left - box.{place}.left"
    )
    assert seen.execute_script(year) == 0  # stays where it is
    open_page(seen, made, DESK, "dark")
    assert seen.execute_script(cut_off) == []


def test_on_paper_what_is_folded_is_open(made: Made, seen: Any) -> None:
    open_page(seen, made, DESK, "light")
    heights = (
        "return [...document.querySelectorAll('details')].map(one => one.clientHeight - "
        "one.querySelector('summary').clientHeight)"
    )
    folded = seen.execute_script(heights)
    seen.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    opened = seen.execute_script(heights)
    seen.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert folded
    assert max(folded) < 5
    assert min(opened) > 20


def test_on_a_phone_a_number_and_its_n_are_seen_without_scrolling(made: Made, seen: Any) -> None:
    open_page(seen, made, PHONE, "light")
    right = seen.execute_script(
        "return [...document.querySelectorAll('th')].filter(one => one.textContent === 'n').map("
        "one => one.getBoundingClientRect().right)"
    )
    assert len(right) == 2  # of returns and of trades
    assert max(right) <= PHONE
    button = seen.find_elements("css selector", "button[data-trade]")[0]
    seen.execute_script("arguments[0].click()", button)
    assert_card(seen, made.data()["cards"][0])
    assert seen.execute_script("return document.documentElement.scrollWidth") <= PHONE
    assert seen.execute_script(
        "const card = document.getElementById('card'); return card.scrollWidth - card.clientWidth"
    ) <= 0  # fmt: skip
    seen.find_element("id", "close").click()


def test_a_click_on_a_trade_shows_its_card(made: Made, seen: Any) -> None:
    from selenium.webdriver.common.by import By

    open_page(seen, made, DESK, "light")
    card = made.data()["cards"][0]
    seen.find_element(By.CSS_SELECTOR, f"button[data-trade='{card['id']}']").click()
    assert_card(seen, card)
    seen.find_element(By.ID, "close").click()
    assert not seen.execute_script("return document.getElementById('card').open")
    assert seen.get_log("browser") == []


def test_a_click_on_a_triangle_shows_the_card_of_its_trade(made: Made, seen: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    open_page(seen, made, DESK, "light")
    triangle = seen.find_elements(By.CSS_SELECTOR, "#prices .mark-symbol path")[0]
    wanted = seen.execute_script("return arguments[0].__data__.datum.trade", triangle)
    seen.execute_script("arguments[0].scrollIntoView({block: 'center'})", triangle)
    ActionChains(seen).move_to_element(triangle).click().perform()
    assert_card(seen, next(card for card in made.data()["cards"] if card["id"] == wanted))
    assert seen.get_log("browser") == []


def assert_card(driver: Any, card: dict[str, Any]) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(driver, 10).until(
        lambda one: one.find_elements(By.CSS_SELECTOR, "#card-body .chart[data-drawn] svg")
    )
    text = driver.find_element(By.ID, "card").text
    assert card["id"] in text
    assert card["reason"] in text
    assert card["symbol"] in text
    for title, rows in (("Gates", card["gates"]), ("Bracket", card["bracket"]),
                        ("Size", card["size"])):  # fmt: skip
        assert title in text
        assert all(cell in text for row in rows for cell in row)
    fills = driver.find_elements(By.CSS_SELECTOR, "#card-body .mark-symbol path")
    assert len(fills) >= len(card["fills"]["rows"])


def test_the_page_asks_nobody_for_anything(made: Made, seen: Any) -> None:
    open_page(seen, made, DESK, "light")
    loaded = seen.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert loaded == []
