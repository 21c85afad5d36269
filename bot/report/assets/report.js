// The page's own few lines: charts from the data beside it, and a trade's card on a click.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const tip = document.getElementById("tip");
  const dialog = document.getElementById("card");
  const cards = new Map(data.cards.map((card) => [card.id, card]));
  const drawn = new Map(); // element -> how to draw it again, and at what width it was drawn
  // What is left for a chart beside its axis and the words at its right.
  const widthIn = (element, words) => Math.max(120, element.clientWidth - Y_AXIS - 12 - words);
  const Y_AXIS = 62;

  const records = (table) =>
    table.rows.map((row) => Object.fromEntries(table.columns.map((name, n) => [name, row[n]])));

  // Every view of a specification gets the room that its element has.
  function sized(part, width) {
    if (Array.isArray(part)) return part.map((item) => sized(item, width));
    if (part === null || typeof part !== "object") return part;
    const made = {};
    for (const [key, value] of Object.entries(part)) {
      made[key] = key === "width" && value === "container" ? width : sized(value, width);
    }
    return made;
  }

  function said(value) {
    if (value === null || typeof value !== "object") return String(value);
    return Object.entries(value)
      .filter(([, text]) => text !== undefined && text !== null && text !== "")
      .map(([name, text]) => `${name}  ${text}`)
      .join("\n");
  }

  function showTip(_handler, event, _item, value) {
    tip.hidden = value === null || value === undefined || value === "";
    if (tip.hidden) return;
    tip.textContent = said(value);
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 4))}px`;
    tip.style.top = `${Math.max(4, Math.min(event.clientY + 14, innerHeight - box.height - 4))}px`;
  }

  async function draw(element, spec, tables, words = 0) {
    const width = widthIn(element, words);
    drawn.set(element, { spec, tables, words, width });
    const datasets = {};
    for (const [name, table] of Object.entries(tables)) datasets[name] = records(table);
    const whole = { ...sized(spec, width), datasets, config: data.style };
    const made = await window.vegaEmbed(element, whole, {
      mode: "vega-lite",
      ast: true, // expressions are walked, not compiled: the page may not evaluate text
      renderer: "svg",
      actions: false,
      defaultStyle: false,
      tooltip: showTip,
    });
    made.view.addEventListener("click", (_event, item) => {
      if (item && item.datum && item.datum.trade) openCard(item.datum.trade);
    });
    element.dataset.drawn = "yes";
  }

  const minute = (instant) => instant.slice(0, 16).replace("T", " ");

  // Two decimals, cut off and not rounded, as everywhere; the exact text is in the ledger.
  function cents(text) {
    const [whole, part = ""] = text.split(".");
    return `${whole}.${part.slice(0, 2).padEnd(2, "0")}`;
  }

  const node = (name, text, kind) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };

  function block(title, rows) {
    const made = node("div");
    made.append(node("h3", title));
    const table = node("table");
    for (const row of rows) {
      const line = node("tr");
      row.forEach((cell, n) => line.append(node("td", cell, n ? "n" : "")));
      table.append(line);
    }
    if (!rows.length) made.append(node("p", "none", "note"));
    const wide = node("div", undefined, "wide");
    wide.append(table);
    made.append(wide);
    return made;
  }

  function openCard(id) {
    const card = cards.get(id);
    const body = document.getElementById("card-body");
    body.replaceChildren();
    const result = card && card.r !== null ? `, ${card.r.toFixed(2)} R` : "";
    document.getElementById("card-title").textContent = card
      ? `${card.symbol}: ${card.reason}, ${cents(card.pnl)} net${result}`
      : `Trade ${id}`;
    if (!dialog.open) dialog.showModal();
    if (!card) {
      body.append(node("p", `This page carries the newest ${cards.size} cards only. Its own picture: hourhand card ${id}`));
      return;
    }
    body.append(node("p", `Trade ${card.id}: decided ${minute(card.decided)}, opened ${minute(card.opened)}, closed in the hour of ${minute(card.closed)} UTC.`, "note"));
    body.append(node("p", `${card.quantity} bought at ${card.entry}, sold at ${card.exit}; fees ${cents(card.fees)}, at risk ${cents(card.risk)}.`, "note"));
    const chart = node("div", undefined, "chart");
    body.append(chart);
    const columns = node("div", undefined, "columns");
    columns.append(
      block("Gates", card.gates),
      block("Bracket", card.bracket),
      block("Size", card.size),
      block("Fills", card.fills.rows.map((row) => [minute(new Date(row[0]).toISOString()), row[4]])),
    );
    body.append(columns);
    const { bars, levels, lines, fills, moments, labels } = card;
    draw(chart, data.card, { bars, levels, lines, fills, moments, labels }, card.label_room);
    body.dataset.trade = id;
  }

  function drawPrices() {
    const chosen = document.getElementById("token");
    if (!chosen || !data.prices.length) return;
    const { spec, prices, marks } = data.prices[Number(chosen.value)];
    draw(document.getElementById("prices"), spec, { prices, marks });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-trade]");
    if (button && button.tagName === "BUTTON") openCard(button.dataset.trade);
  });
  document.getElementById("close").addEventListener("click", () => dialog.close());
  document.getElementById("token")?.addEventListener("change", drawPrices);

  let waiting = 0;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      for (const [element, { spec, tables, words, width }] of drawn) {
        const now = widthIn(element, words);
        if (element.isConnected && element.clientWidth && now !== width) draw(element, spec, tables, words);
      }
    }, 150);
  });

  for (const { id, spec, tables } of data.charts) {
    const found = Object.fromEntries(tables.map((name) => [name, data.tables[name]]));
    draw(document.getElementById(id), spec, found);
  }
  drawPrices();
})();
