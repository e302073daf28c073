/* Rentals on a page: countdowns by the server's clock, news of codes, choosing an offer, renting. */

const words = document.getElementById("words").dataset;
const say = (text) => document.dispatchEvent(new CustomEvent("announce", { detail: text }));
const about = (text, card) => text.replace("{service}", card.dataset.service);

/* --- the server's clock: every card says what time it was when it was written --- */

let ahead = 0; // the server's clock minus this one's, in milliseconds
let known = false; // whether that still holds
let began = Date.now() - performance.now();

function readClock(part) {
  const card = part.matches?.("[data-now]") ? part : part.querySelector?.("[data-now]");
  if (card) setClock(card.dataset.now);
}

function setClock(now) {
  const told = Number(now) - Date.now();
  if (!known || told > ahead) ahead = told; // an answer takes its time: the fastest is right
  known = true;
}

document.addEventListener("now", ({ detail }) => setClock(detail.at)); // where no card was sent

// This clock was set, or the computer slept: only the server knows which.
function checkClock() {
  const now = Date.now() - performance.now();
  if (Math.abs(now - began) < 500) return;
  began = now;
  known = false;
  document.dispatchEvent(new Event("clock"));
}

const LOW = 60;
const seconds = new Map(); // rental → what was left of it at the last look
const pad = (n) => String(n).padStart(2, "0");

function clock(seconds) {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

function tick() {
  checkClock();
  for (const part of document.querySelectorAll("[data-deadline]")) {
    const left = Math.max(0, Math.round((Number(part.dataset.deadline) - Date.now() - ahead) / 1000));
    if (part.matches("progress")) {
      part.value = left;
      part.classList.toggle("meter--low", left <= LOW);
    } else {
      const last = left <= LOW ? words.lastLeft : words.left;
      part.textContent = left ? last.replace("{time}", clock(left)) : words.over;
      part.toggleAttribute("data-low", left <= LOW);
      sayLeft(part.closest("[data-rental]"), left);
    }
  }
}

function sayLeft(card, left) {
  const { rental } = card.dataset;
  const before = seconds.get(rental) ?? left;
  seconds.set(rental, left);
  if (!("mine" in card.dataset)) return;
  if (before && !left) say(about(words.timeUp, card));
  else if (before > LOW && left <= LOW) say(about(words.lastMinute, card));
}

// What counted down and does so no more says how it ended, unless its end was said.
function sayEnds(part) {
  for (const card of part.parentNode?.querySelectorAll("[data-mine]") ?? []) {
    const { rental, service } = card.dataset;
    if (!seconds.has(rental) || card.querySelector("[data-deadline]")) continue;
    if (seconds.get(rental)) say(`${service}: ${card.querySelector(".badge").textContent}.`);
    seconds.delete(rental);
  }
}

/* --- a new message is said once, and shown to be new, without touching the focus --- */

const seen = new Set();

function notice(part, { silently = false } = {}) {
  const inside = part.querySelectorAll ? [...part.querySelectorAll("[data-message]")] : [];
  for (const message of inside) {
    if (seen.has(message.dataset.message)) continue;
    seen.add(message.dataset.message);
    if (!silently) tell(message);
  }
}

function tell(message) {
  const card = message.closest("[data-rental]");
  if (!card) return;
  const { code } = message.dataset;
  const text = about(code ? words.codeCame : words.smsCame, card);
  say(text.replace("{code}", [...(code ?? "")].join(" ")));
  card.dataset.arrived = "";
  if (!("mine" in card.dataset)) return;
  const news = { id: message.dataset.message, service: card.dataset.service, code };
  document.dispatchEvent(new CustomEvent("code", { detail: news }));
}

/* --- choosing an offer --- */

const firstOffer = () => document.querySelector("#offers [name=offer]:not(:disabled)");

function choose(offer) {
  if (!offer) return;
  offer.checked = true;
  offer.focus();
  showPrice();
}

function showPrice() {
  const label = document.querySelector("[data-rent-for]");
  const chosen = document.querySelector("#offers [name=offer]:checked");
  if (label) label.textContent = chosen ? `· ${chosen.dataset.price}` : "";
}

// A list that comes in late leaves what somebody has chosen meanwhile. One of words that have been
// typed over is not shown: theirs is on its way, or was faster.
const sought = () => document.getElementById("q").value;
const isOfOtherWords = ({ target, requestConfig }) => (
  target.id === "offers" && requestConfig.parameters.q !== sought());
let chosen = null;

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.requestConfig.verb === "get" && isOfOtherWords(detail)) detail.shouldSwap = false;
  chosen = document.querySelector("#offers [name=offer]:checked")?.id;
});
document.addEventListener("htmx:afterSwap", (event) => {
  const offer = event.detail.target.id === "offers" && chosen && document.getElementById(chosen);
  if (offer) offer.checked = true;
});

