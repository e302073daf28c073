/* One event stream for all tabs of a browser. The tab that holds the lock listens and tells the
   others. An event only names a rental: the page then reads its card as it reads everything. */

const box = document.getElementById("connection");
const stream = box.dataset.stream;
const channel = new BroadcastChannel(stream);

const FIRST_PAUSE = 500; // milliseconds
const LONGEST_PAUSE = 2500;
const SILENCE = 1500; // without a connection before it is said
const FALLBACK = 10_000; // between two reads while there is none
const JITTER = 20; // so that all of a team's pages don't ask in the same moment
const HIDDEN = 500; // where nobody looks
const WALLETS_JITTER = 1000; // all of a team's pages read them, and nobody waits for them

const RETRY = 3000; // at most, after a read that failed
const PATIENCE = 5000; // with a read

/* --- reading again: one request at a time for each part, and one more where news came meanwhile */

const SHOWN = "shown"; // or gone for good
const REPLACED = "replaced"; // by another answer, which may be older than the news
const FAILED = "failed";

const reading = new Map(); // element id → whether it has to be read once more

async function readAgain(id, wait = JITTER) {
  if (reading.has(id)) return reading.set(id, true);
  reading.set(id, false);
  const longest = document.hidden ? Math.max(wait, HIDDEN) : wait;
  await new Promise((resolve) => { setTimeout(resolve, Math.random() * longest); });
  const outcome = await read(document.getElementById(id));
  const again = reading.get(id) || outcome !== SHOWN;
  reading.delete(id);
  if (again) readAgain(id, outcome === FAILED ? RETRY : JITTER);
}

function read(part) {
  if (!part) return SHOWN;
  return new Promise((resolve) => {
    const end = (outcome) => {
      document.removeEventListener("htmx:beforeSwap", onSwap);
      document.removeEventListener("htmx:afterRequest", onAnswer);
      document.removeEventListener("htmx:afterSettle", onSettle);
      document.removeEventListener("htmx:oobAfterSwap", onSettle);
      clearTimeout(patience);
      resolve(outcome);
    };
    const onSwap = ({ detail }) => {
      // What the filters ask for has to find what it is to replace.
      if (detail.requestConfig.elt !== part || !document.querySelector("#filters.htmx-request")) return;
      detail.shouldSwap = false;
      end(REPLACED);
    };
    const onAnswer = ({ detail }) => {
      const { status } = detail.xhr;
      if (detail.requestConfig.elt !== part) return;
      // Not theirs any more: the page says so, instead of going on to show it.
      if ((status === 403 || status === 404) && part.closest("main")) location.reload();
      end(status && status < 500 ? SHOWN : FAILED);
    };
    const onSettle = ({ detail }) => {
      if (!part.isConnected) end(detail.requestConfig?.elt === part ? SHOWN : REPLACED);
    };
    document.addEventListener("htmx:beforeSwap", onSwap);
    document.addEventListener("htmx:afterRequest", onAnswer);
    document.addEventListener("htmx:afterSettle", onSettle);
    document.addEventListener("htmx:oobAfterSwap", onSettle);
    const patience = setTimeout(end, PATIENCE, FAILED);
    const how = { source: part, target: part, swap: "outerHTML", event: new Event("refresh") };
    const { mark, read: place } = part.dataset;
    delete part.dataset.mark; // it stands for the page as it came, and no longer
    htmx.ajax("GET", mark ? `${place}&as=${mark}` : place, how).catch(() => end(FAILED));
  });
}

const alertsShown = () => document.querySelector("#results[data-live-alerts]");

function readAll() {
  if (document.getElementById("live")) readAgain("live");
  if (document.querySelector("[data-live-detail]")) readAgain("detail");
  if (alertsShown()) readAgain("results");
}

function readWallets() {
  if (document.getElementById("wallets")) readAgain("wallets", WALLETS_JITTER);
}

function readBell() {
  readAgain("bell", WALLETS_JITTER);
}

function readOne(id) {
  if (document.querySelector(`[data-live-detail="${id}"]`)) return readAgain("detail");
  // A list that is on its way may be older than this news, and would put back what it replaces.
  const card = !reading.has("live") && document.getElementById(`rental-${id}`);
  if (card) readAgain(card.id, "mine" in card.dataset ? 0 : JITTER); // one page waits for it
  else if (document.getElementById("live")) readAgain("live", 3 * JITTER);
}

/* --- whether we are connected: said late, so that a page's own start says nothing --- */

let leads = false;
let connected = false;
let lostSince = Date.now();
let fresh = true; // no news can have passed the top bar yet: it came with the page

function connection(up) {
  if (connected && !up) lostSince = Date.now();
  if (up && !connected && !leads) {
    readAll(); // news may have passed while this page was loading
    fresh = false;
  }
  connected = up;
  box.toggleAttribute("data-up", up);
  show();
}

function show() {
  const lost = !connected && Date.now() - lostSince >= SILENCE;
  box.firstElementChild.hidden = !lost;
}

document.addEventListener("clock", readAll); // what time it is stands in what is read
setInterval(show, 500);
setInterval(() => { if (!connected) { readAll(); readWallets(); readBell(); } }, FALLBACK);

/* --- news, from our own stream or from the tab that has it --- */

function hear(news) {
  if (news.kind === "rental") readOne(news.id);
  if (news.kind === "wallets") readWallets();
  if (news.kind === "alerts") {
    readBell();
    if (alertsShown()) readAgain("results", WALLETS_JITTER);
  }
  if (news.kind === "sync") {
    readAll();
    if (!fresh) readWallets();
    if (!fresh || alertsShown()) readBell(); // it agrees with the list
    fresh = false;
  }
  if (news.kind === "up" || news.kind === "down") connection(news.kind === "up");
}

function pass(news) {
  channel.postMessage(news);
  hear(news);
}

channel.onmessage = ({ data }) => {
  if (data.kind === "who") {
    if (leads) channel.postMessage({ kind: connected ? "up" : "down" });
  } else if (!leads) hear(data);
};

/* --- the stream itself --- */

let source = null;
let pause = FIRST_PAUSE;
let retry = null;

function listen() {
  clearTimeout(retry);
  source?.close();
  source = new EventSource(stream);
  source.addEventListener("open", () => { pause = FIRST_PAUSE; pass({ kind: "up" }); });
  source.addEventListener("rental", ({ data }) => pass({ kind: "rental", id: data }));
  source.addEventListener("wallets", () => pass({ kind: "wallets" }));
  source.addEventListener("alerts", () => pass({ kind: "alerts" }));
  source.addEventListener("sync", () => pass({ kind: "sync" }));
  source.addEventListener("error", lost);
}

function lost() {
  source?.close();
  source = null;
  pass({ kind: "down" });
  clearTimeout(retry);
  retry = setTimeout(listen, pause * (0.75 + Math.random() / 2));
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

function lead() {
  leads = true;
  box.toggleAttribute("data-leads", true);
  listen();
  window.addEventListener("offline", lost);
  window.addEventListener("online", listen);
  return new Promise(() => {}); // held until the tab goes
}

window.addEventListener("pagehide", () => { clearTimeout(retry); source?.close(); });
window.addEventListener("pageshow", ({ persisted }) => { if (persisted && leads) listen(); });

// Locks need https or localhost; elsewhere each tab listens for itself.
if (navigator.locks) {
  navigator.locks.request(stream, lead);
  channel.postMessage({ kind: "who" });
} else lead();
