/* One profile with its tools: flame graph, icicle, callers, table, search. Works in the page and in stored documents. */
const VIEWS = [["flame", "Flame", "Root at the bottom (f)"], ["icicle", "Icicle", "Root on top (i)"], ["table", "Table", "Functions, their callers and callees (t)"]];

class Viewer {
  /* `state`: view, isTurned, find, zoom (trail), pick (code of a function). `changed()` is told when a person changed it;
     `actions` are [text, title, act(entry)] for the frame in focus. */
  constructor(host, palette, tip, state, changed, actions) {
    Object.assign(this, { palette, state, changed, actions, material: null });
    host.classList.add("viewer");
    this.graph = new FlameGraph("Flame graph", palette, tip, {
      zoomed: node => this.zoomedTo(node), focused: node => this.describe(this.graph, node),
    });
    this.sandwich = new Sandwich(palette, tip, {
      picked: entry => this.set(this.material.canTurn ? { pick: entry.code.toString(36) } : { find: entry.name, view: "flame" }), focused: (graph, node) => this.describe(graph, node),
    });
    this.build(host);
  }

  build(host) {
    this.views = choice("View", VIEWS, view => this.set({ view }));
    this.turn = button("Callers", "Upside down: who spends the time, then who calls it (r)", () => this.set({ isTurned: !this.state.isTurned, zoom: "" }));
    this.search = make("input", "field find");
    Object.assign(this.search, { type: "search", placeholder: "Search functions  ( / )", spellcheck: false, title: "Part of a name or module, or /an expression/" });
    this.search.setAttribute("aria-label", "Search functions");
    this.search.addEventListener("input", () => this.set({ find: this.search.value }));
    this.matched = make("span", "matched");
    this.matched.setAttribute("role", "status");
    this.filters = make("span", "filters");
    this.reset = button("Reset zoom", "Back to the whole (Esc)", () => this.zoomOut());
    this.reset.className = "reset";
    const tools = make("div", "bar tools", this.views, this.turn, this.search, this.matched, make("span", "grow"), this.filters);
    this.crumbs = make("nav", "crumbs");
    this.path = make("span", "grow");
    this.crumbs.append(this.path, this.reset);
    this.crumbs.hidden = true;
    this.crumbs.setAttribute("aria-label", "Path to the zoomed function");
    this.message = make("div", "notice");
    this.message.hidden = true;
    this.work = make("div", "work", this.graph.stage, this.sandwich.element, this.message);
    this.details = make("div", "details");
    this.details.setAttribute("aria-live", "polite");
    this.legend = make("div", "legend");
    this.truth = make("div", "truth");
    host.append(tools, this.crumbs, this.work, this.details, make("div", "foot", this.legend, this.truth));
  }

  set(change) {
    Object.assign(this.state, change);
    this.apply();
    this.changed();
  }

  show(material) {
    this.material = material;
    this.message.hidden = true;
    this.truth.replaceChildren(...material.truth());
    this.legend.replaceChildren(...material.legend());
    this.apply();
  }

  /* Says instead of a graph why there is none and what to do. */
  notice(isBad, title, text, ...buttons) {
    if (isBad) this.forget();
    this.message.className = isBad ? "notice bad" : "notice";
    this.message.replaceChildren(make("b", "", title), make("span", "", text), make("span", "", ...buttons));
    this.message.hidden = false;
  }

  /* Nothing that was said before holds any longer. */
  forget() {
    this.material = null;
    for (const part of [this.truth, this.legend, this.details, this.matched]) part.replaceChildren();
  }

  busy(isBusy) {
    this.work.classList.toggle("stale", isBusy);
    this.work.setAttribute("aria-busy", String(isBusy));
  }

  /* Shows what the state says. */
  apply() {
    const { state, material } = this, isTable = state.view === "table";
    choose(this.views, state.view);
    if (this.search.value !== state.find) this.search.value = state.find;
    this.graph.stage.hidden = isTable;
    this.sandwich.element.hidden = !isTable;
    this.turn.disabled = isTable || !material?.canTurn;
    this.turn.setAttribute("aria-pressed", String(!this.turn.disabled && state.isTurned));
    if (!material) return;
    this.hits = hitsIn(material.tree, state.find);
    this.matched.textContent = this.hits ? "matched " + percent(matchedWeight(material.tree, this.hits), material.tree.weight[0]) : "";
    if (isTable) this.sandwich.show(material, state, this.hits); else this.showGraph();
    this.showPath();
  }

  showGraph() {
    const { state, material, graph } = this;
    const tree = state.isTurned && material.canTurn ? material.upsideDown : material.tree;
    graph.show(tree, tree.follow(state.zoom), { isUpward: state.view === "flame", ...material.look(tree, () => graph.zoomed) });
    graph.mark(this.hits);
    this.describe(graph, graph.cursor);
  }

