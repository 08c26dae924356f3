// What the page says, and how it builds elements: texts are always text, never markup.
const data = JSON.parse(document.getElementById("page-data").textContent);

function say(key, values = {}) {
  return data.words[key].replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

function make(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "text") node.textContent = value;
    else if (name === "class") node.className = value;
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

const whole = (number) => String(Math.round(number)).replace(/\B(?=(\d{3})+(?!\d))/g, ",");

const dayText = (day) => (Math.abs(day - Math.round(day)) < 0.05 ? whole(day) : day.toFixed(1));

// As the rest of the page writes a fraction: 100 % only where it is exactly so, and 0 % likewise.
function percentNumber(value) {
  const shown = Math.round(value * 100);
  if (shown === 100 && value < 1 - 1e-9) return (Math.floor(value * 1000) / 10).toFixed(1);
  return String(shown);
}

function percent(value) {
  if (percentNumber(value) === "0" && value > 1e-9) return say("under_one");
  return `${percentNumber(value)}\u00a0%`;
}

const interval = (low, high) => (percent(low) === percent(high)
  ? percent(low)
  : say("range", {low: percentNumber(low), high: percent(high)}));

function listed(names) {
  return names.length < 2 ? names.join("") : say("and", {first: names.slice(0, -1).join(say("comma")), last: names.at(-1)});
}

// A part of an address as text; one whose codes make no sense, which anybody can send, stays as it is.
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
