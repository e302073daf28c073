/* The keys of a page. Each is dead where somebody types, while a dialog is open, beside a modifier
   and for whoever has switched them off; what they do is done by the page's own links and buttons. */

const help = document.getElementById("keys");

const TYPING = "input:not([type=radio], [type=checkbox]), textarea, select";
const types = (part) => part.isContentEditable || part.closest?.(TYPING);
const seen = (part) => part.checkVisibility();

/* --- the dialog that lists them; its pages are those of the page's own menu --- */

const pages = () => [...document.querySelectorAll("[data-go]")];

function listPages() {
  const list = help.querySelector("[data-pages]");
  const line = list.querySelector("template").content.firstElementChild;
  list.append(...pages().map((page) => {
    const shown = line.cloneNode(true);
    shown.querySelector("[data-letter]").textContent = page.dataset.go;
    shown.querySelector("dd").textContent = page.dataset.name ?? page.textContent;
    return shown;
  }));
}

listPages();

/* --- lists: a row is gone to by its first link, which Enter opens, or its first control --- */

const ROWS = "main :is(.rental, tbody tr, .queue__item)";
const STOPS = "a[href], button:not(:disabled), summary, input";

const stop = (row) => row.querySelector("a[href]") ?? row.querySelector(STOPS);

function step(by) {
  const rows = [...document.querySelectorAll(ROWS)].filter((row) => seen(row) && stop(row));
  const at = rows.findLastIndex((row) => row.contains(document.activeElement));
  const to = at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by;
  if (rows[to]) stop(rows[to]).focus();
}

/* --- the other keys --- */

function search() {
  const field = [...document.querySelectorAll("main input[type=search]")].find(seen);
  field?.focus();
  field?.select();
}

function rent() {
  if (document.getElementById("offer-search")) search();
  else document.querySelector("[data-rent]")?.click();
}

function newestCode() {
  const row = document.activeElement.closest(ROWS)?.querySelector("[data-copy-code]");
  const number = (button) => Number(button.dataset.copyCode);
  const all = [...document.querySelectorAll("[data-copy-code]")].sort((a, b) => number(b) - number(a));
  return row ?? all[0];
}

const KEYS = {
  "?": () => help.dispatchEvent(new Event("show", { bubbles: true })),
  "/": search,
  n: rent,
  j: () => step(1),
  k: () => step(-1),
  c: () => newestCode()?.click(),
  u: () => [...document.querySelectorAll("[data-undo] button")].at(-1)?.click(),
};

let going = false; // after a g, until the next key

function press(event) {
  const page = going && pages().find((page) => page.dataset.go === event.key);
  const does = going ? page && (() => page.click()) : KEYS[event.key];
  going = !going && event.key === "g";
  if (!does) return;
  event.preventDefault();
  does();
}

document.addEventListener("pointerdown", () => { going = false; });
document.addEventListener("keydown", (event) => {
  if (["Control", "Alt", "Meta", "Shift"].includes(event.key)) return;
  const modified = event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
  const elsewhere = types(event.target) || document.querySelector("dialog[open]");
  if (modified || elsewhere || event.defaultPrevented || "off" in help.dataset) going = false;
  else press(event);
});