  zoomedTo(node) {
    this.state.zoom = this.graph.tree.trailTo(node);
    this.showPath();
    this.changed();
  }

  /* Leaves the search, then the zoom. */
  escape() {
    if (this.state.find) this.set({ find: "" });
    else this.zoomOut();
    this.search.blur();
  }

  zoomOut() {
    if (this.graph.tree && this.state.view !== "table") this.graph.zoom(0);
    this.graph.canvas.focus({ preventScroll: true });
  }

  showPath() {
    const { tree, zoomed } = this.graph, isShown = this.state.view !== "table" && zoomed > 0;
    this.crumbs.hidden = !isShown;
    if (!isShown) return;
    const path = tree.pathTo(zoomed);
    const shown = path.length > 7 ? [...path.slice(0, 2), -1, ...path.slice(-4)] : path;
    this.path.replaceChildren(...shown.flatMap((node, index) => (index ? [make("span", "", "›")] : []).concat(this.crumb(tree, node, node === zoomed))));
  }

  crumb(tree, node, isLast) {
    if (node < 0) return make("span", "", "…");
    const item = make(isLast ? "span" : "button", "", tree.entry(node).shown);
    item.title = tree.entry(node).shown;
    if (isLast) item.setAttribute("aria-current", "true");
    else item.addEventListener("click", () => this.graph.zoom(node));
    return item;
  }

  describe(graph, node) {
    if (!this.material) return;
    const { tree } = graph, entry = tree.entry(node);
    if (node === 0 && graph === this.graph) {
      const whole = graph.facts(0)[0] || "";
      this.details.replaceChildren(make("div", "", `${whole}. Click a frame to zoom. ${this.material.note}`));
      return;
    }
    const facts = make("span", "", graph.facts(node).join(" · ")), text = make("div", "", make("b", "", entry.shown), facts);
    text.title = entry.shown + "\n" + facts.textContent;
    const isCode = entry.kind !== "group" && entry.kind !== "marker";
    this.details.replaceChildren(text, make("span", "actions", ...(isCode ? this.actionButtons(entry) : [])));
  }

  actionButtons(entry) {
    const own = this.material.canTurn && this.state.view !== "table"
      ? [["Callers & callees", "Everything that calls it and everything that it calls", () => this.set({ view: "table", pick: entry.code.toString(36) })]] : [];
    const copy = ["Copy name", "The name to the clipboard", () => navigator.clipboard?.writeText(entry.name)];
    return [...own, ...this.actions, copy].map(([text, title, act]) => button(text, title, () => act(entry)));
  }
}

/* The table of functions; beside it who calls the chosen one and what it calls. */
class Sandwich {
  constructor(palette, tip, events) {
    this.events = events;
    const graph = label => {
      const made = new FlameGraph(label, palette, tip, { zoomed: () => {}, focused: node => events.focused(made, node) });
      return made;
    };
    this.callers = graph("Callers");
    this.callees = graph("Callees");
    this.titles = [make("h3"), make("h3")];
    this.both = make("div", "both", this.titles[0], this.callers.stage, this.titles[1], this.callees.stage);
    this.element = make("div", "sandwich");
  }

  show(material, state, hits) {
    if (this.material !== material) this.take(material);
    const rows = material.rows, row = rows.find(row => row.entry.code.toString(36) === state.pick);
    const picked = row || !material.canTurn ? row : rows.reduce((best, row) => !best || row[this.table.order] > best[this.table.order] ? row : best, null);
    this.table.show(rows, state.find, picked ? picked.entry.code.toString(36) : "");
    this.both.hidden = !material.canTurn || !picked;
    this.element.classList.toggle("alone", this.both.hidden);
    if (!this.both.hidden) this.showBoth(material, picked, hits);
  }

  take(material) {
    const keys = material.columns.map(([key]) => key).join();
    if (this.keys !== keys) {
      this.keys = keys;
      this.table = new FunctionTable("Functions", row => this.events.picked(row.entry));
      this.element.replaceChildren(this.table.element, this.both);
    }
    this.table.measure(material.columns);
    this.material = material;
    this.shown = null;
  }

  showBoth(material, row, hits) {
    if (this.shown !== row.func) {
      this.shown = row.func;
      const parts = [[this.callers, callersOf, true, "Who calls "], [this.callees, calleesOf, false, "What is called by "]];
      parts.forEach(([graph, grow, isUpward, title], index) => {
        const tree = grow(material.tree, row.func);
        this.titles[index].textContent = title + row.entry.shown;
        graph.show(tree, 0, { isUpward, ...material.look(tree, () => graph.zoomed) });
      });
    }
    for (const graph of [this.callers, this.callees]) graph.mark(hits);
    this.events.focused(this.callees, this.callees.cursor);
  }
}
