// The preview of a draft: the grid with its problems, corrections that are checked again at once, and the last step before sending.
import { call, el, Refused, renew, say, wait } from "./base.js";
import { Grid } from "./grid.js";

const main = document.getElementById("main");
const batch = encodeURIComponent(main.dataset.batch);
const place = document.getElementById("sheet");
const sheets = JSON.parse(place.dataset.sheets);
const PAGE = 500, MOST_PROBLEMS = 20_000;
let grid = null;
let problems = null; // [{sheet, row, column}] in the order of the sheets, once they were asked for

// -- the grid ------------------------------------------------------------------------------------------------------------------
const says = document.getElementById("cell-says");
const status = document.getElementById("grid-status");
const editButton = document.getElementById("cell-edit");

function shows(cell) {
  if (cell.failure) {
    status.textContent = cell.failure;
    return;
  }
  const found = cell.marks.filter((mark) => mark.severity !== "note" || cell.marks.length === 1);
  const name = `${cell.column}${cell.row}${cell.label ? `「${cell.label.trim()}」` : ""}`;
  says.replaceChildren(el("b", {}, name), " ", el("span", { class: "value" }, cell.text || say("（空）", "(empty)")),
    ...found.map((mark) => el("span", { class: `said ${mark.severity}` }, el("span", { class: "sign", "aria-hidden": "true" }), ` ${mark.message}`)));
  editButton.hidden = false;
}

async function open(name) {
  const sheet = sheets.find((each) => each.name === name);
  grid?.close();
  for (const tab of document.querySelectorAll(".tabs button")) tab.setAttribute("aria-pressed", String(tab.dataset.sheet === name));
  const mine = new Grid(place, { batch, sheet: name, headerRow: sheet.header_row, shows, edits: (changes) => edited(name, changes) });
  grid = mine;
  place.replaceChildren(el("p", { class: "grid-wait" }, el("span", { class: "spinner", "aria-hidden": "true" }), ` ${say("正在打开表格…", "Opening the sheet…")}`));
  try {
    await mine.open();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (grid !== mine) return;
    const again = el("button", { type: "button" }, say("再试一次", "Try again"));
    again.addEventListener("click", () => open(name));
    place.replaceChildren(el("p", { class: "note bad" }, error.message), again);
  }
}

async function go(sheet, row, column) {
  if (!grid || grid.sheet !== sheet) await open(sheet);
  if (!grid.body) return;
  document.getElementById("grid").scrollIntoView({ block: "nearest" });
  grid.go(row, column);
  document.getElementById("cell-bar").scrollIntoView({ block: "nearest" }); // what is wrong with it, above the bar of the last step
}

editButton.addEventListener("click", () => {
  grid.cell.focus({ preventScroll: true });
  grid.edit();
});

// -- problems, one after the other -------------------------------------------------------------------------------------------------
async function allProblems() {
  if (problems) return problems;
  const found = [];
  for (let from = 0, total = 1; from < total && from < MOST_PROBLEMS;) {
    const page = await call(`/batches/${batch}/issues?from=${from}&count=${PAGE}`);
    total = page.total;
    from += page.issues.length;
    if (!page.issues.length) break;
    found.push(...page.issues);
  }
  const order = (name) => sheets.findIndex((each) => each.name === name);
  problems = found
    .filter((issue) => issue.row && issue.severity !== "note" && order(issue.sheet) >= 0)
    .map((issue) => ({ sheet: issue.sheet, row: issue.row, column: issue.column ?? "", message: issue.message, key: [order(issue.sheet), issue.row, columnNumber(issue.column)] }))
    .sort((a, b) => a.key[0] - b.key[0] || a.key[1] - b.key[1] || a.key[2] - b.key[2]);
  return problems;
}

const columnNumber = (letters) => [...(letters ?? "")].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);

