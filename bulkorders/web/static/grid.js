// The sheet as the merchant knows it: only the rows in view are there, pages of cells are fetched while scrolling, cells can be edited.
import { call, el, Refused, say } from "./base.js";

const ROW = 32, HEAD = 44, PAGE = 200, KEPT_PAGES = 40, AROUND = 8;
const TALLEST = 12_000_000; // px: browsers draw no taller elements; longer sheets scroll in larger steps
const MOST_PASTED = 500;
const GRAVE = { error: 2, warning: 1, note: 0 };

/** One sheet of a batch. `shows(cell)`: told which cell is looked at. `edits(changes)`: told of new texts, [{row, column, text}]. */
export class Grid {
  constructor(place, { batch, sheet, headerRow, shows, edits }) {
    Object.assign(this, { place, batch, sheet, headerRow, shows, edits });
    this.pages = new Map(); // number of the page -> {rows: Map, marks}, or null while it is fetched
    this.pending = new Map(); // "row:column" -> text that is on its way
    this.drawn = new Map(); // index of the row -> its element
    this.spare = [];
    this.at = { index: 0, column: 0 };
    this.isClosed = false;
  }

  async open() {
    const [head, page] = await Promise.all([this.fetch(this.headerRow, 1), this.fetch(this.headerRow + 1, PAGE)]);
    if (this.isClosed) return;
    this.columns = head.columns;
    this.fields = new Set(head.fields); // letters of the columns that are read
    this.labels = head.rows[0]?.cells ?? [];
    this.total = Math.max(0, head.last - this.headerRow);
    this.keep(0, page);
    this.widths = this.columns.map((_, column) => this.widthOf(column, page));
    this.build();
    this.draw();
  }

  close() {
    this.isClosed = true;
    this.observer?.disconnect();
    this.place.replaceChildren();
  }

  fetch(first, count) {
    return call(`/batches/${this.batch}/cells?sheet=${encodeURIComponent(this.sheet)}&first=${first}&count=${count}`);
  }

  keep(number, found) {
    this.pages.set(number, { rows: new Map(found.rows.map((row) => [row.row, row.cells])), marks: found.marks ?? {} });
    for (const old of this.pages.keys()) {
      if (this.pages.size <= KEPT_PAGES) break;
      if (old !== number) this.pages.delete(old);
    }
  }

  widthOf(column, page) {
    const texts = [this.labels[column], ...page.rows.slice(0, 60).map((row) => row.cells[column])];
    const long = (text) => [...String(text ?? "").slice(0, 60)].reduce((sum, letter) => sum + (letter.codePointAt(0) > 0x2e80 ? 15 : 8.2), 0);
    return Math.round(Math.min(260, Math.max(76, 30 + Math.max(...texts.map(long)))));
  }

