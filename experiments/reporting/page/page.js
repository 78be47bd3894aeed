"use strict";

/* Sorting: a click on a column's heading sorts its table, a second one the other way round; gaps stay last. */
function value(row, column) {
  const cell = row.cells[column];
  const text = "value" in cell.dataset ? cell.dataset.value : cell.textContent.trim();
  if (text === "" || text === "-") return null;
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), "en", { numeric: true });
}

function sort(heading) {
  const table = heading.closest("table");
  const column = heading.cellIndex;
  const falling = heading.getAttribute("aria-sort") === "ascending";
  for (const open of table.querySelectorAll("[aria-expanded=true]")) open.click();
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
  const rows = Array.from(table.tBodies[0].rows, (row) => ({ row, key: value(row, column) }));
  rows.sort((one, other) => {
    if (one.key === null || other.key === null) return (one.key === null) - (other.key === null);
    return falling ? compare(other.key, one.key) : compare(one.key, other.key);
  });
  table.tBodies[0].append(...rows.map((one) => one.row));
}

/* On a phone, lists have their headings beside each entry. */
const phone = matchMedia("(max-width: 40rem)");

function nameEntries() {
  for (const table of document.querySelectorAll("table.listed")) {
    const names = [...table.tHead.rows[0].cells].map((one) => one.textContent);
    for (const row of table.tBodies[0].rows) {
      [...row.cells].forEach((cell, place) => { cell.dataset.name = names[place]; });
    }
  }
}

if (phone.matches) nameEntries();
phone.addEventListener("change", nameEntries, { once: true });

for (const heading of document.querySelectorAll("table.sortable > thead th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.title = "Sort";
  button.append(...heading.childNodes);
  heading.append(button);
  button.addEventListener("click", () => sort(heading));
}

/* What is large is compressed in the page. A drawing is downloaded as it is shown, so the page holds it once. */
async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

async function unpack(element, attribute, type) {
  element[attribute] = `data:${type},${encodeURIComponent(await unpacked(element.dataset.packed))}`;
}

async function prepare(figure) {
  const image = figure.querySelector("img");
  if (image.dataset.packed) await unpack(image, "src", "image/svg+xml");
  figure.querySelector("a.svg").href = image.src;
  for (const link of figure.querySelectorAll("a[data-packed]")) await unpack(link, "href", "text/csv;charset=utf-8");
}

/* One after the other, from the top, once all else is there: so a large page opens at once. */
addEventListener("load", async () => {
  for (const figure of document.querySelectorAll("figure.drawing")) await prepare(figure);
});

/* A phone has no room for the contents unasked; what is folded opens when somebody is led to it. */
if (phone.matches) {
  for (const contents of document.querySelectorAll(".contents")) contents.open = false;
}
function unfold() {
  const there = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (there && there.matches("details")) there.open = true;
}
addEventListener("hashchange", unfold);
unfold();

/* A run's details: written once for all runs that share them, and laid out when somebody asks. */
const facts = unpacked(document.getElementById("facts").textContent).then(JSON.parse);

async function details(button) {
  const row = button.closest("tr");
  const open = button.getAttribute("aria-expanded") === "true";
  button.setAttribute("aria-expanded", String(!open));
  if (open) {
    if (row.nextElementSibling?.className === "more") row.nextElementSibling.remove();
    return;
  }
  const cell = document.createElement("td");
  cell.colSpan = row.cells.length;
  const known = await facts;
  const told = known.runs[button.dataset.run];
  const parts = { run: button.dataset.run, scores: told.scores };
  for (const name of known.parts) parts[name] = known.shared[told[name]];
  for (const [name, part] of Object.entries(parts)) {
    const title = document.createElement("b");
    title.textContent = name;
    const text = document.createElement(name === "run" ? "code" : "pre");
    text.textContent = name === "run" ? ` ${part}` : JSON.stringify(part, null, 1);
    const block = document.createElement("div");
    block.append(title, text);
    cell.append(block);
  }
  const more = document.createElement("tr");
  more.className = "more";
  more.append(cell);
  row.after(more);
}

for (const button of document.querySelectorAll("button.run")) {
  button.addEventListener("click", () => details(button));
}
