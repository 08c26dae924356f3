// Shows the desk's state and asks for acts. It holds nothing: whenever the desk says that something changed, it asks for all of it anew.
"use strict";

const byId = (id) => document.getElementById(id);

function make(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "text") node.textContent = value;
    else if (name === "class") node.className = value;
    else if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function length(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole / 60} min`;
  if (whole < 172800) return whole % 3600 < 60 ? `${Math.floor(whole / 3600)} h` : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d`;
}

const moment = (at) => new Date(at * 1000).toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");

let state = null;
let readAt = 0;
let ticking = []; // the clocks on the page that run: nothing else on it moves by itself
const elapsed = () => (performance.now() - readAt) / 1000;

function pillars(found) {
  byId("pillars").replaceChildren(...found.map((one) => make("div", {class: `${one.state}-edge`},
    make("dt", {text: one.name}),
    make("dd", {class: `mark ${one.state}`, text: one.mark}),
    make("dd", {class: "quiet", text: one.says}))));
}

function clockSays(one) {
  const now = one.seconds === null ? null : one.seconds + (one.running ? elapsed() : 0);
  if (now === null) return [`${one.name}: has not begun${one.limit === null ? "" : `; ${length(one.limit)} is allowed`}`, false];
  const over = one.limit !== null && now > one.limit;
  const limit = one.limit === null ? "" : ` of ${length(one.limit)}`;
  const end = one.running ? "" : ", done";
  return [`${one.name}: ${length(now)}${limit}${over ? ", over" : ""}${end}`, over];
}

function clocks(found) {
  return make("ul", {class: "clocks", "aria-label": "Clocks"}, ...found.map((one) => {
    const node = make("li");
    const tell = () => {
      const [says, over] = clockSays(one);
      if (node.textContent !== says) node.textContent = says;
      node.className = over ? "over" : "";
    };
    tell();
    if (one.running) ticking.push(tell);
    return node;
  }));
}

// Each cell knows the name of its column, so that a narrow screen can show a row as a list.
function table(caption, heads, rows) {
  return make("table", {},
    make("caption", {text: caption}),
    make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", {scope: "col", text: head})))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell, place) =>
      make(place ? "td" : "th", {scope: place ? null : "row", "data-head": heads[place] || null},
        ...(Array.isArray(cell) ? cell : [document.createTextNode(cell)])))))));
}

function buttons(about, acts) {
  if (!acts.length) return null;
  return make("div", {class: "acts"}, ...acts.map((act) => make("button", {
    id: `a-${about}-${act.id}`, class: act.kind, type: "button", disabled: !act.may,
    on: {click: () => ask(act)}, text: act.may ? act.label : `${act.label} (${act.why_not})`})));
}

function reach(found) {
  if (!found) return make("p", {class: "quiet", text: "How far it reaches is not known: no stack was given."});
  const rows = found.rows || [];
  return make("div", {},
    make("p", {text: found.says || found.left_out || ""}),
    rows.length ? table("What stops, and what takes over", ["What", "Stops", "Serves", "Takes over"],
      rows.map((row) => [row.name, row.stops, row.serves, row.takes_over])) : null,
    found.more ? make("p", {class: "quiet", text: `and ${found.more} more`}) : null,
    found.best_act ? make("p", {}, make("strong", {text: "What saves most: "}), found.best_act) : null);
}

function incident(one) {
  return make("article", {class: one.level.colour, "aria-labelledby": `t-${one.id}`},
    make("div", {class: "head"},
      make("h3", {id: `t-${one.id}`, text: one.title}),
      make("span", {class: `level ${one.level.colour}`, text: `Level: ${one.level.says}`})),
    make("p", {class: "quiet", text: one.says}),
    clocks(one.clocks),
    buttons(one.id, one.asks),
    ...one.held_up.map((held) => make("div", {class: "held"}, make("p", {class: "warn", text: held.says}), buttons(one.id, held.acts))),
    reach(one.reach),
    one.question ? make("div", {class: "held"}, make("p", {class: "warn", text: one.question}), buttons(one.id, one.answer ? [one.answer] : [])) : null,
    ...one.runs.map((run) => make("div", {class: "held"}, make("p", {text: run.says}), buttons(one.id, run.acts))),
    one.prediction ? make("p", {class: "quiet", text: one.prediction}) : null,
    buttons(one.id, one.acts),
    make("details", {id: `d-${one.id}`},
      make("summary", {id: `s-${one.id}`, text: `Timeline (${one.entries})`}),
      make("ol", {class: "timeline", start: one.entries - one.timeline.length + 1}, ...one.timeline.map((entry) => make("li", {},
        make("time", {datetime: new Date(entry.at * 1000).toISOString(), text: moment(entry.at)}), ` ${entry.by}: ${entry.says}`)))));
}

