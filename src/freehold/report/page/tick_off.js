// What goes out without the landlords that are ticked, on a day, and why. Owns the reading of the data that
// freehold.report.tick_data writes; it touches no page and says no words.
//
// tickOff(data) gives
//   landlords      [{kind, id, name, country, sources, inside, flags}], the largest first; they are named by their place
//   days           days on which a mission is given, ascending; each lasts until the next, and after the last one
//   horizon, floor, leftOut (landlords without an answer), daysLeftOut (days on which a mission changes that are not in days)
//   count          how many items there are
//   item(place)    {id, name, layer, mission}
//   answer(ticked, day)    what is left, and what is out on that day, without the landlords at these places:
//     exact    true: this is the answer; false: more may be out, and less left (three or more are ticked)
//     mission  [low, high]: mission left with unknowns at their worst and at their best
//     out      [{item, surely, since, until, because, source}] by place: surely out or only perhaps; from which day on and
//              until which (null: to the horizon) at the worst; the needed item that took it down first (null: its own source
//              was cut, or it was out before), and its source that this hit ("" where none is known)
//     flags, line    the flags of the command that answers exactly, one by one and as a line for a shell
//   why(ticked, day, item)    the way down from an item that is out on that day to the source that is cut:
//              [{item, because, source, since}]; since is null for what is only weakened, not out
"use strict";

