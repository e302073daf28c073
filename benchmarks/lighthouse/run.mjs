/* Lighthouse's mobile run over pages that need a session, one after the other in one Chromium.

   In, on standard input: {"chromium": path, "flags": [...], "cookie": "name=value",
   "runs": 3, "pages": [{"name": "board", "url": "http://localhost:…"}]}.
   Out: a line of JSON for each page, with the median of its runs. */

import { text } from "node:stream/consumers";
import lighthouse from "lighthouse";
import { launch } from "puppeteer-core";

const CATEGORIES = ["performance", "accessibility", "best-practices"];
const AUDITS = {
  fcp_ms: "first-contentful-paint",
  lcp_ms: "largest-contentful-paint",
  tbt_ms: "total-blocking-time",
  cls: "cumulative-layout-shift",
};

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

// A busy machine's trace may lack its beginning; Lighthouse then asks for another run.
async function once(url, port, tries = 3) {
  const { lhr } = await lighthouse(url, {
    port,
    output: "json",
    logLevel: "silent",
    onlyCategories: CATEGORIES,
    formFactor: "mobile",
  });
  if (lhr.runtimeError?.code === "NO_NAVSTART" && tries > 1) return once(url, port, tries - 1);
  if (lhr.runtimeError) throw new Error(`${url}: ${lhr.runtimeError.message}`);
  if (new URL(lhr.finalDisplayedUrl).pathname !== new URL(url).pathname) {
    throw new Error(`${url} led to ${lhr.finalDisplayedUrl}`);
  }
  const scores = CATEGORIES.map((id) => [id.replace("-", "_"), lhr.categories[id].score * 100]);
  const times = Object.entries(AUDITS).map(([name, id]) => [name, lhr.audits[id].numericValue]);
  const missed = CATEGORIES.filter((id) => id !== "performance").flatMap((category) =>
    lhr.categories[category].auditRefs
      .filter((each) => each.weight > 0 && lhr.audits[each.id].score === 0)
      .map((each) => each.id));
  return { figures: Object.fromEntries([...scores, ...times]), missed };
}

/* The session stands among the browser's own cookies: a header of Lighthouse's gives way to these
   as soon as a page has set one. */
async function signIn(browser, cookie, url) {
  const [name, value] = cookie.split("=");
  await browser.setCookie({ name, value, domain: new URL(url).hostname, path: "/" });
}

const wanted = JSON.parse(await text(process.stdin));
const browser = await launch({ executablePath: wanted.chromium, args: wanted.flags });
const { port } = new URL(browser.wsEndpoint());
try {
  await signIn(browser, wanted.cookie, wanted.pages[0].url);
  for (const { name, url } of wanted.pages) {
    await fetch(url, { headers: { Cookie: wanted.cookie } }); // a server that has just begun is slow
    const runs = [];
    for (let run = 0; run < wanted.runs; run++) runs.push(await once(url, Number(port)));
    const figures = Object.fromEntries(Object.keys(runs[0].figures).map(
      (key) => [key, median(runs.map((run) => run.figures[key]))]));
    const missed = [...new Set(runs.flatMap((run) => run.missed))];
    console.log(JSON.stringify({ name, figures, missed }));
  }
} finally {
  await browser.close();
}