function show() {
  if (!state) return;
  document.title = `${state.open ? `(${state.open}) ` : ""}${state.title}`;
  byId("title").textContent = state.title;
  ticking = [];
  const opened = new Set([...document.querySelectorAll("details[open]")].map((node) => node.id));
  const focused = document.activeElement && document.activeElement.id;
  byId("who").replaceChildren(`${state.you.name} (${state.you.roles.join(", ")}) `,
    make("button", {id: "sign-out", type: "button", text: "Sign out", on: {click: async () => { await send("sign-out", {}); location.reload(); }}}));
  pillars(state.pillars);
  byId("incidents").replaceChildren(
    ...(state.incidents.length ? state.incidents.map(incident)
      : [make("p", {class: "quiet", text: "None. What arrives is looked at as it arrives."})]),
    ...(state.more ? [make("p", {class: "warn", text: state.more})] : []));
  for (const id of opened) { const node = byId(id); if (node) node.open = true; }
  byId("owed").hidden = !state.duties.length;
  byId("duties").replaceChildren(table("Reviews that are owed", ["What", "Since", "By", "Review"],
    state.duties.map((duty, number) => [duty.what, duty.since, duty.by, [buttons(`duty-${number}`, duty.acts)]])));
  byId("stops").replaceChildren(
    state.stops.length ? table("Stops in force", ["What", "By and why", "Release"],
      state.stops.map((stop) => [stop.what, stop.why, [buttons("stops", stop.acts)]]))
      : make("p", {class: "quiet", text: state.no_stops}));
  byId("emergency").replaceChildren(buttons("desk", state.acts));
  byId("upstreams").replaceChildren(state.upstreams.length
    ? table("Upstreams of the gateway", ["Upstream", "State", "Tried again"], state.upstreams.map((one) => [one.name, one.state, one.again]))
    : make("p", {class: "quiet", text: state.upstreams_why}));
  byId("desk").replaceChildren(...state.desk.flatMap(([name, value]) => [make("dt", {text: name}), make("dd", {text: value})]));
  if (focused) { const node = byId(focused); if (node && node !== document.activeElement) node.focus({preventScroll: true}); }
}

async function send(path, body) {
  const answer = await fetch(path, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({error: answer.statusText}));
    throw new Error(told.error || answer.statusText);
  }
  return answer;
}

function field(one) {
  const input = one.choices.length
    ? make("select", {id: `f-${one.name}`, name: one.name, required: true},
        make("option", {value: "", text: "Choose"}), ...one.choices.map((choice) => make("option", {value: choice, text: choice})))
    : make("input", {id: `f-${one.name}`, name: one.name, maxlength: 200, autocomplete: "off", required: true});
  return make("p", {}, make("label", {}, `${one.label} `, input));
}

function ask(act) {
  const dialog = byId("confirm");
  byId("confirm-title").textContent = act.label;
  byId("confirm-text").textContent = act.says;
  byId("confirm-fields").replaceChildren(...act.fields.map(field));
  byId("confirm-glass").hidden = !act.break_glass;
  byId("confirm-break").checked = false;
  byId("confirm-why").value = "";
  byId("confirm-yes").className = act.kind === "stop" ? "stop" : "act";
  // told by the press itself, not by the dialog's end: a press is one act, whatever closes the dialog
  byId("confirm-form").onsubmit = (event) => {
    byId("confirm-form").onsubmit = null;
    if (event.submitter && event.submitter.value === "yes") perform(act);
  };
  if (!dialog.open) dialog.showModal();
}

async function perform(act) {
  const request = {...act.request, because: byId("confirm-why").value};
  if (act.break_glass) request.break_glass = byId("confirm-break").checked;
  if (act.fields.length) request.values = Object.fromEntries(act.fields.map((one) => [one.name, byId(`f-${one.name}`).value]));
  problem("");
  try {
    await send("act", request);
    await read();
  } catch (wrong) { problem(`Not done: ${wrong.message}`); }
}

function problem(text) {
  byId("problem").textContent = text;
}

function say(text, bad = false) {
  const node = byId("connection");
  if (node.textContent !== text) node.textContent = text;
  node.className = bad ? "bad" : "quiet";
}

let reading = false, again = false;
async function read() {
  if (reading) { again = true; return; }
  reading = true;
  try {
    const answer = await fetch("state", {headers: {Accept: "application/json"}});
    if (answer.status === 401) { location.reload(); return; }
    if (!answer.ok) throw new Error(((await answer.json().catch(() => ({}))).error) || answer.statusText);
    state = await answer.json();
    readAt = performance.now();
    show();
    byId("as-of").textContent = `As of ${moment(state.now)}.`;
    say("This page follows by itself.");
  } catch (wrong) {
    say(`The desk does not answer (${wrong.message}). What is shown may be out of date.`, true);
  } finally {
    reading = false;
    if (again) { again = false; read(); }
  }
}

const stream = new EventSource("stream");
stream.addEventListener("changed", read);
stream.onerror = () => {
  say("The connection to the desk is lost; trying again. What is shown may be out of date.", true);
  if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
};
setInterval(() => ticking.forEach((tell) => tell()), 1000);
