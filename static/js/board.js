/* Rentals on a page: countdowns by the server's clock, news of codes, choosing an offer. */

const words = document.getElementById("words").dataset;

/* --- the server's clock: every card says what time it was when it was written --- */

let ahead = 0; // the server's clock minus this one's, in milliseconds

function readClock(part) {
  const card = part.matches?.("[data-now]") ? part : part.querySelector?.("[data-now]");
  if (card) ahead = Number(card.dataset.now) - Date.now();
}

const LOW = 60;
const pad = (n) => String(n).padStart(2, "0");

function clock(seconds) {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

function tick() {
  for (const part of document.querySelectorAll("[data-deadline]")) {
    const left = Math.max(0, Math.round((Number(part.dataset.deadline) - Date.now() - ahead) / 1000));
    if (part.matches("progress")) {
      part.value = left;
      part.classList.toggle("meter--low", left <= LOW);
    } else {
      part.textContent = left ? `${clock(left)} ${words.left}` : words.over;
      part.toggleAttribute("data-low", left <= LOW);
    }
  }
}

/* --- a new message is said once, and shown to be new, without touching the focus --- */

const known = new Set();

function notice(part, { silently = false } = {}) {
  const inside = part.querySelectorAll ? [...part.querySelectorAll("[data-message]")] : [];
  for (const message of inside) {
    if (known.has(message.dataset.message)) continue;
    known.add(message.dataset.message);
    if (!silently) tell(message);
  }
}

function tell(message) {
  const card = message.closest("[data-rental]");
  if (!card) return;
  const { code } = message.dataset;
  const text = (code ? words.codeCame : words.smsCame).replace("{service}", card.dataset.service);
  const line = document.getElementById("announcer");
  line.textContent = text.replace("{code}", [...(code ?? "")].join(" "));
  card.dataset.arrived = "";
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

// A list that comes in late leaves what somebody has chosen meanwhile.
let chosen = null;

document.addEventListener("htmx:beforeSwap", () => {
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
document.addEventListener("htmx:afterSettle", (event) => {
  const asked = event.detail.requestConfig?.triggeringEvent;
  if (asked?.type === "submit" && asked.target.id === "offer-search") choose(firstOffer());
});

/* --- --- */

document.addEventListener("htmx:load", (event) => {
  readClock(event.detail.elt);
  notice(event.detail.elt);
  tick();
  showPrice();
});
document.addEventListener("visibilitychange", tick);
readClock(document);
notice(document, { silently: true });
tick();
showPrice();
setInterval(tick, 1000);
