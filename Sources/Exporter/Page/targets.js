/* The list of targets with their CPU over the last minutes. */
class TargetList {
  static manyTargets = 8;

  constructor(host, pick) {
    Object.assign(this, { pick, targets: [], lines: new Map(), chosen: "all", find: "" });
    this.heading = make("h2", "", "Targets");
    this.search = make("input", "field");
    Object.assign(this.search, { type: "search", placeholder: "Find a target", spellcheck: false, hidden: true });
    this.search.setAttribute("aria-label", "Find a target");
    this.search.addEventListener("input", () => { this.find = this.search.value.toLowerCase(); this.draw(); });
    this.list = make("ul", "list");
    host.append(make("div", "bar", this.heading, this.search), this.list);
  }

  show(targets) {
    this.targets = targets;
    this.search.hidden = targets.length < TargetList.manyTargets;
    this.draw();
  }

  /* CPU over time of the busiest targets. */
  showSeries(answer) {
    this.lines = new Map(answer.series.map(series => [series.target, series.values]));
    this.lines.set("all", sumOf(answer.series.map(series => series.values)));
    this.draw();
  }

  choose(target) {
    this.chosen = target;
    this.draw();
  }

  /* All rows, the sum of them first, one that is gone but looked at last. */
  get rows() {
    const all = { key: "all", name: "all targets", cpus: 0, processes: 0, runtime: "" };
    for (const target of this.targets) {
      all.cpus += target.cpus;
      all.processes += target.processes;
    }
    const rows = [all, ...this.targets.map(target => ({ ...target, key: target.name }))];
    const isListed = rows.some(row => row.key === this.chosen);
    if (!isListed) rows.push({ key: this.chosen, name: this.chosen, cpus: 0, processes: 0, runtime: "", isGone: this.targets.length > 0 });
    return rows.filter((row, index) => index === 0 || row.key === this.chosen || row.name.toLowerCase().includes(this.find));
  }

  /* The neighbour in the list of what is chosen. */
  beside(direction) {
    const rows = this.rows, place = rows.findIndex(row => row.key === this.chosen);
    const next = rows[Math.max(0, Math.min(rows.length - 1, place + direction))];
    this.pick(next.key);
  }

  draw() {
    const focused = document.activeElement?.dataset?.target;
    this.list.replaceChildren(...this.rows.map(row => make("li", "", this.line(row))));
    if (focused) [...this.list.querySelectorAll("button")].find(button => button.dataset.target === focused)?.focus();
  }

  line(row) {
    const facts = row.isGone ? ["not running now"] : [plural(row.processes, "process"), row.runtime].filter(text => text);
    const line = make("button", "", make("b", "", visible(row.name)), make("span", "", row.isGone ? "" : row.cpus.toFixed(2)),
      make("small", "", facts.join(" · ")), sparkline(this.lines.get(row.key) || []));
    line.type = "button";
    line.dataset.target = row.key;
    line.title = [visible(row.name), ...facts, row.samples_per_second === undefined ? "" : `${row.samples_per_second.toFixed(1)} samples/s, ${percent(row.complete_share, 1)} complete`].filter(text => text).join("\n");
    line.setAttribute("aria-pressed", String(row.key === this.chosen));
    line.addEventListener("click", () => this.pick(row.key));
    return line;
  }
}

/* Place by place; a gap only where all have one. */
function sumOf(rows) {
  return (rows[0] || []).map((_, place) => rows.reduce((sum, row) => row[place] === null ? sum : sum + row[place], null));
}

/* Numbers as a small line; what was not recorded stays empty. */
function sparkline(values) {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  picture.setAttribute("viewBox", `0 0 ${Math.max(1, values.length - 1)} 1`);
  picture.setAttribute("preserveAspectRatio", "none");
  picture.setAttribute("aria-hidden", "true");
  const most = Math.max(0.05, ...values.map(value => value ?? 0));
  for (const run of runsOf(values)) {
    const points = run.map(([x, value]) => `${x},${(1 - value / most).toFixed(3)}`);
    const draw = (className, path) => {
      const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
      shape.setAttribute("class", className);
      shape.setAttribute("d", path);
      picture.append(shape);
    };
    draw("under", `M${run[0][0]},1L${points.join("L")}L${run[run.length - 1][0]},1Z`);
    draw("line", `M${points.join("L")}`);
  }
  return picture;
}

/* Stretches without a gap: lists of [index, value]. */
function runsOf(values) {
  const runs = [];
  let run = null;
  values.forEach((value, index) => {
    if (value === null || value === undefined) { run = null; return; }
    if (!run) runs.push(run = []);
    run.push([index, value]);
  });
  return runs;
}
