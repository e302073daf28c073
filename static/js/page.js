/* What every page can do beyond plain HTML: copy, toasts, menus, dialogs, themes. */

const words = document.getElementById("words").dataset;

/* --- what is said to who listens: all that comes in one moment together, each once --- */

const saying = [];

function announce(text) {
  if (saying.push(text) > 1) return;
  const line = document.getElementById("announcer");
  line.textContent = "";
  setTimeout(() => { line.textContent = saying.splice(0).join(" "); }, 50);
}

document.addEventListener("announce", (event) => announce(event.detail));

/* --- the focus goes back to where it was, or to what stands there by then --- */

function giveBack(from) {
  const there = from?.isConnected ? from : document.getElementById(from?.id);
  (there ?? document.getElementById("main")).focus({ preventScroll: true });
}

// What had it and is replaced, by whatever reads the page anew, gives it to its successor, else to
// what is around it. A press beside everything gives it up.
let held = null;
let around = null;

document.addEventListener("focusin", ({ target }) => {
  if (target.closest("#toasts")) return;
  held = target;
  around = target.closest("[id][tabindex]");
});
document.addEventListener("pointerdown", ({ target }) => {
  if (!target.closest("#toasts")) held = null;
});
document.addEventListener("htmx:afterSettle", () => {
  if (!held || document.activeElement !== document.body) return;
  if (held.isConnected && !held.disabled) return;
  const heir = document.getElementById(held.id);
  if (heir && !heir.disabled) heir.focus({ preventScroll: true });
  else if (around) giveBack(around);
});

/* --- toasts: news goes by itself, unless somebody is at it; what went wrong stays until it is
   closed. An undo is offered for so many seconds, and goes with the last of them --- */

const NEWS_STAYS = 6; // seconds

function leave(toast) {
  const was = toast.contains(document.activeElement);
  toast.remove();
  if (was) giveBack(held);
}

function age(toast) {
  const shown = toast.querySelector("[data-seconds]");
  const ends = Date.now() + (Number(shown?.textContent) || NEWS_STAYS) * 1000;
  const timer = setInterval(() => {
    const left = Math.ceil((ends - Date.now()) / 1000);
    if (shown) shown.textContent = left;
    if (left <= 0 && (shown || !toast.matches(":hover, :focus-within"))) leave(toast);
    if (!toast.isConnected) clearInterval(timer);
  }, 250);
}

function dress(toast) {
  const close = document.createElement("button");
  close.type = "button";
  close.setAttribute("aria-label", words.close);
  close.textContent = "×";
  close.addEventListener("click", () => leave(toast));
  toast.append(close);
  if (!toast.classList.contains("toast--bad")) age(toast);
}

function toast(text, bad = false) {
  const region = document.getElementById("toasts");
  for (const shown of region.children) {
    if (shown.firstElementChild?.textContent === text) shown.remove();
  }
  const item = document.createElement("div");
  const said = document.createElement("span");
  item.className = `toast toast--${bad ? "bad" : "ok"}`;
  said.textContent = text;
  item.append(said);
  dress(item);
  region.append(item);
}

function show(html) {
  const region = document.getElementById("toasts");
  region.insertAdjacentHTML("beforeend", html);
  htmx.process(region.lastElementChild);
  dress(region.lastElementChild);
}

document.querySelectorAll("[data-toast]").forEach(dress);
document.addEventListener("toast", ({ detail }) => {
  if (detail.html) show(detail.html);
  else toast(detail.text, detail.bad);
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const undo = detail.elt.closest?.("[data-undo]");
  if (undo && detail.xhr.status && detail.xhr.status < 500) leave(undo.closest(".toast"));
});

/* --- what went wrong with a request that somebody made; the script's own reads stay silent --- */

function isOurs(event) {
  const asked = event.detail.requestConfig?.triggeringEvent; // none for what is read by the clock
  return !asked || asked.type === "refresh";
}

// Beside what was pressed where the form has a place for it, else as a toast.
function complain(event, text, unsure) {
  if (isOurs(event)) return;
  const place = event.detail.elt.querySelector?.("[data-said]");
  if (!place) return toast(text, true);
  place.textContent = unsure ? place.dataset.unsure : text;
  place.hidden = false;
}

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  complain(event, words[String(status)] ?? words["500"], status >= 500);
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => complain(event, words.unreached, true));
}
document.addEventListener("htmx:beforeRequest", (event) => {
  const place = event.detail.elt.querySelector?.("[data-said]");
  if (place) place.hidden = true;
});

/* --- what was pressed may be gone with the answer: the focus goes to what it names then --- */

document.addEventListener("htmx:afterRequest", (event) => {
  const then = event.detail.requestConfig.elt.dataset.then;
  if (then && document.activeElement === document.body) document.getElementById(then)?.focus();
});

/* --- copy --- */

async function put(text) {
  if (navigator.clipboard) {
    try { return await navigator.clipboard.writeText(text).then(() => true); } catch { /* below */ }
  }
  const field = document.createElement("textarea");
  const focused = document.activeElement;
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy"); // the only way on plain http
  field.remove();
  focused?.focus({ preventScroll: true });
  return done;
}

async function copy(button) {
  if (!await put(button.dataset.copy)) return toast(words.notCopied, true);
  button.dataset.copied = "";
  announce(words.copied);
  setTimeout(() => { delete button.dataset.copied; }, 1800);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

/* --- panels that are open stand in the address: a reload, or Back, opens them again --- */

const PANELS = "details[id]:not(.menu), .queue__item";
const openPanels = (here) => here.searchParams.get("open")?.split(".") ?? [];

function keep(panel, isOpen) {
  const here = new URL(location);
  const open = new Set(openPanels(here));
  if (open.has(panel.id) === isOpen) return;
  open[isOpen ? "add" : "delete"](panel.id);
  if (open.size) here.searchParams.set("open", [...open].join("."));
  else here.searchParams.delete("open");
  history.replaceState(history.state, "", here);
}

function reopen() {
  for (const id of openPanels(new URL(location))) {
    const panel = document.getElementById(id);
    if (!panel?.matches(PANELS)) continue;
    if (panel.matches("details")) panel.open = true;
    else if (!panel.matches(".queue__item--open")) panel.querySelector("[hx-get]").click();
  }
}

document.addEventListener("toggle", ({ target }) => {
  if (target.matches("details") && target.matches(PANELS)) keep(target, target.open);
}, true);
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (elt.matches(".queue__item")) keep(elt, elt.matches(".queue__item--open"));
  reopen();
});

/* --- menus close by Escape and by a click elsewhere --- */

const openMenus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

/* --- dialogs --- */

document.addEventListener("show", ({ target: dialog }) => {
  const from = document.activeElement;
  const end = () => { if (!from.isConnected) giveBack(from); };
  dialog.addEventListener("close", end, { once: true });
  dialog.showModal();
});
document.addEventListener("click", (event) => {
  const opens = event.target.closest("[data-opens]");
  if (!opens || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  opens.closest("details[open]")?.querySelector("summary").focus();
  opens.closest("details[open]")?.removeAttribute("open");
  document.getElementById(opens.dataset.opens).dispatchEvent(new Event("show", { bubbles: true }));
});

/* --- the theme, at once; the form behind it does the same with a new page --- */

document.addEventListener("submit", (event) => {
  const choice = event.submitter;
  if (!event.target.matches("[data-theme-switch]") || !choice) return;
  event.preventDefault();
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${choice.value}; path=/; max-age=31536000; samesite=lax${secure}`;
  if (choice.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice.value;
  for (const button of event.target.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button === choice));
  }
});