async function jump(step) {
  try {
    const found = await allProblems();
    if (!found.length) {
      status.textContent = say("没有问题了。", "No problems are left.");
      return;
    }
    const sheet = sheets.findIndex((each) => each.name === grid.sheet);
    const about = grid.total ? grid.about() : { row: 0, column: "" };
    const here = [sheet, about.row, columnNumber(about.column)];
    const isBefore = (a, b) => a[0] !== b[0] ? a[0] < b[0] : a[1] !== b[1] ? a[1] < b[1] : a[2] < b[2];
    const next = step > 0
      ? found.find((each) => isBefore(here, each.key)) ?? found[0]
      : found.findLast((each) => isBefore(each.key, here)) ?? found.at(-1);
    await go(next.sheet, next.row, next.column);
    status.textContent = say(`第 ${found.indexOf(next) + 1} 处，共 ${found.length} 处`, `${found.indexOf(next) + 1} of ${found.length}`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    status.textContent = error.message;
  }
}

document.getElementById("next-problem").addEventListener("click", () => jump(1));
document.getElementById("previous-problem").addEventListener("click", () => jump(-1));
document.addEventListener("keydown", (event) => {
  if (event.key !== "F8" || event.target.tagName === "INPUT") return;
  event.preventDefault();
  jump(event.shiftKey ? -1 : 1);
});

// -- corrections ---------------------------------------------------------------------------------------------------------------------
const waiting = []; // {sheet, row, column, text}
let isSending = false;

function edited(sheet, changes) {
  for (const each of changes) {
    const at = waiting.findIndex((old) => old.sheet === sheet && old.row === each.row && old.column === each.column);
    if (at >= 0) waiting.splice(at, 1);
    waiting.push({ sheet, ...each });
  }
  send();
}

async function send() {
  if (isSending) return;
  isSending = true;
  hold(true);
  while (waiting.length) {
    const changes = waiting.splice(0, PAGE);
    status.textContent = say("正在保存并重新检查…", "Saving and checking again…");
    try {
      const found = await call(`/batches/${batch}/cells`, { method: "PATCH", body: changes });
      settled(changes);
      if (!waiting.length) await checked(found);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 0 || error.status >= 500 || error.status === 429) {
        waiting.unshift(...changes.filter((each) => !waiting.some((newer) => newer.sheet === each.sheet && newer.row === each.row && newer.column === each.column)));
        status.textContent = say(`${error.message}（会自动再试）`, `${error.message} (trying again)`);
        await wait(4000);
      } else {
        settled(changes);
        status.textContent = error.message;
      }
    }
  }
  isSending = false;
  hold(false);
}

function settled(changes) {
  grid?.settle(changes.filter((each) => each.sheet === grid.sheet));
}

/** The books anew after a check. */
async function checked(found) {
  problems = null;
  await Promise.all([renew(["corrections", "summary", "problems", "action", "confirm"]), grid?.body ? grid.refresh() : null]);
  dispatchEvent(new Event("bulkorders:corrected"));
  const { valid, invalid } = found.orders;
  status.textContent = say(`已重新检查：${valid} 单可以提交，${invalid} 单有误。`, `Checked again: ${valid} orders are good, ${invalid} have mistakes.`);
}

/** Nothing is submitted while a correction is on its way: what would be sent is not what is seen. */
function hold(isHeld) {
  for (const each of document.querySelectorAll("#submit, #accept")) each.setAttribute("aria-disabled", String(isHeld));
}

addEventListener("beforeunload", (event) => { if (isSending) event.preventDefault(); });

async function accept(button) {
  if (isSending) return;
  isSending = true;
  hold(true);
  button.textContent = say("正在改正并重新检查…", "Correcting and checking again…");
  try {
    await checked(await call(`/batches/${batch}/suggestions`, { method: "POST" }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    button.textContent = say("再试一次", "Try again");
    status.textContent = error.message;
    button.after(el("p", { class: "note bad", role: "alert" }, error.message));
  }
  isSending = false;
  hold(false);
  if (waiting.length) send();
}

// -- one listener for what is rendered anew ----------------------------------------------------------------------------------------------
document.addEventListener("click", (event) => {
  const target = event.target.closest("a, button");
  if (!target) return;
  if (target.id === "submit" || target.id === "cancel") {
    event.preventDefault();
    const dialog = document.getElementById("confirm");
    if (target.id === "cancel") dialog.close();
    else if (!isSending) dialog.showModal();
  } else if (target.id === "accept") accept(target);
  else if (target.dataset.row) {
    event.preventDefault();
    go(target.dataset.sheet, Number(target.dataset.row), target.dataset.column);
  } else if (target.closest(".tabs")) open(target.dataset.sheet);
});
document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.key === " " && (target.id === "submit" || target.id === "cancel")) {
    event.preventDefault();
    target.click();
  }
});
// pressed once: an impatient second press sends nothing more
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("button.primary");
  if (!event.target.closest("#confirm") || !button) return;
  if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
  button.setAttribute("aria-disabled", "true");
});

const first = sheets.find((each) => each.errors) ?? sheets[0];
if (first) open(first.name);