function tickOff(data) {
  if (!data || data.version !== 1) throw new Error("These answers are of a version that this page does not read.");

  const NEVER = -1;
  const TOLERANCE = 1e-9;
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const VALUES = new Uint8Array(128);
  for (let value = 0; value < LETTERS.length; value += 1) VALUES[LETTERS.charCodeAt(value)] = value;

  // Whole numbers from their letters: five bits each, the lowest first; 32 says that more follow.
  function read(text) {
    const numbers = [];
    let number = 0;
    let scale = 1;
    for (let at = 0; at < text.length; at += 1) {
      const value = VALUES[text.charCodeAt(at)];
      if (value >= 32) {
        number += (value - 32) * scale;
        scale *= 32;
      } else {
        numbers.push(number + value * scale);
        number = 0;
        scale = 1;
      }
    }
    return numbers;
  }

  const ids = data.items.id;
  const count = ids.length;
  const layers = read(data.items.layer);
  const missions = new Map(data.items.mission);
  const size = data.landlords.length;

  // Links of all items one after the other; firstLink says where an item's begin.
  const firstLink = new Int32Array(count + 1);
  const linkItems = [];
  const linkSources = [];
  {
    const numbers = read(data.links);
    let at = 0;
    for (let item = 0; item < count; item += 1) {
      firstLink[item] = linkItems.length;
      const many = numbers[at];
      at += 1;
      for (let link = 0; link < many; link += 1) {
        linkItems.push(numbers[at] - 1);
        linkSources.push(numbers[at + 1]);
        at += 2;
      }
    }
    firstLink[count] = linkItems.length;
  }

  function sourceOf(item, link) {
    const source = linkSources[link];
    if (source === 0) return "";
    return source < data.suffixes ? ids[item] + data.sources[source] : data.sources[source];
  }

  // Spans by number: those of the data, and those that arise where cuts are put together.
  const times = [];
  {
    const numbers = read(data.times);
    let at = 0;
    const spans = (many) => {
      const found = [];
      for (let span = 0; span < many; span += 1) {
        found.push([data.moments[numbers[at]], numbers[at + 1] === 0 ? null : data.moments[numbers[at + 1] - 1]]);
        at += 2;
      }
      return found;
    };
    while (at < numbers.length) {
      at += 1;
      const worst = spans(numbers[at - 1]);
      at += 1;
      times.push({worst, best: numbers[at - 1] === 0 ? worst : spans(numbers[at - 1] - 1)});
    }
  }
  const starts = times.map(({worst}) => worst[0][0]);
  const start = (number) => starts[number];

  function together(first, second) {
    const found = [];
    for (const [since, until] of [...first, ...second].sort((one, other) => one[0] - other[0])) {
      const last = found[found.length - 1];
      if (last && (last[1] === null || since <= last[1])) {
        last[1] = until === null || last[1] === null ? null : Math.max(last[1], until);
      } else {
        found.push([since, until]);
      }
    }
    return found;
  }

  // Of each number those it was joined with. Where one takes in the other the spans keep their number, so that few arise
  // however many cuts are put together.
  const joined = [];
  const same = (one, other) =>
    one.length === other.length && one.every(([since, until], at) => since === other[at][0] && until === other[at][1]);

  function join(first, second) {
    if (first === second) return first;
    const [low, high] = first < second ? [first, second] : [second, first];
    if (joined[low] === undefined) joined[low] = new Map();
    const before = joined[low].get(high);
    if (before !== undefined) return before;
    const worst = together(times[first].worst, times[second].worst);
    const best = together(times[first].best, times[second].best);
    let number = [first, second].find((one) => same(worst, times[one].worst) && same(best, times[one].best));
    if (number === undefined) {
      number = times.length;
      times.push({worst, best});
      starts.push(worst[0][0]);
    }
    joined[low].set(high, number);
    return number;
  }

  // A cut that is ready to be asked: number of spans and of the link by item; NEVER for what is not out or not weakened.
  function blank(low, high) {
    return {
      low,
      high: high === 0 ? low : high,
      when: new Int32Array(count).fill(NEVER),
      link: new Int32Array(count).fill(NEVER),
      weak: new Int32Array(count).fill(NEVER),
    };
  }

  function alone([low, high, outs, weakened]) {
    const cut = blank(low, high);
    const numbers = read(outs);
    for (let at = 0, item = 0; at < numbers.length; at += 3) {
      item += numbers[at];
      cut.when[item] = numbers[at + 1];
      cut.link[item] = firstLink[item] + numbers[at + 2];
    }
    const weak = read(weakened);
    for (let at = 0, item = 0; at < weak.length; at += 2) {
      item += weak[at];
      cut.weak[item] = firstLink[item] + weak[at + 1];
    }
    return cut;
  }

  // Puts a cut on top of another: the first cause counts, and of two at once the one that was there.
  function add(cut, other) {
    for (let item = 0; item < count; item += 1) {
      if (other.when[item] !== NEVER) {
        if (cut.when[item] === NEVER) {
          cut.when[item] = other.when[item];
          cut.link[item] = other.link[item];
        } else {
          if (start(other.when[item]) < start(cut.when[item])) cut.link[item] = other.link[item];
          cut.when[item] = join(cut.when[item], other.when[item]);
        }
      }
      if (cut.weak[item] === NEVER) cut.weak[item] = other.weak[item];
    }
  }

  function two(first, second) {
    const [low, high, outs, weakened] = data.cuts[1 + size + (first * (2 * size - first - 1)) / 2 + second - first - 1];
    const cut = blank(low, high);
    add(cut, prepared([first]));
    add(cut, prepared([second]));
    const numbers = read(outs);
    for (let at = 0, item = 0; at < numbers.length;) {
      item += numbers[at];
      cut.when[item] = numbers[at + 1] - 1;
      cut.link[item] = numbers[at + 1] === 0 ? NEVER : firstLink[item] + numbers[at + 2];
      at += numbers[at + 1] === 0 ? 2 : 3;
    }
    const weak = read(weakened);
    for (let at = 0, item = 0; at < weak.length; at += 2) {
      item += weak[at];
      cut.weak[item] = weak[at + 1] === 0 ? NEVER : firstLink[item] + weak[at + 1] - 1;
    }
    return cut;
  }

  // Three and more: at least what any two of them take out. Each item remembers the pair that takes it out first.
  function several(places) {
    const pairs = [];
    places.forEach((first, at) => places.slice(at + 1).forEach((second) => pairs.push(prepared([first, second]))));
    const least = (side) => data.days.map((_, at) => Math.min(...pairs.map((pair) => pair[side][at])));
    const cut = blank(least("low"), least("high"));
    cut.pairs = pairs;
    cut.pair = new Int32Array(count).fill(NEVER);
    pairs.forEach((pair, number) => {
      for (let item = 0; item < count; item += 1) {
        const when = pair.when[item];
        if (when === NEVER) continue;
        if (cut.when[item] === NEVER || start(when) < start(cut.when[item])) {
          cut.link[item] = pair.link[item];
          cut.pair[item] = number;
        }
        cut.when[item] = cut.when[item] === NEVER ? when : join(cut.when[item], when);
      }
    });
    return cut;
  }

  // Cuts of up to two are kept; of more there are too many, and only the last is.
  const ready = new Map();
  let last = {key: "", cut: null};

  function prepared(places) {
    const key = places.join(" ");
    if (places.length > 2) {
      if (last.key !== key) last = {key, cut: several(places)};
      return last.cut;
    }
    let cut = ready.get(key);
    if (!cut) {
      cut = places.length === 2 ? two(places[0], places[1]) : alone(data.cuts[places.length ? 1 + places[0] : 0]);
      ready.set(key, cut);
    }
    return cut;
  }

  function inOrder(ticked) {
    const places = Array.from(new Set(ticked)).sort((one, other) => one - other);
    for (const place of places) {
      if (!Number.isInteger(place) || place < 0 || place >= size) throw new RangeError(`There is no landlord at place ${place}.`);
    }
    return places;
  }

  // Of three and more, those that another one covers take out no more: what is left of them may be known exactly.
  function needed(places) {
    let kept = places;
    for (const place of [...places].reverse()) {
      if (kept.length > 2 && kept.some((other) => other !== place && data.landlords[other].covers.includes(place))) {
        kept = kept.filter((other) => other !== place);
      }
    }
    return kept;
  }

  const spanOn = (spans, day) =>
    spans.find(([since, until]) => since <= day + TOLERANCE && (until === null || day + TOLERANCE < until));

  function missionOn(cut, day) {
    let at = 0;
    while (at + 1 < data.days.length && data.days[at + 1] <= day + TOLERANCE) at += 1;
    return [cut.low[at], cut.high[at]];
  }

  const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.split("'").join("'\\''")}'`);

  function answer(ticked, day) {
    const places = inOrder(ticked);
    const asked = needed(places);
    const cut = prepared(asked);
    const states = new Map();
    const stateOf = (number) => {
      let state = states.get(number);
      if (state === undefined) {
        const span = spanOn(times[number].worst, day);
        state = span ? {since: span[0], until: span[1], surely: spanOn(times[number].best, day) !== undefined} : null;
        states.set(number, state);
      }
      return state;
    };
    const out = [];
    for (let item = 0; item < count; item += 1) {
      if (cut.when[item] === NEVER) continue;
      const state = stateOf(cut.when[item]);
      if (!state) continue;
      const below = linkItems[cut.link[item]];
      out.push({
        item,
        surely: state.surely,
        since: state.since,
        until: state.until,
        because: below < 0 ? null : below,
        source: sourceOf(item, cut.link[item]),
      });
    }
    const flags = places.flatMap((place) => data.landlords[place].flags);
    return {exact: asked.length <= 2, mission: missionOn(cut, day), out, flags, line: flags.map(quoted).join(" ")};
  }

  function why(ticked, day, item) {
    let cut = prepared(needed(inOrder(ticked)));
    const first = cut.when[item];
    if (first === undefined || first === NEVER || !spanOn(times[first].worst, day)) return [];
    if (cut.pairs) cut = cut.pairs[cut.pair[item]];
    const steps = [];
    const seen = new Set();
    // what is out already says why by itself; what is not yet out says why it is weakened, and so on down from there
    let until = start(cut.when[item]);
    let at = item;
    while (at !== null && !seen.has(at)) {
      seen.add(at);
      const when = cut.when[at];
      let link = NEVER;
      let since = null;
      if (when !== NEVER && until !== null && start(when) <= until) {
        link = cut.link[at];
        since = start(when);
      } else if (steps.length) {
        link = cut.weak[at];
      }
      until = since;
      if (link === NEVER) break;
      const below = linkItems[link] < 0 ? null : linkItems[link];
      steps.push({item: at, because: below, source: sourceOf(at, link), since});
      at = below;
    }
    return steps;
  }

  function item(place) {
    const name = data.items.name[place];
    return {
      id: ids[place],
      name: name === 0 ? ids[place] : name,
      layer: data.items.layers[layers[place]],
      mission: missions.get(place) || 0,
    };
  }

  return {
    landlords: data.landlords,
    days: data.days,
    horizon: data.horizon,
    floor: data.floor,
    leftOut: data.left_out,
    daysLeftOut: data.days_left_out,
    count,
    item,
    answer,
    why,
  };
}
