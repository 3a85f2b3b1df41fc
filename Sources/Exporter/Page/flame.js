"use strict";
/* A flame graph of a Hearth profile (format hearth-profile-1), the table of its hottest functions, its truth. */
const PARENT = 0, FUNCTION = 1, WEIGHT = 2, SELF = 3, COUNT = 4, SELF_COUNT = 5, INLINED = 6;

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}
const number = value => value.toLocaleString("en-US");
const percent = (part, whole) => (whole > 0 ? part / whole * 100 : 0).toFixed(whole > 0 && part / whole >= 0.1 ? 1 : 2) + " %";
function time(ns) {
  if (ns >= 1e9) return (ns / 1e9).toFixed(2) + " s";
  if (ns >= 1e6) return (ns / 1e6).toFixed(1) + " ms";
  return ns >= 1e3 ? (ns / 1e3).toFixed(1) + " µs" : ns + " ns";
}
function shade(text) {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) | 0;
  return "s" + (hash & 3);
}

class Flame {
  constructor(host) {
    this.row = 19; this.minimum = 0.7; this.limit = 12000;
    this.zoomed = 0; this.needle = ""; this.profile = null;
    this.build(host);
    this.listen();
  }

  build(host) {
    this.tools = make("div", "tools");
    this.search = make("input"); this.search.type = "search"; this.search.placeholder = "Search functions";
    this.search.setAttribute("aria-label", "Search functions"); this.search.spellcheck = false;
    this.matched = make("span", "matched"); this.matched.setAttribute("role", "status");
    this.reset = make("button", "button", "Reset zoom"); this.reset.type = "button"; this.reset.disabled = true;
    this.tools.append(this.search, this.matched, this.reset);
    this.crumbs = make("nav", "crumbs"); this.crumbs.setAttribute("aria-label", "Path to the zoomed function");
    this.graph = make("div", "flame"); this.graph.setAttribute("role", "tree");
    this.graph.setAttribute("aria-label", "Flame graph: arrow keys move, Enter zooms, Escape resets");
    this.details = make("div", "details");
    this.legend = make("div", "legend");
    for (const [kind, text] of [["ln", "program and libraries"], ["li", "inlined into its caller"], ["lk", "kernel"], ["lj", "code made at run time"], ["lu", "unknown mapping"]])
      this.legend.append(make("span", kind, text));
    this.tip = make("div", "tip"); this.tip.hidden = true;
    host.append(this.tools, this.crumbs, this.graph, this.details, this.legend);
    document.body.append(this.tip);
  }

  listen() {
    const at = event => { const frame = event.target.closest(".f"); return frame ? +frame.dataset.node : -1; };
    this.graph.addEventListener("click", event => { const node = at(event); if (node >= 0) this.zoom(node, true); });
    this.graph.addEventListener("dblclick", () => this.zoom(0));
    this.graph.addEventListener("pointermove", event => this.showTip(event, at(event)));
    this.graph.addEventListener("pointerleave", () => { this.tip.hidden = true; });
    this.graph.addEventListener("focusin", event => this.describe(at(event)));
    this.graph.addEventListener("keydown", event => this.key(event, at(event)));
    this.search.addEventListener("input", () => this.find(this.search.value));
    this.search.addEventListener("keydown", event => { if (event.key === "Escape") this.find(""); });
    this.reset.addEventListener("click", () => this.zoom(0));
    new ResizeObserver(() => { if (this.graph.clientWidth !== this.drawn) this.draw(); }).observe(this.graph);
  }

  /* Takes a new profile; keeps zoom and search where the functions are still there. */
  show(profile) {
    const path = this.profile ? this.names(this.zoomed) : [];
    this.profile = profile;
    const nodes = profile.nodes;
    this.children = nodes.map(() => []);
    this.depth = new Int32Array(nodes.length);
    for (let i = 1; i < nodes.length; i++) {
      this.children[nodes[i][PARENT]].push(i);
      this.depth[i] = this.depth[nodes[i][PARENT]] + 1;
    }
    this.zoomed = this.locate(path);
    this.find(this.needle);
  }

  func(node) { return this.profile.functions[this.profile.nodes[node][FUNCTION]]; }

  names(node) {
    const path = [];
    for (; node > 0; node = this.profile.nodes[node][PARENT]) path.unshift(this.func(node)[0] + "\n" + this.func(node)[1]);
    return path;
  }

  locate(path) {
    let node = 0;
    for (const name of path) {
      const next = this.children[node].find(child => this.func(child)[0] + "\n" + this.func(child)[1] === name);
      if (next === undefined) break;
      node = next;
    }
    return node;
  }

  zoom(node, focus) {
    this.zoomed = node;
    this.draw();
    if (focus) this.graph.querySelector(`[data-node="${node}"]`)?.focus({ preventScroll: true });
  }