  // -- what is on the screen -----------------------------------------------------------------------------------------------
  build() {
    const width = 64 + this.widths.reduce((sum, each) => sum + each, 0);
    const head = el("div", { class: "grid-head", role: "row", "aria-rowindex": 1 }, el("div", { class: "cell no", role: "columnheader" }, say("行", "row")));
    this.columns.forEach((letter, column) => {
      const cell = el("div", { class: "cell", role: "columnheader", "aria-colindex": column + 2, title: this.labels[column] ?? "" },
        el("small", {}, letter), this.labels[column] || " ");
      cell.style.width = `${this.widths[column]}px`;
      head.append(cell);
    });
    this.body = el("div", { class: "grid-body", role: "rowgroup" });
    this.scale = Math.min(1, TALLEST / Math.max(1, this.total * ROW));
    this.body.style.height = `${this.total * ROW * this.scale}px`;
    this.body.style.width = `${width}px`;
    head.style.width = `${width}px`;
    this.scroll = el("div", {
      class: "grid-scroll", role: "grid", "aria-labelledby": "grid-title", "aria-rowcount": this.total + 1, "aria-colcount": this.columns.length + 1,
    }, head, this.body);
    let isDue = false;
    this.scroll.addEventListener("scroll", () => {
      if (isDue) return;
      isDue = true;
      requestAnimationFrame(() => { isDue = false; this.draw(); });
    }, { passive: true });
    this.scroll.addEventListener("keydown", (event) => this.key(event));
    this.scroll.addEventListener("dblclick", (event) => { if (event.target.closest("[role=gridcell]")) this.edit(); });
    this.scroll.addEventListener("mousedown", (event) => this.press(event));
    this.scroll.addEventListener("copy", (event) => this.copy(event));
    this.scroll.addEventListener("paste", (event) => this.paste(event));
    this.place.replaceChildren(this.scroll);
    if (!this.total) this.place.append(el("p", { class: "grid-wait" }, say("这张表在表头下面没有内容。", "There is nothing below the header.")));
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.scroll);
  }

  /** Where the first row in view begins, in px of a sheet that is drawn whole. */
  get top() {
    const view = this.scroll.clientHeight - HEAD;
    const most = Math.max(0, this.total * ROW - view);
    const range = Math.max(1, this.scroll.scrollHeight - this.scroll.clientHeight);
    return this.scale === 1 ? this.scroll.scrollTop : Math.min(most, (this.scroll.scrollTop / range) * most);
  }

  set top(px) {
    const most = Math.max(1, this.total * ROW - (this.scroll.clientHeight - HEAD));
    const range = this.scroll.scrollHeight - this.scroll.clientHeight;
    this.scroll.scrollTop = this.scale === 1 ? px : (px / most) * range;
  }

  draw() {
    if (this.isClosed || !this.body) return;
    const top = this.top;
    const from = Math.max(0, Math.floor(top / ROW) - AROUND);
    const to = Math.min(this.total, Math.ceil((top + this.scroll.clientHeight) / ROW) + AROUND);
    for (const [index, row] of this.drawn) {
      if ((index < from || index >= to) && index !== this.at.index) {
        row.remove();
        this.drawn.delete(index);
        this.spare.push(row);
      }
    }
    const shift = this.scale === 1 ? 0 : this.scroll.scrollTop - top;
    for (let index = from; index < to; index += 1) this.rowAt(index);
    for (const [index, row] of this.drawn) row.style.transform = `translateY(${Math.round(index * ROW + shift)}px)`;
    this.want(from, to);
  }

  rowAt(index) {
    let row = this.drawn.get(index);
    if (row) return row;
    row = this.spare.pop() ?? this.make();
    row.setAttribute("aria-rowindex", index + 2);
    row.firstChild.textContent = String(this.headerRow + 1 + index);
    row.firstChild.className = "cell no";
    this.columns.forEach((_, column) => {
      const cell = row.children[column + 1];
      cell.textContent = "";
      cell.className = "cell waiting";
      cell.removeAttribute("aria-label");
      cell.removeAttribute("aria-invalid");
      cell.setAttribute("tabindex", this.isAt(index, column) ? "0" : "-1");
    });
    row.dataset.index = index;
    this.drawn.set(index, row);
    this.fill(index);
    let after = null; // read out in their order
    for (const each of this.drawn.keys()) if (each > index && (after === null || each < after)) after = each;
    this.body.insertBefore(row, after === null ? null : this.drawn.get(after));
    return row;
  }

  /** A row without content; rows that have left the view are used again. */
  make() {
    const row = el("div", { class: "grid-row", role: "row" }, el("div", { class: "cell no", role: "rowheader" }));
    this.widths.forEach((width, column) => {
      const cell = el("div", { class: "cell", role: "gridcell", "aria-colindex": column + 2 });
      cell.style.width = `${width}px`;
      cell.dataset.column = column;
      row.append(cell);
    });
    return row;
  }

  fill(index) {
    const row = this.drawn.get(index);
    const page = this.pages.get(Math.floor(index / PAGE));
    if (!row || !page) return;
    const number = this.headerRow + 1 + index;
    const cells = page.rows.get(number) ?? [];
    const marks = page.marks[number] ?? {};
    let worst = 0;
    this.columns.forEach((letter, column) => {
      const cell = row.children[column + 1];
      if (cell.classList.contains("editing")) return;
      const sent = this.pending.get(`${number}:${letter}`);
      const text = sent ?? cells[column] ?? "";
      const found = (marks[letter] ?? []).filter((mark) => mark.severity !== "note");
      const gravest = sent !== undefined ? null : found.reduce((most, mark) => (GRAVE[mark.severity] > GRAVE[most?.severity ?? "note"] ? mark : most), null);
      if (gravest) worst = Math.max(worst, GRAVE[gravest.severity]);
      cell.textContent = text;
      cell.className = ["cell", gravest?.severity, sent !== undefined && "pending"].filter(Boolean).join(" ");
      if (gravest) {
        const said = found.map((mark) => `${mark.severity === "error" ? say("错误", "error") : say("提醒", "warning")}：${mark.message}`).join(" ");
        cell.setAttribute("aria-label", `${text || say("空", "empty")}。${said}`);
      } else cell.removeAttribute("aria-label");
      if (gravest?.severity === "error") cell.setAttribute("aria-invalid", "true");
      else cell.removeAttribute("aria-invalid");
    });
    const rest = marks[""] ?? [];
    for (const mark of rest) worst = Math.max(worst, GRAVE[mark.severity]);
    row.firstChild.className = `cell no${worst === 2 ? " has-error" : worst === 1 ? " has-warning" : ""}`;
  }

  want(from, to) {
    for (let number = Math.floor(from / PAGE); number <= Math.floor(Math.max(from, to - 1) / PAGE); number += 1) {
      if (!this.pages.has(number)) this.load(number);
    }
  }

  async load(number) {
    this.pages.set(number, null);
    clearTimeout(this.timer);
    await new Promise((done) => { this.timer = setTimeout(done, 60); setTimeout(done, 200); }); // a thumb that flies past asks for nothing
    if (this.isClosed) return;
    const inView = this.top / ROW;
    const isFar = inView + this.scroll.clientHeight / ROW + AROUND < number * PAGE || inView - AROUND > (number + 1) * PAGE;
    if (isFar && Math.floor(this.at.index / PAGE) !== number) {
      this.pages.delete(number);
      return;
    }
    try {
      this.keep(number, await this.fetch(this.headerRow + 1 + number * PAGE, PAGE));
    } catch (error) {
      this.pages.delete(number);
      if (!(error instanceof Refused)) throw error;
      this.shows({ failure: error.message });
      setTimeout(() => this.draw(), 3000);
      return;
    }
    for (const index of this.drawn.keys()) if (Math.floor(index / PAGE) === number) this.fill(index);
    if (Math.floor(this.at.index / PAGE) === number && this.scroll.contains(document.activeElement)) this.tell();
  }

  /** After a new check: what is shown stays until the new cells are there. */
  async refresh() {
    const inView = Math.floor(Math.max(0, this.top / ROW - AROUND) / PAGE);
    const last = Math.floor(Math.min(this.total - 1, this.top / ROW + this.scroll.clientHeight / ROW + AROUND) / PAGE);
    const numbers = new Set([Math.floor(this.at.index / PAGE)]);
    for (let number = inView; number <= last; number += 1) numbers.add(number);
    const found = await Promise.all([...numbers].map(async (number) => [number, await this.fetch(this.headerRow + 1 + number * PAGE, PAGE)]));
    if (this.isClosed) return;
    this.pages.clear();
    for (const [number, page] of found) this.keep(number, page);
    for (const index of this.drawn.keys()) this.fill(index);
    this.draw();
    this.tell();
  }

  // -- the cell that is looked at --------------------------------------------------------------------------------------------
  isAt(index, column) {
    return this.at.index === index && this.at.column === column;
  }

  get cell() {
    return this.rowAt(this.at.index).children[this.at.column + 1];
  }

  about() {
    const number = this.headerRow + 1 + this.at.index;
    const letter = this.columns[this.at.column];
    const page = this.pages.get(Math.floor(this.at.index / PAGE));
    const marks = page?.marks[number] ?? {};
    const text = this.pending.get(`${number}:${letter}`) ?? page?.rows.get(number)?.[this.at.column] ?? "";
    return { row: number, column: letter, label: this.labels[this.at.column] ?? "", text, marks: [...(marks[letter] ?? []), ...(marks[""] ?? [])] };
  }

  tell() {
    this.shows(this.about());
  }

  move(index, column, { focus = true } = {}) {
    if (!this.total) return;
    const before = this.drawn.get(this.at.index)?.children[this.at.column + 1];
    before?.setAttribute("tabindex", "-1");
    this.at = { index: Math.min(this.total - 1, Math.max(0, index)), column: Math.min(this.columns.length - 1, Math.max(0, column)) };
    this.reveal();
    this.draw();
    this.cell.setAttribute("tabindex", "0");
    if (focus) this.cell.focus({ preventScroll: true });
    this.tell();
  }

  reveal() {
    const view = this.scroll.clientHeight - HEAD - 4;
    const y = this.at.index * ROW;
    if (y < this.top) this.top = y;
    else if (y + ROW > this.top + view) this.top = y + ROW - view;
    const x = 64 + this.widths.slice(0, this.at.column).reduce((sum, each) => sum + each, 0);
    if (x - 64 < this.scroll.scrollLeft) this.scroll.scrollLeft = x - 64;
    else if (x + this.widths[this.at.column] > this.scroll.scrollLeft + this.scroll.clientWidth) {
      this.scroll.scrollLeft = x + this.widths[this.at.column] - this.scroll.clientWidth + 8;
    }
  }

  /** To a cell by its place in the sheet; in the middle of the view, so that what is around it is seen too. */
  go(row, letter) {
    const index = row - this.headerRow - 1;
    const column = Math.max(0, this.columns.indexOf(letter));
    this.top = Math.max(0, index * ROW - (this.scroll.clientHeight - HEAD) / 2);
    this.move(index, column);
  }

  press(event) {
    const cell = event.target.closest("[role=gridcell]");
    if (!cell || cell.classList.contains("editing")) return;
    event.preventDefault();
    this.move(Number(cell.parentElement.dataset.index), Number(cell.dataset.column));
  }

  key(event) {
    if (event.target.tagName === "INPUT" || event.isComposing) return;
    const { index, column } = this.at;
    const isFar = event.ctrlKey || event.metaKey;
    const page = Math.max(1, Math.floor((this.scroll.clientHeight - HEAD) / ROW) - 1);
    const ways = {
      ArrowUp: () => this.move(isFar ? 0 : index - 1, column), ArrowDown: () => this.move(isFar ? this.total - 1 : index + 1, column),
      ArrowLeft: () => this.move(index, isFar ? 0 : column - 1), ArrowRight: () => this.move(index, isFar ? this.columns.length - 1 : column + 1),
      PageUp: () => this.move(index - page, column), PageDown: () => this.move(index + page, column),
      Home: () => this.move(isFar ? 0 : index, 0), End: () => this.move(isFar ? this.total - 1 : index, this.columns.length - 1),
      Enter: () => this.edit(), F2: () => this.edit(), Delete: () => this.edit(""), Backspace: () => this.edit(""),
    };
    if (ways[event.key] && !event.altKey) {
      event.preventDefault();
      ways[event.key]();
    } else if (event.key === "Process") this.edit("", true); // Chinese is being typed: it goes on in the field
    else if (event.key.length === 1 && event.key !== " " && !isFar && !event.altKey) {
      event.preventDefault();
      this.edit(event.key);
    }
  }

  // -- editing -----------------------------------------------------------------------------------------------------------------
  /** `isBegun`: something is being typed that is not there yet; where nothing comes of it, the cell stays as it was. */
  edit(text, isBegun = false) {
    const about = this.about();
    const page = this.pages.get(Math.floor(this.at.index / PAGE));
    const cell = this.cell;
    if (!page || cell.classList.contains("editing")) return;
    if (!this.fields.has(about.column)) {
      this.shows({ failure: say("这一列不在模板里，不会用到，不用改。", "The template has no such column: it is not used.") });
      return;
    }
    const { index, column } = this.at;
    const input = el("input", { "aria-label": `${about.column}${about.row} ${about.label}`, maxlength: 32767, autocomplete: "off", spellcheck: "false" });
    input.value = text ?? about.text;
    cell.classList.add("editing");
    cell.replaceChildren(input);
    let isOver = false;
    const end = (isKept, step) => {
      if (isOver) return;
      isOver = true;
      cell.classList.remove("editing");
      const isChanged = isKept && input.value !== about.text && !(isBegun && input.value === "");
      if (isChanged) this.change([{ row: about.row, column: about.column, text: input.value }]);
      else this.fill(index);
      if (step) this.move(index + step[0], column + step[1]);
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.isComposing) return; // Enter that ends the typing of a Chinese word
      if (event.key === "Escape") end(false, [0, 0]);
      else if (event.key === "Enter") end(true, [event.shiftKey ? -1 : 1, 0]);
      else if (event.key === "Tab") end(true, [0, event.shiftKey ? -1 : 1]);
      else return;
      event.preventDefault();
    });
    input.addEventListener("blur", () => end(true));
    input.focus();
    if (text === undefined) input.select();
  }

  change(changes) {
    for (const each of changes) {
      this.pending.set(`${each.row}:${each.column}`, each.text);
      this.fill(each.row - this.headerRow - 1);
    }
    this.edits(changes);
  }

  /** What was sent has arrived, or was refused: it is no longer on its way, unless it was typed over since. */
  settle(changes) {
    for (const each of changes) {
      const key = `${each.row}:${each.column}`;
      if (this.pending.get(key) === each.text) this.pending.delete(key);
      this.fill(each.row - this.headerRow - 1);
    }
  }

  copy(event) {
    if (event.target.tagName === "INPUT" || !document.getSelection().isCollapsed) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", this.about().text);
  }

  paste(event) {
    if (event.target.tagName === "INPUT") return;
    event.preventDefault();
    const lines = event.clipboardData.getData("text/plain").replace(/\r?\n$/, "").split(/\r?\n/).map((line) => line.split("\t"));
    const changes = [];
    lines.forEach((cells, down) => cells.forEach((text, right) => {
      const index = this.at.index + down, column = this.at.column + right;
      if (index < this.total && this.fields.has(this.columns[column])) changes.push({ row: this.headerRow + 1 + index, column: this.columns[column], text });
    }));
    if (changes.length > MOST_PASTED) this.shows({ failure: say(`一次最多粘贴 ${MOST_PASTED} 格：内容多的请改原表再上传。`, `At most ${MOST_PASTED} cells at once: correct the workbook and upload it again.`) });
    else if (changes.length) {
      this.change(changes);
      this.tell();
    }
  }
}