document.addEventListener("keydown", (event) => {
  if (event.target.id !== "q") return;
  if (event.key === "ArrowDown") { event.preventDefault(); choose(firstOffer()); }
});
document.addEventListener("change", (event) => { if (event.target.name === "offer") showPrice(); });

// Enter chooses the first offer of what was typed by then, whichever request brings it: the one
// that typing sends may overtake its own.
let entered = null;

document.addEventListener("submit", ({ target }) => {
  if (target.id === "offer-search") entered = sought();
});
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target.id !== "offers") return;
  if (isOfOtherWords(detail)) return htmx.trigger("#q", "input");
  if (entered === sought()) choose(firstOffer());
  entered = null;
});

/* --- what is typed after Rent was pressed is for the next rental: it outlives the answer, and so
   does the focus in it --- */

const FIELDS = "#rent :is(input:not([type=radio]), select)";
const typed = new Map(); // field → what was typed into it since
let from = ""; // the field that had the focus by then

document.addEventListener("input", ({ target }) => {
  if (target.matches(FIELDS)) typed.set(target.id, target.value);
});

function putBack() {
  for (const [id, text] of typed) {
    const field = document.getElementById(id);
    if (field) field.value = text;
  }
}

function goesOn() {
  const field = document.activeElement;
  return field.matches(FIELDS) && (field.id !== from || typed.has(field.id));
}

// The offers that came with the answer are those that were sought before.
document.addEventListener("htmx:load", ({ detail }) => {
  if (detail.elt.id === "rent" && typed.has("q")) htmx.trigger("#q", "input");
});

/* --- a rental stands on the board before the server has answered, without money; what is refused
   is taken back, with the reason beside the button --- */

let pending = null; // the row, while its request is under way
let sent = ""; // the key of the form that was sent last

const isRent = (event) => event.detail.requestConfig.elt.id === "rent-form";
const sentRow = () => document.querySelector(`[data-request="${sent}"]`);

function stand() {
  if (sentRow()) pending?.remove();
  else if (pending) document.querySelector(".live__head").after(pending);
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!isRent(event)) return;
  typed.clear();
  from = document.activeElement.id;
  sent = event.target.elements.request_key.value;
  pending = document.getElementById("pending").content.firstElementChild.cloneNode(true);
  const offer = event.target.querySelector(".offer:has(:checked) .offer__name");
  pending.querySelector(".rental__name").textContent = offer?.textContent ?? "";
  stand();
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!isRent(event)) return;
  pending?.remove();
  pending = null;
  putBack();
  const row = event.detail.successful && sentRow();
  if (!goesOn()) (row || document.querySelector(".rent__go"))?.focus();
});

// The second half of a double click, or a key held down, is no second wish.
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest(".rent__go")) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  const rents = event.target.closest?.("#rent-form");
  if (rents && event.key === "Enter" && event.repeat) event.preventDefault();
});

function sayRefused() {
  const card = document.querySelector(`.rental--refused[data-request="${sent}"]`);
  const place = document.querySelector("#rent-form [data-said]");
  if (!card || !place) return;
  place.textContent = `${card.dataset.service}: ${card.querySelector(".rental__note").textContent}`;
  place.hidden = false;
  sent = "";
}

/* --- --- */

document.addEventListener("htmx:load", (event) => {
  readClock(event.detail.elt);
  notice(event.detail.elt);
  sayEnds(event.detail.elt);
  stand();
  sayRefused();
  tick();
  showPrice();
});
document.addEventListener("visibilitychange", tick);
readClock(document);
notice(document, { silently: true });
tick();
showPrice();
setInterval(tick, 250); // so that what is shown is never a second old