  /* Marks the functions that contain the text; their share counts what lies below several only once. */
  find(text) {
    this.needle = text;
    if (this.search.value !== text) this.search.value = text;
    const wanted = text.toLowerCase();
    this.hits = wanted && this.profile
      ? this.profile.functions.map(entry => entry[2] !== "group" && (entry[0].toLowerCase().includes(wanted) || entry[1].toLowerCase().includes(wanted))) : null;
    this.matched.textContent = this.hits ? "matched " + percent(this.matchedWeight(), this.profile.nodes[0][WEIGHT]) : "";
    this.draw();
  }

  matchedWeight() {
    let sum = 0;
    const pending = [0];
    while (pending.length) {
      const node = pending.pop();
      if (this.hits[this.profile.nodes[node][FUNCTION]]) sum += this.profile.nodes[node][WEIGHT];
      else pending.push(...this.children[node]);
    }
    return sum;
  }

  draw() {
    if (!this.profile) return;
    const width = this.drawn = this.graph.clientWidth;
    const fragment = document.createDocumentFragment();
    let deepest = 0;
    for (const [node, left, share] of this.layout(width)) {
      deepest = Math.max(deepest, this.depth[node]);
      fragment.append(this.frame(node, left, share, width));
    }
    const isEmpty = this.profile.nodes[0][COUNT] === 0;
    if (isEmpty) fragment.replaceChildren(make("div", "empty", "No samples in this window."));
    this.graph.style.height = isEmpty ? "" : (deepest + 1) * this.row + "px";
    this.graph.replaceChildren(fragment);
    this.reset.disabled = this.zoomed === 0;
    this.drawCrumbs();
    this.describe(-1);
  }

  /* What is wide enough to be seen: the callers of the zoomed node over the full width, then its subtree. */
  layout(width) {
    const nodes = this.profile.nodes, rows = [];
    for (let node = this.zoomed; node > 0; node = nodes[node][PARENT]) rows.unshift([nodes[node][PARENT], 0, 1]);
    const whole = nodes[this.zoomed][WEIGHT];
    const pending = [[this.zoomed, 0, 1]];
    while (pending.length && rows.length < this.limit) {
      const entry = pending.pop();
      rows.push(entry);
      let left = entry[1];
      for (const child of this.children[entry[0]]) {
        const share = whole > 0 ? nodes[child][WEIGHT] / whole : 0;
        if (share * width >= this.minimum) pending.push([child, left, share]);
        left += share;
      }
    }
    return rows;
  }

  frame(node, left, share, width) {
    const [name, module, kind] = this.func(node), pixels = share * width;
    const isAbove = node !== this.zoomed && share === 1 && this.depth[node] < this.depth[this.zoomed];
    const hit = this.hits && this.hits[this.profile.nodes[node][FUNCTION]];
    const colour = kind === "native" && this.profile.nodes[node][INLINED] ? "inlined" : kind;
    const frame = make("div", `f ${colour} ${shade(kind === "group" ? name : module + name)}${pixels < 5 ? " thin" : ""}${isAbove ? " above" : ""}${hit ? " match" : ""}`);
    frame.dataset.node = node;
    frame.style.left = left * 100 + "%";
    frame.style.width = Math.max(pixels, 0.7) + "px";
    frame.style.top = this.depth[node] * this.row + "px";
    frame.setAttribute("role", "treeitem");
    frame.setAttribute("aria-level", this.depth[node] + 1);
    frame.tabIndex = node === this.zoomed ? 0 : -1;
    if (pixels >= 24) frame.textContent = name;
    frame.setAttribute("aria-label", `${name}, ${percent(this.profile.nodes[node][WEIGHT], this.profile.nodes[0][WEIGHT])}`);
    return frame;
  }

  drawCrumbs() {
    const path = [];
    for (let node = this.zoomed; node >= 0; node = this.profile.nodes[node][PARENT]) path.unshift(node);
    const shown = path.length > 7 ? [...path.slice(0, 3), -1, ...path.slice(-3)] : path;
    this.crumbs.replaceChildren();
    for (const [index, node] of shown.entries()) {
      if (index) this.crumbs.append(make("span", "", "›"));
      if (node === this.zoomed) {
        const here = make("span", "", this.func(node)[0]); here.setAttribute("aria-current", "true"); this.crumbs.append(here);
      } else if (node < 0) this.crumbs.append(make("span", "", "…"));
      else {
        const button = make("button", "", this.func(node)[0]); button.type = "button"; button.title = this.func(node)[0];
        button.addEventListener("click", () => this.zoom(node, true)); this.crumbs.append(button);
      }
    }
  }

  facts(node) {
    const entry = this.profile.nodes[node], whole = this.profile.nodes[0][WEIGHT], [, module, kind] = this.func(node);
    const origin = kind === "group" ? "" : (entry[INLINED] ? "inlined, " : "") + (module || kind) + " · ";
    return `${origin}total ${time(entry[WEIGHT])} (${percent(entry[WEIGHT], whole)}), ${number(entry[COUNT])} samples · self ${time(entry[SELF])} (${percent(entry[SELF], whole)}), ${number(entry[SELF_COUNT])} samples`;
  }

