/* Functions with their self and total time; the narrower the search, the fewer rows. */
class FunctionTable {
  static limit = 200;

  constructor(label, pick) {
    Object.assign(this, { pick, rows: [], isRising: false, picked: "", columns: [] });
    this.head = make("tr");
    this.body = make("tbody");
    this.rest = make("div", "rest");
    const table = make("table", "", make("thead", "", this.head), this.body);
    table.setAttribute("aria-label", label);
    this.element = make("div", "scroll", table, this.rest);
  }

  /* `columns`: [key, title, cell(value, row) → content, className(row)?]; rows have `entry` and the keys. */
  measure(columns) {
    const isNew = this.columns.length === 0;
    this.columns = columns;
    if (!isNew) return;
    this.order = columns[0][0];
    this.head.append(make("th", "name", "Function"), ...columns.map(column => this.heading(column)));
  }

  heading([key, title]) {
    const press = make("button", "", title), cell = make("th", "", press);
    press.type = "button";
    press.addEventListener("click", () => this.sort(key));
    cell.scope = "col";
    cell.dataset.key = key;
    return cell;
  }

  sort(key) {
    this.isRising = this.order === key && !this.isRising;
    this.order = key;
    this.draw();
  }

  show(rows, find, picked) {
    Object.assign(this, { rows, find, picked });
    this.draw();
  }

  draw() {
    for (const cell of this.element.querySelectorAll("th[data-key]")) {
      if (cell.dataset.key === this.order) cell.setAttribute("aria-sort", this.isRising ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    }
    const sign = this.isRising ? 1 : -1, matches = this.find ? matcher(this.find) : () => true;
    const found = this.rows.filter(row => matches(row.entry));
    found.sort((a, b) => sign * (a[this.order] - b[this.order]) || (a.entry.name < b.entry.name ? -1 : 1));
    const focused = this.body.contains(document.activeElement) ? document.activeElement.dataset.code : null;
    this.body.replaceChildren(...found.slice(0, FunctionTable.limit).map(row => this.line(row)));
    if (focused) this.body.querySelector(`[data-code="${focused}"]`)?.focus({ preventScroll: true });
    this.rest.textContent = this.note(found.length);
  }

  note(count) {
    if (count > FunctionTable.limit) return `${number(count - FunctionTable.limit)} more; search to narrow the list.`;
    return count ? "" : this.find ? "No function matches; shorten the search or press Esc to clear it." : "No function was seen in this window.";
  }

  line(row) {
    const name = make("button", "", row.entry.shown, make("small", "", visible(row.entry.module) || row.entry.kind));
    name.type = "button";
    name.title = row.entry.shown;
    name.dataset.code = row.entry.code.toString(36);
    name.addEventListener("click", () => this.pick(row));
    const line = make("tr", row.className || "", make("td", "name", name), ...this.columns.map(([key, , cell, className]) =>
      make("td", className ? className(row) : "", ...cell(row[key], row))));
    line.setAttribute("aria-selected", String(name.dataset.code === this.picked));
    return line;
  }
}

/* A share with a bar under it. */
function shareCell(value, whole) {
  const fill = make("i");
  fill.style.width = (whole > 0 ? Math.min(100, value / whole * 100) : 0) + "%";
  return [percent(value, whole), make("span", "share", fill)];
}
