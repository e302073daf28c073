/* Lighthouse's mobile run over pages that need a session, one after the other in one Chromium.

   In, on standard input: {"chromium": path, "flags": [...], "cookie": "name=value",
   "runs": 3, "pages": [{"name": "board", "url": "http://localhost:…"}]}.
   Out: a line of JSON for each page, with the median of its runs. */

import { text } from "node:stream/consumers";
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const CATEGORIES = ["performance", "accessibility", "best-practices"];
const AUDITS = {
  fcp_ms: "first-contentful-paint",
  lcp_ms: "largest-contentful-paint",
  tbt_ms: "total-blocking-time",
  cls: "cumulative-layout-shift",
};

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function once(url, port, cookie) {
  const { lhr } = await lighthouse(url, {
    port,
    output: "json",
    logLevel: "silent",
    onlyCategories: CATEGORIES,
    formFactor: "mobile",
    extraHeaders: { Cookie: cookie },
  });
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

const wanted = JSON.parse(await text(process.stdin));
const chrome = await launch({
  chromePath: wanted.chromium,
  chromeFlags: ["--headless=new", ...wanted.flags],
});
try {
  for (const { name, url } of wanted.pages) {
    await fetch(url, { headers: { Cookie: wanted.cookie } }); // a server that has just begun is slow
    const runs = [];
    for (let run = 0; run < wanted.runs; run++) runs.push(await once(url, chrome.port, wanted.cookie));
    const figures = Object.fromEntries(Object.keys(runs[0].figures).map(
      (key) => [key, median(runs.map((run) => run.figures[key]))]));
    const missed = [...new Set(runs.flatMap((run) => run.missed))];
    console.log(JSON.stringify({ name, figures, missed }));
  }
} finally {
  chrome.kill();
}
