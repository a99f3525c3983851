// The page at `/`: sends the form and files, shows what comes back.
"use strict";

const SHOWN_CONTRIBUTIONS = 12;
const SHOWN_CLASSES = 10;
const SHOWN_DRIFT = 15;
const { task, target } = content.dataset;
const classes = JSON.parse(content.dataset.classes);
const form = document.getElementById("row");
const fields = [...form.querySelectorAll(".field")].map(readField);
const positive = nameClass(classes.length ? classes[1] : 1);
let asked = 0;

async function ask(path, body) {
  const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const found = await response.json();
  if (!response.ok) throw Object.assign(new Error(found.error), { rows: found.rows });
  return found;
}

// -- the form

function readField(place) {
  const input = place.querySelector("input:not([data-tool]), select, textarea, canvas");
  const kind = place.dataset.input;
  const field = { name: place.dataset.name, input, kind, error: place.querySelector(".error") };
  if (kind === "image") field.image = window.drawing(input, place.querySelector(".tools"), answer);
  return field;
}

function valueOf({ input, kind, image }) {
  if (image) return image.read();
  if (kind === "text") return input.value;
  if (input.value === "") return null;
  if (kind === "flag") return input.value === "true";
  return kind === "number" ? Number(input.value) : input.value;
}

function setValue(field, value) {
  field.input.value = typeof value === "boolean" ? String(value) : value;
}

function readRow() {
  return Object.fromEntries(fields.map((field) => [field.name, valueOf(field)]));
}

function mark(faults) {
  for (const field of fields) {
    const fault = faults.find((each) => each.column === field.name);
    field.error.textContent = fault ? fault.reason : "";
    if (fault) field.input.setAttribute("aria-invalid", "true");
    else field.input.removeAttribute("aria-invalid");
  }
}

async function answer() {
  const turn = ++asked;
  const row = readRow();
  // A browser gives no text for what is no number: it may not be taken for an empty value.
  const spoilt = fields.filter((field) => field.input.validity && field.input.validity.badInput);
  if (spoilt.length) {
    return refuse("some values do not have the form of their column", spoilt.map((field) => ({ column: field.name, reason: "this is no such value" })));
  }
  try {
    const found = await ask("/answer", { row });
    if (turn !== asked) return undefined;
    mark([]);
    show("answer", ...describeAnswer(found));
    await findChanges(row, turn);
  } catch (error) {
    if (turn === asked) refuse(error.message, error.rows || []);
  }
  return undefined;
}

function refuse(message, faults) {
  mark(faults);
  const named = faults.map((fault) => (fault.column ? `${fault.column}: ${fault.reason}` : fault.reason));
  show("answer", element("p", { class: "failed" }, `No answer: ${message}`), ...named.map((text) => element("p", {}, text)));
  show("changes");
}

// -- the answer

function describeAnswer(found) {
  const title = target ? [element("p", { class: "hint" }, `Predicted ${target}`)] : [];
  const parts = task === "regression" ? describePrediction(found.answer) : task === "binary" ? describeBinary(found.answer) : describeSeveral(found.answer);
  if (found.contributions) parts.push(describeContributions(found));
  return [...title, ...parts];
}

function describePrediction(answer) {
  return [element("p", { class: "headline" }, number(answer.prediction))];
}

function nameClass(label) {
  return classes.length || target ? String(label) : `class ${label}`;
}

function describeBinary(answer) {
  const threshold = Number(content.dataset.threshold);
  const scale = element("div", { class: "scale", "aria-hidden": "true" }, element("span"), element("i"));
  scale.firstChild.style.width = `${100 * answer.probability}%`;
  scale.lastChild.style.left = `${100 * threshold}%`;
  return [
    element("p", { class: "headline" }, nameClass(answer.class)),
    element("p", {}, `Probability of ${target ? `${target} = ${positive}` : positive}: ${percent(answer.probability)}; it is ${positive} from ${percent(threshold)} on.`),
    scale,
  ];
}

function describeSeveral(answer) {
  const outputs = Object.entries(answer).filter(([name]) => name !== "class");
  const sorted = outputs.sort((one, other) => other[1] - one[1]).slice(0, SHOWN_CLASSES);
  const rows = sorted.map(([name, share]) => element(
    "tr", {}, element("th", { scope: "row" }, nameClass(name.replace("probability_", ""))), element("td", { class: "number" }, percent(share)),
    element("td", { class: "bar" }, bar(share, 1, true)),
  ));
  return [element("p", { class: "headline" }, nameClass(answer.class)), table("Probabilities", [target || "class", "", ""], rows)];
}

function describeContributions({ contributions, typical, row, explained }) {
  const written = (value) => (task === "regression" ? number(value) : percent(value));
  const what = task === "multiclass" ? ` (${nameClass(explained.replace("probability_", ""))})` : "";
  const shown = contributions.slice(0, SHOWN_CONTRIBUTIONS);
  const rest = contributions.slice(SHOWN_CONTRIBUTIONS).reduce((sum, each) => sum + each.contribution, 0);
  if (contributions.length > shown.length) shown.push({ column: "all others", contribution: rest });
  const largest = Math.max(...shown.map((each) => Math.abs(each.contribution)));
  const whole = shown.every((each) => each.contribution >= 0);
  const values = readRow();
  const rows = shown.map(({ column, contribution }) => element(
    "tr", {}, element("th", { scope: "row" }, column), element("td", {}, column in values ? tell(values[column]) : ""),
    element("td", { class: "number" }, signed(contribution)), element("td", { class: "bar" }, bar(contribution, largest, whole)),
  ));
  return table(`A typical row gets ${written(typical)}${what}, this one ${written(row)}: what each column adds`, ["column", "value", task === "regression" ? "adds" : "adds, points", ""], rows);
}

