// How a batch goes: the events of the server, again after a break, else asked for; the page is loaded anew when its state is another.
import { call, duration, el, isEnglish, number, Refused, say, sign, TONES } from "./base.js";

const main = document.getElementById("main");
const batch = encodeURIComponent(main.dataset.batch);
const state = main.dataset.state;
const read = Number(document.getElementById("progress").dataset.read);
const SPOKEN_EVERY = 15000;
const SILENCE = 40000; // the server says something every 15 s
let newest = -1;
let spokenAt = 0;
let known = ""; // the counts that the page shows, where nothing is being sent

const put = (id, text) => {
  const place = document.getElementById(id);
  if (place && place.textContent !== text) place.textContent = text;
};

const settledOf = (progress) => progress.read - ["unsent", "in_doubt", "accepted"].reduce((sum, fate) => sum + (progress.counts[fate] ?? 0), 0);

function show(progress) {
  if (progress.event < newest) return; // an older answer that came late
  newest = progress.event;
  if (progress.state !== state) {
    location.reload();
    return;
  }
  const settled = settledOf(progress);
  put("settled", number(settled));
  put("pace", progress.per_minute ? say(`每分钟 ${number(Math.round(progress.per_minute))} 单`, `${number(Math.round(progress.per_minute))} a minute`) : "");
  put("left", progress.seconds_left ? say(`还要约 ${duration(progress.seconds_left)}`, `about ${duration(progress.seconds_left)} left`) : "");
  books(progress);
  latest(progress.latest);
  const paused = document.getElementById("paused");
  paused.hidden = !progress.paused;
  paused.textContent = progress.paused ?? "";
  document.title = `${settled}/${read} · ${document.title.replace(/^[\d/]+ · /, "")}`;
  if (Date.now() - spokenAt > SPOKEN_EVERY) {
    spokenAt = Date.now();
    put("spoken", say(`${read} 单里 ${settled} 单有了结果`, `${settled} of ${read} orders settled`));
  }
}

function books(progress) {
  let x = 0;
  let sum = 0;
  const percent = progress.read ? Math.floor((100 * settledOf(progress)) / progress.read) : 100;
  for (const part of document.querySelectorAll("#bar rect")) {
    const count = progress.counts[part.dataset.fate] ?? 0;
    const width = progress.read ? (1000 * count) / progress.read : 0;
    part.setAttribute("x", x.toFixed(2));
    part.setAttribute("width", width.toFixed(2));
    x += width;
    sum += count;
  }
  document.getElementById("bar").setAttribute("aria-label", say(`有结果的占 ${percent}%`, `${percent}% settled`));
  for (const row of document.querySelectorAll(".books tbody tr")) {
    const count = progress.counts[row.dataset.fate] ?? 0;
    row.classList.toggle("zero", !count);
    row.querySelector(".num").textContent = number(count);
  }
  put("sum", number(sum));
}

function latest(found) {
  const list = document.getElementById("latest");
  if (!list || !found) return;
  document.getElementById("latest-none").hidden = found.length > 0;
  list.replaceChildren(...found.map((each) => el("li", {},
    el("time", {}, each.at), el("b", {}, el("bdi", {}, each.order)), sign(TONES[each.status] ?? "open", each.word),
    each.message ? el("span", { class: "why" }, each.message) : null)));
}

const linked = (isLinked) => put("link", isLinked
  ? say("可以关掉这一页，发送照常进行。", "You may close this page, sending goes on.")
  : say("和服务器的连接断了，正在重连；已经提交的单不会丢，也不会重复。",
    "The link to the server is down, trying again; what was submitted is neither lost nor sent twice."));

async function ask() {
  try {
    show(await call(`/batches/${batch}/progress`));
    linked(true);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    linked(error.status !== 0);
  }
}

function follow() {
  let heard = Date.now();
  let source = null;
  const open = () => {
    heard = Date.now();
    source = new EventSource(`/api/v1/batches/${batch}/stream?lang=${isEnglish ? "en" : "zh"}`);
    source.addEventListener("open", () => { heard = Date.now(); linked(true); });
    source.addEventListener("progress", (event) => {
      heard = Date.now();
      show(JSON.parse(event.data));
    });
    source.addEventListener("error", () => linked(false));
  };
  open();
  // the browser tries again by itself, but not after every kind of break, and a proxy may hold events back: then it is asked for
  setInterval(() => {
    if (document.hidden) return;
    const isQuiet = Date.now() - heard > SILENCE;
    if (source.readyState === EventSource.CLOSED || isQuiet) {
      source.close();
      open();
    }
    if (source.readyState !== EventSource.OPEN || isQuiet) ask();
  }, 3000);
  // a browser opens some six connections to a server: pages that nobody sees would leave none to the others
  document.addEventListener("visibilitychange", () => {
    source.close();
    if (!document.hidden) open();
  });
}

if (state === "sending") follow();
else if (state === "unfinished" || state === "paused") setInterval(() => { if (!document.hidden) watchFor(); }, 5000);

// something is left: another program, or the server itself later, may go on with it
async function watchFor() {
  try {
    const found = await call(`/batches/${batch}/progress`);
    const counts = JSON.stringify(found.counts);
    if (found.state !== state || (known && counts !== known)) location.reload();
    known = counts;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}
