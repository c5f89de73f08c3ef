// Polls for new data and draws it. The page stores nothing: the server keeps the last minutes.
import { Chart, element } from "./chart.js";
import { authorization, signIn } from "./session.js";

const get = (id) => document.getElementById(id);
const rate = (n) => `${n === 0 || n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2)}/s`;
const time = (seconds) => (seconds === 0 ? "0" : seconds >= 1 ? `${seconds.toFixed(2)} s` : `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`);
const count = (n) => Math.round(n).toLocaleString("en");
const half = (n) => (Number.isInteger(n) ? count(n) : n.toFixed(1));
const mebibytes = (n) => `${count(n)} MiB`;
const percent = (n) => `${n.toFixed(n > 0 && n < 10 ? 1 : 0)} %`;

const charts = [
  new Chart("REST requests", [{ name: "all", key: "requests" }, { name: "refused", key: "client_errors" }, { name: "failed", key: "server_errors" }], rate),
  new Chart("REST latency", [{ name: "p50", key: "p50", sparse: true }, { name: "p95", key: "p95", sparse: true }, { name: "p99", key: "p99", sparse: true }], time),
  new Chart("Play", [{ name: "bets", key: "bets" }, { name: "rolls", key: "rolls" }], rate),
  new Chart("Consensus latency", [{ name: "p50", key: "consensus_p50", sparse: true }, { name: "p95", key: "consensus_p95", sparse: true }], time),
  new Chart("Watchers", [{ name: "event streams and WebSockets", key: "watchers" }], half),
  new Chart("Goroutines", [{ name: "running and waiting", key: "goroutines" }], half),
  new Chart("Memory", [{ name: "resident", key: "mebibytes" }], mebibytes),
  new Chart("CPU", [{ name: "of one core", key: "cpu" }], percent),
];
get("charts").append(...charts.map((c) => c.figure));

let samples = [];
const statusTexts = { ok: "healthy", degraded: "degraded", failing: "failing" };

function showStatus(status, text) {
  get("status").className = `pill ${status}`;
  if (get("status").textContent !== text) get("status").textContent = text; // So that screen readers announce changes only.
}

function rows(id, columns, list, none) {
  const cells = (values) => values.map((value, i) => element("td", columns[i] ? { class: columns[i] } : {}, value));
  const empty = element("tr", {}, element("td", { colspan: columns.length }, none));
  get(id).replaceChildren(...(list.length > 0 ? list.map((values) => element("tr", {}, ...cells(values))) : [empty]));
}

function showServices(data) {
  const down = data.validators.filter((v) => !v.running).length;
  const statuses = data.services.map((s) => s.status).concat(down > 0 ? ["degraded"] : []);
  const worst = ["failing", "degraded"].find((s) => statuses.includes(s)) || "ok";
  showStatus(worst, statusTexts[worst]);
  get("services").replaceChildren(...data.services.map((s) => element("li", { class: s.status }, s.name, element("b", {}, s.status))));
  const minutes = Math.floor((data.time / 1000 - data.started) / 60);
  const up = minutes < 60 ? `${minutes} min` : minutes < 2880 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${Math.floor(minutes / 1440)} days`;
  get("summary").textContent = `up ${up} · ${count(data.totals.requests)} requests · ${count(data.totals.bets)} bets · ${count(data.totals.rolls)} rolls`;
}

function showValidators(list) {
  const best = Math.max(0, ...list.map((v) => v.height));
  rows("validators", ["", "", "n", "n", "n", "n", "n"], list.map((v) => [
    v.name, element("span", { class: `pill ${v.running ? "ok" : "degraded"}` }, v.running ? "running" : "not running"), v.running ? count(v.height) : "-",
    v.running ? count(best - v.height) : "-", v.running ? `${v.connected} of ${list.length}` : "-", percent(100 * v.absence), count(v.faults),
  ]), "no validator reports metrics");
}

function showFairness(f) {
  const facts = f ? [
    ["Chi-square of the dice", f.chi_square > 0 ? `${f.chi_square.toFixed(1)}, 35 degrees of freedom` : "too few rolls so far"],
    ["Rolls in this window", count(f.rolls)],
    ["Ledger drift", f.checked > 0 ? `${count(f.drift_tokens)} tokens` : "not checked yet"],
    ["Ledger checked at", f.checked > 0 ? new Date(f.checked * 1000).toLocaleTimeString() : "-"],
  ] : [["Not measured by this process", "-"]];
  get("fairness").replaceChildren(...facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

const faces = " ⚀⚁⚂⚃⚄⚅";

function showRounds(list) {
  rows("rounds", ["", "", "n", "", "", "n", "n", "n"], list.map((r) => [
    new Date(r.closed).toLocaleTimeString(), r.game.slice(-8), count(r.round),
    element("span", { class: "dice", role: "img", "aria-label": r.dice.join(" and ") || "not rolled yet" }, r.dice.map((d) => faces[d]).join("") || "…"),
    r.call.replaceAll("_", " ") || "rolling", count(r.bets), r.block > 0 ? count(r.block) : "-", r.took_ms > 0 ? time(r.took_ms / 1000) : "-",
  ]), "no rounds at open tables yet");
}

function show(data) {
  for (const s of data.samples) s.mebibytes = s.memory / 2 ** 20;
  samples = samples.concat(data.samples).filter((s) => s.time > data.time - 300000);
  for (const chart of charts) chart.show(samples, data.time, 300000);
  showServices(data);
  showValidators(data.validators);
  showFairness(data.fairness);
  showRounds(data.rounds);
}

async function update() {
  const after = samples.length > 0 ? samples[samples.length - 1].time : 0;
  const answer = await fetch(`data?after=${after}`, { headers: await authorization() });
  const refused = answer.status === 401 || answer.status === 403;
  get("sign-in").hidden = !refused;
  get("main").hidden = refused;
  if (refused) return showStatus("", "sign in");
  if (!answer.ok) throw new Error(answer.statusText);
  show(await answer.json());
}

async function run() {
  try {
    await update();
  } catch {
    showStatus("failing", "unreachable");
  }
  setTimeout(run, document.hidden ? 10000 : 2000);
}

get("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  get("sign-in-error").textContent = await signIn(new FormData(event.target));
  await update().catch(() => showStatus("failing", "unreachable"));
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) update().catch(() => {}); });
run();
