// The drawing by layers: whose chain is looked at, what is known of a thing, and what is out at the moment.
function layersView(figure) {
  const svg = figure.querySelector("svg.drawn");
  const panel = figure.querySelector(".panel");
  const inside = panel.querySelector(".panel-inside");
  const things = figure.querySelector(".things");
  const cells = [...svg.querySelectorAll(".cell")];
  const byPlace = new Map(cells.map((cell) => [cell.dataset.cell, cell]));
  const said = new Map(cells.map((cell) => [cell, cell.getAttribute("aria-label")]));
  const from = new Map();
  const to = new Map();
  for (const feed of svg.querySelectorAll(".feed")) {
    for (const [map, key] of [[from, feed.dataset.from], [to, feed.dataset.to]]) {
      if (!map.has(key)) map.set(key, []);
      map.get(key).push(feed);
    }
  }
  let chosen = null;
  let opened = null; // the thing whose inside the panel has
  let lit = [];

  // All that a thing needs, or all that needs it, with the lines on the way.
  function walk(start, lines, next) {
    const found = new Set([start]);
    const feeds = [];
    for (const place of found) {
      for (const feed of lines.get(place) ?? []) {
        feeds.push(feed);
        found.add(feed.dataset[next]);
      }
    }
    return [found, feeds];
  }

  function look(place) {
    for (const node of lit) node.classList.remove("chain", "after");
    lit = [];
    svg.classList.toggle("looking", place !== null);
    if (place === null) return;
    const [below, below_feeds] = walk(place, to, "from");
    const [above, above_feeds] = walk(place, from, "to");
    for (const feed of above_feeds) feed.classList.add("chain", "after");
    for (const feed of below_feeds) feed.classList.add("chain");
    const near = [...below, ...above].map((one) => byPlace.get(one));
    for (const cell of near) cell.classList.add("chain");
    lit = [...near, ...above_feeds, ...below_feeds];
  }

  function giveBack() {
    if (opened) opened.append(inside.lastElementChild);
    inside.replaceChildren();
    opened = null;
  }

  function close() {
    if (panel.hidden) return;
    const within = panel.contains(document.activeElement);
    giveBack();
    panel.hidden = true;
    const cell = byPlace.get(chosen);
    cell?.classList.remove("chosen");
    chosen = null;
    look(null);
    if (within) cell?.focus();
  }

  function open(cell, byKey) {
    giveBack();
    byPlace.get(chosen)?.classList.remove("chosen");
    const thing = document.getElementById(cell.getAttribute("href").slice(1));
    chosen = cell.dataset.cell;
    cell.classList.add("chosen");
    look(chosen);
    opened = thing;
    const name = thing.querySelector("summary .name").textContent;
    const by = thing.querySelector("summary .by").textContent;
    inside.append(make("p", {class: "panel-title", text: name}), make("p", {class: "quiet", text: by}), thing.querySelector(".known"));
    panel.hidden = false;
    panel.scrollTop = 0;
    if (byKey) panel.focus({preventScroll: true});
  }

  // Rows of cells from top to bottom, each from left to right: what arrow keys move along.
  const spot = (cell) => {
    const body = cell.querySelector(".body");
    return [Number(body.getAttribute("y")), Number(body.getAttribute("x"))];
  };
  const spots = new Map(cells.map((cell) => [cell, spot(cell)]));
  const levels = [...new Set([...spots.values()].map(([y]) => y))].sort((one, other) => one - other);
  const lines = levels.map((level) => cells.filter((cell) => spots.get(cell)[0] === level)
    .sort((one, other) => spots.get(one)[1] - spots.get(other)[1]));
  function step(cell, down, right) {
    const line = lines.findIndex((one) => one.includes(cell));
    if (right) return lines[line][lines[line].indexOf(cell) + right];
    const x = spots.get(cell)[1];
    return lines[line + down]?.reduce((best, one) => (Math.abs(spots.get(one)[1] - x) < Math.abs(spots.get(best)[1] - x) ? one : best));
  }
  const order = lines.flat();
  order.forEach((cell, place) => cell.setAttribute("tabindex", place ? "-1" : "0"));
  const moves = {ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]};

  svg.addEventListener("click", (event) => {
    const cell = event.target.closest(".cell");
    if (!cell) return;
    event.preventDefault();
    if (cell.dataset.cell === chosen && !panel.hidden) close();
    else open(cell, event.detail === 0);
  });
  svg.addEventListener("keydown", (event) => {
    const cell = event.target.closest(".cell");
    const next = cell && moves[event.key] && step(cell, ...moves[event.key]);
    if (!next) return;
    event.preventDefault();
    cell.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  });
  figure.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  panel.querySelector(".close").addEventListener("click", close);
  svg.addEventListener("mouseover", (event) => {
    const cell = event.target.closest(".cell");
    look(cell ? cell.dataset.cell : chosen);
  });
  svg.addEventListener("mouseleave", () => look(chosen));
  // at the figure: a drawing that listens for focus itself would be stopped at by the tab key
  figure.addEventListener("focusin", (event) => {
    const cell = event.target.closest(".cell");
    if (cell?.matches(":focus-visible")) look(cell.dataset.cell);
  });
  figure.addEventListener("focusout", (event) => { if (event.target.closest(".cell")) look(chosen); });

  const asList = figure.querySelector(".as-list");
  asList.addEventListener("click", () => {
    close();
    asList.setAttribute("aria-pressed", String(figure.classList.toggle("listed")));
  });

  const rows = [...things.querySelectorAll(".thing")];
  return {
    // Open a thing in the panel, where the list is not shown.
    openThing(thing) {
      if (!things.contains(thing) || getComputedStyle(things).display !== "none") return false;
      const cell = cells.find((one) => one.getAttribute("href") === `#${thing.id}`);
      if (!cell) {
        if (!figure.classList.contains("listed")) asList.click();
        return false;
      }
      open(cell, true);
      cell.scrollIntoView({block: "center"});
      return true;
    },
    // Show what is out: of an item's id, its state and the same in words.
    mark(states) {
      for (const [node, words] of said) {
        const state = states.get(node.dataset.id);
        node.classList.toggle("out-surely", state?.state === "surely");
        node.classList.toggle("out-perhaps", state?.state === "perhaps");
        node.setAttribute("aria-label", state ? `${words} ${state.words}` : words);
      }
      for (const row of rows) {
        const state = states.get(row.dataset.id);
        row.classList.toggle("out-surely", state?.state === "surely");
        row.classList.toggle("out-perhaps", state?.state === "perhaps");
        row.querySelector("summary .state").textContent = state ? state.words : "";
      }
    },
  };
}
