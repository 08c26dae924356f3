// Landlords to tick off: who is ticked and which day it is, what is out then, and the same in the drawing and in the address.
function ticksView(controls, encoded, views) {
  const id = controls.id;
  const model = tickOff(encoded);
  const part = (name) => document.getElementById(`${id}-${name}`);
  const boxes = [...controls.querySelectorAll("input[type=checkbox]")];
  const keys = boxes.map((box) => box.dataset.key);
  const names = boxes.map((box) => box.dataset.name);
  const slider = part("day");
  const play = part("play");
  const table = part("outs");
  const more = part("more");
  const status = part("status");
  const SHOWN = 25;
  const WAIT = 300; // ms until a state is told aloud: who drags the slider is not told of every day on the way
  const STEP = 900; // ms a day of the play
  let telling = 0;
  let playing = 0;

  const ticked = () => boxes.map((box, place) => (box.checked ? place : -1)).filter((place) => place >= 0);
  const day = () => model.days[Number(slider.value)];

  function because(item, places) {
    const steps = model.why(places, day(), item).map((step) => {
      if (step.because !== null) return say("why_needs", {item: model.item(step.because).name});
      return step.source ? say("why_source", {source: step.source}) : "";
    });
    return steps.filter(Boolean).join(say("separator"));
  }

  function row(out, places) {
    const item = model.item(out.item);
    const cells = [
      ["out_item", item.name, ""],
      ["out_layer", item.layer, ""],
      ["out_state", say(out.surely ? "surely" : "perhaps"), out.surely ? "surely" : ""],
      ["out_since", dayText(out.since), "num"],
      ["out_why", because(out.item, places), ""],
    ];
    return make("tr", {}, ...cells.map(([key, text, named]) => make("td", {class: named || null, "data-label": say(key)}, make("span", {text}))));
  }

  function show() {
    const places = ticked();
    const at = day();
    const answer = model.answer(places, at);
    const of = say("day_of", {day: dayText(at), last: dayText(model.horizon)});
    slider.setAttribute("aria-valuetext", of);
    part("of").textContent = of;
    const [low, high] = answer.mission;
    const left = interval(low, high);
    part("left").textContent = left;
    const meter = part("bar").querySelector(".meter");
    meter.querySelector(".sure").style.inlineSize = `${100 * low}%`;
    meter.querySelector(".maybe").style.inlineSize = `${100 * (high - low)}%`;
    const who = places.length ? say("without", {names: listed(places.map((place) => names[place]))}) : say("nothing_ticked");
    part("who").textContent = who;
    part("clear").disabled = !places.length;
    // what must be kept running first, what is surely out before what only may be
    const order = (out) => [-model.item(out.item).mission, out.surely ? 0 : 1, out.since];
    const outs = answer.out.map((out) => [order(out), out]).sort(([one], [other]) => {
      const place = one.findIndex((value, at) => value !== other[at]);
      return place < 0 ? 0 : one[place] - other[place];
    }).map(([, out]) => out);
    const surely = outs.filter((out) => out.surely).length;
    const told = [places.length ? say("status", {who, day: of, left}) : who];
    if (surely) told.push(say("status_out", {count: whole(surely)}));
    if (outs.length > surely) told.push(say("status_perhaps", {count: whole(outs.length - surely)}));
    if (!outs.length && places.length) told.push(say("nothing_out"));
    if (!answer.exact) told.push(say("status_bounds", {flags: answer.line}));
    table.hidden = !outs.length;
    table.tBodies[0].replaceChildren(...outs.slice(0, SHOWN).map((out) => row(out, places)));
    more.hidden = outs.length <= SHOWN;
    more.textContent = say("more_out", {count: whole(outs.length - SHOWN)});
    const states = new Map(outs.map((out) => [model.item(out.item).id, {
      state: out.surely ? "surely" : "perhaps",
      words: say(out.surely ? "out_since_day" : "out_perhaps_since_day", {day: dayText(out.since)}),
    }]));
    for (const view of views) view.mark(states);
    clearTimeout(telling);
    status.classList.toggle("aloud", !places.length); // the bar says it already
    telling = setTimeout(() => { status.textContent = told.join(say("gap")); }, WAIT);
  }

  function remember() {
    const off = ticked().map((place) => encodeURIComponent(keys[place])).join(",");
    history.replaceState(null, "", off ? `#off=${off}&day=${day()}` : "#");
  }

  function recall() {
    const found = /^#off=([^&]*)(?:&day=([\d.]+))?$/.exec(location.hash);
    if (!found) return false;
    const wanted = new Set(found[1].split(",").map(decodeURIComponent));
    boxes.forEach((box) => { box.checked = wanted.has(box.dataset.key); });
    const at = Number(found[2] ?? 0);
    const place = model.days.findLastIndex((one) => one <= at + 1e-9);
    slider.value = String(Math.max(0, place));
    return true;
  }

  function halt() {
    clearInterval(playing);
    playing = 0;
    play.textContent = say("play");
  }

  function changed() {
    show();
    remember();
  }

  function next() {
    slider.value = String(Number(slider.value) + 1);
    if (Number(slider.value) >= Number(slider.max)) halt();
    changed();
  }

  controls.addEventListener("change", changed);
  slider.addEventListener("input", () => {
    halt();
    changed();
  });
  play.addEventListener("click", () => {
    if (playing) {
      halt();
      return;
    }
    if (Number(slider.value) >= Number(slider.max)) slider.value = "0";
    playing = setInterval(next, STEP);
    play.textContent = say("stop");
    changed();
  });
  part("clear").addEventListener("click", () => {
    halt();
    boxes.forEach((box) => { box.checked = false; });
    slider.value = "0";
    changed();
    boxes[0]?.focus();
  });
  addEventListener("hashchange", () => { if (recall()) show(); });
  if (recall()) controls.scrollIntoView();
  show();
}
