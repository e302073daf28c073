/* The palette: a text field over a list of what is found, by the pattern of a combobox. The list
   comes from the server, which knows what may be found. */

const dialog = document.getElementById("palette");
const field = dialog.querySelector("[role=combobox]");

let answered = null; // the words that the list is for
let isWanted = false; // Enter was pressed before their list was there

const options = () => [...dialog.querySelectorAll("[role=option]")];
const chosen = () => dialog.querySelector("[aria-selected=true]");

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  field.setAttribute("aria-activedescendant", option?.id ?? "");
  option?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = options();
  const to = all.indexOf(chosen()) + by;
  choose(all.at(to % all.length));
}

function go() {
  isWanted = field.value !== answered;
  if (!isWanted) chosen()?.click();
}

dialog.addEventListener("show", () => {
  field.value = "";
  answered = null;
  htmx.trigger(field, "find");
});

dialog.addEventListener("close", () => { isWanted = false; });

dialog.addEventListener("click", (event) => {
  if (event.target.closest("[role=option], [data-closes]")) dialog.close();
});
dialog.addEventListener("submit", (event) => { event.preventDefault(); go(); });

field.addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || event.isComposing) return;
  event.preventDefault();
  if (options().length) step(by);
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target.id !== "palette-results") return;
  answered = detail.requestConfig.parameters.q;
  const all = options();
  field.setAttribute("aria-expanded", String(all.length > 0));
  dialog.querySelector("[data-count]").textContent = dialog.querySelector("[role=listbox]").dataset.said;
  choose(all[0]);
  if (isWanted) go();
});

document.addEventListener("keydown", (event) => {
  const opens = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  if (!opens || event.key.toLowerCase() !== "k") return;
  event.preventDefault();
  if (dialog.open) field.select();
  else dialog.dispatchEvent(new Event("show", { bubbles: true }));
});
