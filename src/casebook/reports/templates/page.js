"use strict";
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const THEME = {
  aria: false, background: null, font: "system-ui, sans-serif", padding: 5,
  autosize: { type: "fit-x", contains: "padding" },
  axis: { labelColor: "var(--soft)", titleColor: "var(--soft)", gridColor: "var(--grid)", domainColor: "var(--line)",
    tickColor: "var(--line)", titleFontWeight: "normal", labelFontSize: 11, titleFontSize: 11 },
  axisQuantitative: { tickCount: 5 },
  legend: { labelColor: "var(--ink)", titleColor: "var(--soft)", labelFontSize: 11, symbolOpacity: 1 },
  view: { stroke: "transparent" },
};
const views = {};

function draw(place) {
  const spec = { ...charts[place.dataset.chart], config: THEME };
  const options = { renderer: "svg", actions: false, tooltip: { theme: "custom", disableDefaultStyle: true } };
  return vegaEmbed(place, spec, options).then((drawn) => {
    views[place.dataset.chart] = drawn.view;
    // The place says in words what is drawn; thousands of marks would only be read out.
    place.querySelector("svg").setAttribute("aria-hidden", "true");
  });
}

// What `evaluation.metrics` computes of the same counts; null where it is not defined.
function score(at, costs) {
  const share = (part, whole) => (whole > 0 ? part / whole : null);
  return {
    accuracy: share(at.tp + at.tn, at.tp + at.tn + at.fp + at.fn),
    f1: share(2 * at.tp, 2 * at.tp + at.fp + at.fn),
    precision: share(at.tp, at.tp + at.fp),
    recall: share(at.tp, at.tp + at.fn),
    cost: at.fp * costs.fp + at.fn * costs.fn,
  };
}

function follow(panel) {
  const table = read("thresholds");
  const input = (name) => panel.querySelector(`[name=${name}]`);
  const slider = input("threshold");
  const costs = () => ({ fp: Math.max(0, Number(input("fp").value)), fn: Math.max(0, Number(input("fn").value)) });
  const write = (value, digits) => (value === null ? "not defined"
    : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  function show() {
    const at = table[Number(slider.value)], found = score(at, costs());
    panel.querySelector("output").textContent = String(Number(at.threshold.toFixed(4)));
    slider.setAttribute("aria-valuetext", `threshold ${at.threshold}`);
    for (const cell of document.querySelectorAll("[data-count]"))
      cell.textContent = at[cell.dataset.count].toLocaleString("en", { maximumFractionDigits: 1 });
    for (const cell of document.querySelectorAll("[data-score]"))
      cell.textContent = write(found[cell.dataset.score], cell.dataset.score === "cost" ? 1 : 4);
    if (views.thresholds) views.thresholds.signal("chosen", at.threshold).run();
  }
  function chooseCheapest() {
    const all = table.map((at) => score(at, costs()).cost);
    slider.value = String(all.indexOf(Math.min(...all)));
    show();
  }
  for (const name of ["threshold", "fp", "fn"]) input(name).addEventListener("input", show);
  panel.querySelector("button").addEventListener("click", chooseCheapest);
  show();
}

// MLflow shows the page in a frame that may run scripts but go nowhere: a link there would blank it, or do nothing.
function stayInFrame() {
  for (const link of document.querySelectorAll("a[href]")) {
    const address = link.getAttribute("href");
    if (!address.startsWith("#")) {
      link.replaceWith(`${link.textContent} (artifact ${decodeURIComponent(address)})`);
      continue;
    }
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const place = document.getElementById(address.slice(1));
      place.tabIndex = -1;
      place.focus({ preventScroll: true });
      place.scrollIntoView();
    });
  }
}

if (window !== window.top) stayInFrame();
const charts = read("charts");
Promise.all([...document.querySelectorAll("[data-chart]")].map(draw)).then(() => {
  const panel = document.querySelector(".slider");
  if (panel) follow(panel);
  document.body.dataset.ready = "true";
});
