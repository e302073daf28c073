/* A code that comes is told beyond the page, in the ways that its person chose and no other. */

const settings = document.getElementById("signals").dataset;
const chosen = new Set(settings.on.split(" "));
const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const toast = (text) => {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, bad: true } }));
};

/* --- how many came while nobody looked, in the title and on the icon --- */

const icon = document.querySelector("link[rel=icon]");
const plain = { title: document.title, icon: icon.href };
const looked = () => !document.hidden && document.hasFocus();
let missed = 0;

const title = (count) => { document.title = count ? `(${count}) ${plain.title}` : plain.title; };
const badge = (count) => { icon.href = count ? settings.badge : plain.icon; };

function count(number) {
  missed = number;
  if (chosen.has("title")) title(number);
  if (chosen.has("badge")) badge(number);
}

for (const name of ["focus", "visibilitychange"]) {
  window.addEventListener(name, () => { if (looked()) count(0); }, true);
}

/* --- a sound: two tones of our own; a browser wants a click before the first one --- */

const TONES = [[0, 660], [0.14, 880]]; // seconds from now, Hz
const LASTS = 0.25;
const LOUD = 0.15;
let audio = null;

const wake = () => { audio ??= new AudioContext(); return audio.resume(); };

async function sound() {
  await Promise.race([wake(), wait(500)]);
  if (audio.state !== "running") return settings.silent;
  for (const [after, pitch] of TONES) {
    const [tone, volume, start] = [audio.createOscillator(), audio.createGain(), audio.currentTime + after];
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(LOUD, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + LASTS);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + LASTS);
  }
  return "";
}

if (chosen.has("sound")) {
  for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, wake, { once: true });
}

/* --- a notification of the computer; every way gives back why it could not be, else "" --- */

function desktop(text, tag) {
  if (!("Notification" in window)) return settings.unable;
  if (Notification.permission === "default") return settings.unasked;
  if (Notification.permission !== "granted") return settings.refused;
  try {
    const shown = new Notification(text, { tag, icon: plain.icon });
    shown.addEventListener("click", () => { window.focus(); shown.close(); });
    return "";
  } catch { return settings.unable; } // a phone's browser
}

function words({ service, code }, digits) {
  const text = !code ? settings.sms : digits ? settings.code : settings.came;
  return text.replace("{service}", service).replace("{code}", code);
}

/* --- a code: by one tab of all that have the page open --- */

async function tell(news, nobodyLooked) {
  const problems = [];
  if (chosen.has("sound")) problems.push(await sound());
  if (chosen.has("desktop") && nobodyLooked) {
    problems.push(desktop(words(news, chosen.has("digits")), `message-${news.id}`));
  }
  problems.filter(Boolean).forEach(toast);
}

document.addEventListener("code", ({ detail: news }) => {
  const nobodyLooked = !looked();
  if (nobodyLooked) count(missed + 1);
  if (!navigator.locks) return tell(news, nobodyLooked);
  navigator.locks.request(`code-${news.id}`, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    await tell(news, nobodyLooked);
    await wait(10_000); // until every tab has heard of it
  });
});

/* --- trying a way out, on the profile --- */

const SHOWN = 4000;
const ways = {
  title: () => { title(1); setTimeout(title, SHOWN, 0); return ""; },
  badge: () => { badge(1); setTimeout(badge, SHOWN, 0); return ""; },
  sound,
  desktop: async () => {
    if (window.Notification?.permission === "default") await Notification.requestPermission();
    const digits = document.querySelector("[name=signals][value=digits]").checked;
    const problem = desktop(words({ service: settings.example, code: "123456" }, digits), "example");
    return problem === settings.unasked ? settings.refused : problem;
  },
};

document.addEventListener("click", async (event) => {
  const way = event.target.closest("[data-try]")?.dataset.try;
  if (!way) return;
  const problem = await ways[way]();
  document.querySelector(`[data-tried="${way}"]`).textContent = problem || settings.tried;
});