// -- the nearest changes

async function findChanges(row, turn) {
  if (fields.every((field) => ["image", "text"].includes(field.kind))) return;
  const amount = document.getElementById("amount");
  const given = amount && amount.value !== "" ? { amount: Number(amount.value) } : {};
  const found = await ask("/changes", { row, ...given });
  if (turn !== asked) return;
  if (amount) amount.placeholder = found.amount;
  const told = `No training row had this value of ${found.unknown.join(", ")}: it counts as unknown.`;
  show("changes", ...(found.unknown.length ? [element("p", { class: "notice" }, told)] : []), describeChanges(found));
}

function describeChanges({ changes, amount }) {
  const aim = task === "regression" ? `move the prediction by ${number(amount)} or more` : "turn the class";
  if (!changes) return element("p", { class: "hint" }, "The run of this version kept no training values to try changes with: train anew.");
  if (!changes.length) return element("p", { class: "hint" }, `No single number or category that training rows held would ${aim}.`);
  const rows = changes.map((change) => element(
    "tr", {}, element("th", { scope: "row" }, change.column),
    element("td", {}, `${tell(change.value)} \u2192 ${tell(change.changed)}`),
    element("td", {}, tellAnswer(change.answer)),
    element("td", { class: "act" }, element("button", { type: "button", "aria-label": `Try ${change.column} ${tell(change.changed)}`, onclick: () => tryChange(change) }, "Try")),
  ));
  return table(`Changes of one value that would ${aim}, the nearest first`, ["column", "change", task === "binary" ? `answer, probability of ${positive}` : "answer", ""], rows);
}

function tellAnswer(answer) {
  if (task === "regression") return number(answer.prediction);
  return `${nameClass(answer.class)}, ${percent(task === "binary" ? answer.probability : answer[`probability_${answer.class}`])}`;
}

function tryChange({ column, changed }) {
  const field = fields.find((each) => each.name === column);
  setValue(field, changed);
  field.input.focus();
  answer();
}

// -- files

async function answerFile(event) {
  event.preventDefault();
  const [file] = document.getElementById("csv").files;
  if (!file) return show("uploaded", element("p", { class: "failed" }, "Choose a CSV file first."));
  show("uploaded", element("p", {}, "Answering \u2026"));
  const query = new URLSearchParams({ name: file.name, reasons: document.getElementById("reasons").checked });
  const response = await fetch(`/file?${query}`, { method: "POST", headers: { "Content-Type": "text/csv" }, body: file });
  if (!response.ok) return show("uploaded", element("p", { class: "failed" }, `No answer: ${(await response.json()).error}`));
  const summary = JSON.parse(response.headers.get("X-Casebook-Summary"));
  const link = element("a", { href: URL.createObjectURL(await response.blob()), download: `answered_${file.name}` }, `answered_${file.name}`);
  const counts = `${number(summary.rows)} rows: ${number(summary.answered)} answered, ${number(summary.rejected)} rejected. `;
  const rejected = summary.first.map(({ row, reason }) => element("tr", {}, element("th", { scope: "row" }, row), element("td", {}, reason)));
  const reasons = rejected.length ? [table("The first rejected rows", ["row, from 0", "reason"], rejected)] : [];
  return show("uploaded", element("p", {}, counts, link), ...reasons);
}

// -- drift

async function measureDrift() {
  const found = await (await fetch("/drift")).json();
  const rows = found.columns.slice(0, SHOWN_DRIFT).map(({ column, raw_columns, index, chance, alarm }) => element(
    "tr", {}, element("th", { scope: "row" }, column, ...(raw_columns && raw_columns !== column ? [element("span", { class: "hint" }, ` of ${raw_columns}`)] : [])),
    element("td", { class: "number" }, `${index.toFixed(3)}${alarm ? ", alarm" : ""}`), element("td", { class: "number" }, chance.toFixed(3)),
    element("td", { class: "bar" }, bar(index, Math.max(1, found.columns[0].index), true)),
  ));
  const looked = found.sampled < found.rows ? `, of which ${number(found.sampled)} are looked at` : "";
  const told = `${number(found.rows)} rows since ${found.since}${looked}.`;
  if (!found.profile) return show("drifted", element("p", {}, `${told} The run of this version kept no training profile to compare them with.`));
  const few = `${number(found.sampled)} rows are few: an index below what chance alone makes of them tells nothing yet, and only one above it sounds the alarm.`;
  const caption = `Population stability index: below 0.1 no shift, an alarm from ${found.level} on where chance does not go as far`;
  return show(
    "drifted", element("p", {}, told), ...(found.few ? [element("p", { class: "notice" }, few)] : []),
    ...(rows.length ? [table(caption, ["feature or answer", "index", "by chance up to", ""], rows)] : []),
  );
}

form.addEventListener("submit", (event) => { event.preventDefault(); answer(); });
form.addEventListener("change", (event) => { if (!event.target.dataset.tool) answer(); });
form.addEventListener("reset", () => setTimeout(() => { fields.forEach((field) => field.image && field.image.reset()); answer(); }));
document.getElementById("amount-form")?.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("amount")?.addEventListener("change", answer);
document.getElementById("upload")?.addEventListener("submit", answerFile);
document.getElementById("measure").addEventListener("click", measureDrift);
answer();
measureDrift();