  describe(node) {
    if (node < 0) {
      const dropped = this.profile.dropped;
      this.details.textContent = "Click a frame to zoom, click one above to go back."
        + (dropped.nodes ? ` ${number(dropped.nodes)} frames below ${(dropped.minimum_share * 100).toPrecision(2)} % are left out; their time stays in their callers.` : "");
      return;
    }
    this.details.replaceChildren(make("b", "", this.func(node)[0]), make("br"), this.facts(node));
  }

  showTip(event, node) {
    this.tip.hidden = node < 0;
    if (node < 0) return;
    this.tip.replaceChildren(make("b", "", this.func(node)[0]), make("br"), this.facts(node));
    const box = this.tip.getBoundingClientRect();
    this.tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 8)) + "px";
    const below = event.clientY + 18;
    this.tip.style.top = (below + box.height > innerHeight ? event.clientY - box.height - 12 : below) + "px";
  }

  key(event, node) {
    if (node < 0) return;
    const siblings = node > 0 ? this.children[this.profile.nodes[node][PARENT]] : [0];
    const seen = list => list.find(other => this.graph.querySelector(`[data-node="${other}"]`));
    const place = siblings.indexOf(node);
    let next;
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); return this.zoom(node, true); }
    if (event.key === "Escape") return this.zoom(0, true);
    if (event.key === "ArrowUp") next = this.profile.nodes[node][PARENT];
    if (event.key === "ArrowDown") next = seen([...this.children[node]].sort((a, b) => this.profile.nodes[b][WEIGHT] - this.profile.nodes[a][WEIGHT]));
    if (event.key === "ArrowRight") next = seen(siblings.slice(place + 1));
    if (event.key === "ArrowLeft") next = seen(siblings.slice(0, place).reverse());
    if (next === undefined || next < 0) return;
    event.preventDefault();
    this.graph.querySelector(`[data-node="${next}"]`)?.focus();
  }
}

/* The hottest functions; a click on one searches for it. */
class HotTable {
  constructor(host, pick) {
    this.pick = pick; this.sort = "self"; this.rows = 25;
    this.table = make("table"); this.body = make("tbody");
    const head = make("thead"), row = make("tr");
    this.columns = {};
    for (const [key, text] of [["", "Function"], ["self", "Self"], ["total", "Total"], ["mod", "Module"]]) {
      const cell = make("th", key === "mod" ? "mod" : ""); cell.scope = "col";
      if (key === "self" || key === "total") {
        const button = make("button", "", text); button.type = "button";
        button.addEventListener("click", () => { this.sort = key; this.show(this.profile); });
        cell.append(button); cell.colSpan = 2; this.columns[key] = cell;
      } else cell.textContent = text;
      row.append(cell);
    }
    head.append(row);
    const box = make("div", "scroll");
    this.table.append(make("caption", "", "Hottest functions"), head, this.body);
    box.append(this.table); host.append(box);
  }

  show(profile) {
    this.profile = profile;
    for (const [key, cell] of Object.entries(this.columns)) {
      if (key === this.sort) cell.setAttribute("aria-sort", "descending"); else cell.removeAttribute("aria-sort");
    }
    const column = this.sort === "self" ? 3 : 4, whole = profile.nodes[0][WEIGHT];
    const sorted = [...profile.hot].sort((a, b) => b[column] - a[column]).slice(0, this.rows);
    this.body.replaceChildren(...sorted.map(entry => this.line(entry, whole)));
  }

  line([name, module, kind, self, total], whole) {
    const row = make("tr"), cell = make("td", "name"), button = make("button", "", name);
    button.type = "button"; button.title = name;
    button.addEventListener("click", () => this.pick(name));
    cell.append(button); row.append(cell);
    for (const value of [self, total]) {
      const share = make("td", "", percent(value, whole)), bar = make("span", "share"), fill = make("i");
      fill.style.width = (whole > 0 ? value / whole * 100 : 0) + "%";
      bar.append(fill); share.append(bar); row.append(share, make("td", "", time(value)));
    }
    const origin = make("td", "mod", module || kind); origin.title = module;
    row.append(origin);
    return row;
  }
}

/* What the profile is worth. */
function showTruth(host, truth) {
  const facts = [
    [number(truth.samples), "samples", ""], [number(truth.lost), "lost", "on the whole host, by the kernel or the daemon"],
    [number(truth.truncated), "truncated", "stacks deeper than the copy"], [number(truth.completed), "completed", "stacks with their outer part read later"],
    [number(truth.broken), "broken", "stacks that could not be walked to the root"], [number(truth.unnamed), "unnamed", "samples whose innermost function has no name"],
    [time(truth.period), "mean period", ""],
  ];
  host.replaceChildren(...facts.map(([value, name, title]) => {
    const item = make("span"); item.title = title; item.append(make("b", "", value), " " + name); return item;
  }));
  const from = new Date(truth.from), to = new Date(truth.to);
  const clock = date => date.toLocaleTimeString("en-GB");
  const item = make("span", "", `${from.toLocaleDateString("en-CA")} ${clock(from)} to ${clock(to)}`);
  item.title = truth.from + " to " + truth.to;
  host.append(item);
}
