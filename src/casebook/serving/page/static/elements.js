// Elements and how numbers are written. Whatever the data hold is set as text, never as markup.
"use strict";

const LONGEST = 40;
const content = document.getElementById("content");

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return made;
}

function show(id, ...children) {
  document.getElementById(id).replaceChildren(...children);
}

function table(caption, heads, rows) {
  const alike = (place) => (rows.length && rows[0].children[place].className === "number" ? { class: "number" } : {});
  const head = element("tr", {}, ...heads.map((text, place) => element("th", { scope: "col", ...alike(place) }, text)));
  return element("table", {}, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, ...rows));
}

function number(value) {
  return Number(value).toLocaleString("en", { maximumSignificantDigits: 5 });
}

function percent(share) {
  const digits = share > 0.001 && share < 0.999 ? 1 : 3;
  return `${(100 * share).toFixed(digits)}\u00a0%`;
}

function signed(value) {
  const size = content.dataset.task === "regression" ? number(Math.abs(value)) : (100 * Math.abs(value)).toFixed(1);
  return `${value < 0 ? "\u2212" : "+"}${size}`;
}

function bar(value, largest, whole = false) {
  const span = element("span", value < 0 ? { class: "down" } : {});
  const width = largest ? (Math.abs(value) / largest) * (whole ? 100 : 50) : 0;
  span.style.width = `${width}%`;
  span.style.left = whole ? "0" : `${value < 0 ? 50 - width : 50}%`;
  return element("div", { class: whole ? "bars whole" : "bars", "aria-hidden": "true" }, span);
}

function tell(value) {
  if (value === null) return "not known";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return number(value);
  return value.length > LONGEST ? `${value.slice(0, LONGEST)}\u2026` : value;
}
