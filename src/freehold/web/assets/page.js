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
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 172800) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
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
    make("dd", {},
      make("span", {class: `mark ${one.state}`, text: one.mark}),
      make("br"),
      make("span", {class: "quiet", text: one.says})))));
}

function clockSays(one) {
  const now = one.seconds === null ? null : one.seconds + (one.running ? elapsed() : 0);
  const over = one.limit !== null && now !== null && now > one.limit;
  const told = now === null ? "not begun" : length(now);
  const limit = one.limit === null ? "" : ` of ${length(one.limit)}`;
  const end = one.running || now === null ? "" : ", done";
  return [`${one.name}: ${told}${limit}${over ? ", over" : ""}${end}`, over];
}

function clocks(found) {
  return make("ul", {class: "clocks", "aria-label": "Clocks"}, ...found.map((one) => {
    const node = make("li");
    const tell = () => { const [says, over] = clockSays(one); node.textContent = says; node.className = over ? "over" : ""; };
    tell();
    if (one.running) ticking.push(tell);
    return node;
  }));
}

function table(caption, heads, rows) {
  return make("table", {},
    make("caption", {text: caption}),
    make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", {scope: "col", text: head})))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell, place) =>
      make(place ? "td" : "th", place ? {text: cell} : {scope: "row", text: cell}))))));
}

function reach(found) {
  if (!found) return make("p", {class: "quiet", text: "How far it reaches is not known: no stack was given."});
  const parts = [make("p", {text: found.says})];
  if (found.rows.length) parts.push(table("What stops, and what takes over", ["What", "Stops", "Serves", "Takes over"],
    found.rows.map((row) => [row.name, row.stops, row.serves, row.takes_over])));
  if (found.best_act) parts.push(make("p", {}, make("strong", {text: "What saves most: "}), found.best_act));
  if (found.question) parts.push(make("p", {class: "warn", text: found.question}));
  return make("div", {}, ...parts);
}

function incident(one) {
  const acts = one.acts.map((act) => make("button", {
    id: `a-${one.id}-${act.id}`, class: act.kind === "stop" ? "stop" : "act", type: "button", disabled: !act.may, title: act.why_not || null,
    on: {click: () => ask(act)}, text: act.label}));
  return make("article", {class: one.level.colour, "aria-labelledby": `t-${one.id}`},
    make("div", {class: "head"},
      make("h3", {id: `t-${one.id}`, text: one.title}),
      make("span", {class: `level ${one.level.colour}`, text: one.level.says})),
    make("p", {class: "quiet", text: one.says}),
    clocks(one.clocks),
    reach(one.reach),
    one.prediction ? make("p", {class: "quiet", text: one.prediction}) : null,
    acts.length ? make("div", {class: "acts"}, ...acts) : null,
    make("details", {id: `d-${one.id}`},
      make("summary", {text: `Timeline (${one.timeline.length})`}),
      make("ol", {class: "timeline"}, ...one.timeline.map((entry) => make("li", {},
        make("time", {datetime: new Date(entry.at * 1000).toISOString(), text: moment(entry.at)}), ` ${entry.by}: ${entry.says}`)))));
}

function show() {
  if (!state) return;
  document.title = `${state.open ? `(${state.open}) ` : ""}Freehold: warnings`;
  byId("title").textContent = state.title;
  byId("who").replaceChildren(`${state.you.name} (${state.you.roles.join(", ")}) `,
    make("button", {type: "button", text: "Sign out", on: {click: async () => { await send("sign-out", {}); location.reload(); }}}));
  pillars(state.pillars);
  ticking = [];
  const opened = new Set([...document.querySelectorAll("details[open]")].map((node) => node.id));
  const focused = document.activeElement && document.activeElement.id;
  byId("incidents").replaceChildren(...(state.incidents.length ? state.incidents.map(incident)
    : [make("p", {class: "quiet", text: "None. What arrives is looked at as it arrives."})]));
  for (const id of opened) { const node = byId(id); if (node) node.open = true; }
  byId("stops").replaceChildren(
    ...(state.stops.length ? [table("Stops in force", ["What", "Since", "By", "Why"],
      state.stops.map((stop) => [stop.what, stop.since, stop.by, stop.because]))] : [make("p", {class: "quiet", text: "Nothing is stopped."})]),
    make("div", {class: "acts"}, ...state.acts.map((act) => make("button", {
      id: `a-${one.id}-${act.id}`, class: act.kind === "stop" ? "stop" : "act", type: "button", disabled: !act.may, title: act.why_not || null,
      text: act.label, on: {click: () => ask(act)}}))));
  byId("upstreams").replaceChildren(state.upstreams.length
    ? table("Upstreams of the gateway", ["Upstream", "State", "Requests", "Failed", "Share"],
        state.upstreams.map((one) => [one.name, one.state, one.requests, one.failed, one.share]))
    : make("p", {class: "quiet", text: state.upstreams_why}));
  byId("desk").replaceChildren(...state.desk.flatMap(([name, value]) => [make("dt", {text: name}), make("dd", {text: value})]));
  if (focused) { const node = byId(focused); if (node) node.focus({preventScroll: true}); }
}

async function send(path, body) {
  const answer = await fetch(path, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({error: answer.statusText}));
    throw new Error(told.error || answer.statusText);
  }
  return answer;
}

function ask(act) {
  const dialog = byId("confirm");
  byId("confirm-title").textContent = act.label;
  byId("confirm-text").textContent = act.says;
  byId("confirm-why").value = "";
  dialog.onclose = async () => {
    if (dialog.returnValue !== "yes") return;
    try {
      await send("act", {...act.request, because: byId("confirm-why").value});
      await read();
    } catch (problem) { say(`Not done: ${problem.message}`, true); }
  };
  dialog.returnValue = "no";
  dialog.showModal();
}

function say(text, bad = false) {
  const node = byId("connection");
  node.textContent = text;
  node.className = bad ? "bad" : "quiet";
}

let reading = false, again = false;
async function read() {
  if (reading) { again = true; return; }
  reading = true;
  try {
    const answer = await fetch("state", {headers: {Accept: "application/json"}});
    if (answer.status === 401) { location.reload(); return; }
    if (!answer.ok) throw new Error(answer.statusText);
    state = await answer.json();
    readAt = performance.now();
    show();
    say(`As of ${moment(state.now)}. This page follows by itself.`);
  } catch (problem) {
    say(`The desk does not answer (${problem.message}). What is shown is as of ${state ? moment(state.now) : "never"}.`, true);
  } finally {
    reading = false;
    if (again) { again = false; read(); }
  }
}

const stream = new EventSource("stream");
stream.addEventListener("changed", read);
stream.onerror = () => say(`The connection to the desk is lost; trying again. What is shown is as of ${state ? moment(state.now) : "never"}.`, true);
setInterval(() => ticking.forEach((tell) => tell()), 1000);
