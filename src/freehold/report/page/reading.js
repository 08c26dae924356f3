// Reading aids: the switch of themes, the section that is read, long tables, and links into what is folded up.
function themeSwitch(button) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const tell = () => { button.textContent = say(dark() ? "theme_to_light" : "theme_to_dark"); };
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    tell();
  });
  system.addEventListener("change", tell);
  tell();
}

function contentsView(nav) {
  const links = [...nav.querySelectorAll("a")].filter((link) => document.getElementById(link.hash.slice(1)));
  const headings = links.map((link) => document.getElementById(link.hash.slice(1)));
  const fold = nav.querySelector("details");
  let asked = false;
  function tell() {
    asked = false;
    const line = innerHeight * 0.4;
    const passed = headings.findLastIndex((heading) => heading.getBoundingClientRect().top <= line);
    links.forEach((link, place) => {
      if (place === Math.max(0, passed)) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  }
  addEventListener("scroll", () => {
    if (!asked) requestAnimationFrame(tell);
    asked = true;
  }, {passive: true});
  nav.addEventListener("click", (event) => { if (event.target.closest("a")) fold.open = false; });
  tell();
}

function longTable(button) {
  const table = document.getElementById(button.dataset.table);
  const columns = [...table.tHead.rows[0].cells].map((cell) => ({title: cell.textContent, sort: cell.className}));
  const model = table.tBodies[0].rows[0];
  const sorts = [...model.cells].map((cell) => (cell.classList.contains("id") ? "id" : cell.classList.contains("num") ? "num" : ""));
  const noted = Math.max(0, sorts.findIndex((sort) => sort !== "num"));
  const first = button.textContent;
  let rest = data.tables[button.dataset.table];

  function row([notes, ...cells]) {
    return make("tr", {class: "more"}, ...cells.map((cell, place) => {
      const [text, tone] = Array.isArray(cell) ? cell : [cell, ""];
      const inner = make("span", {text});
      if (place === noted && notes) {
        const links = notes.flatMap((note) => [" ", make("a", {href: `#e${note}`, text: note})]).slice(1);
        inner.append(make("sup", {}, ...links));
      }
      const named = [sorts[place], tone].filter(Boolean).join(" ");
      return make("td", {class: named || null, "data-label": columns[place].title}, inner);
    }));
  }

  // a part a frame: a long table does not keep the page from answering
  function fill() {
    const part = rest.slice(0, 400);
    rest = rest.slice(400);
    table.tBodies[0].append(...part.map(row));
    if (rest.length && table.classList.contains("all")) requestAnimationFrame(fill);
  }

  button.addEventListener("click", () => {
    const all = table.classList.toggle("all");
    button.textContent = all ? say("show_first") : first;
    if (all && rest.length) fill();
  });
}

// A link may lead into something folded up, or into the list that a wide screen shows as a drawing: open it.
function reveal(views) {
  const name = decodeURIComponent(location.hash.slice(1));
  const target = name && document.getElementById(name);
  if (!target) return;
  const thing = target.closest(".thing");
  if (thing && views.some((view) => view.openThing(thing))) return;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  const table = target.closest("table");
  if (target.closest("tr.more") && table) document.querySelector(`[data-table="${table.id}"]`)?.click();
  target.scrollIntoView();
}
