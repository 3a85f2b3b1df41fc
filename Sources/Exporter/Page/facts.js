/* What can be said about a frame, in the unit of what was measured. */
class Measure {
  constructor(profile) {
    const { from_unix_nanoseconds: from, to_unix_nanoseconds: to, unit } = profile.truth;
    this.unit = unit;
    this.seconds = Math.max(0, (to - from) / 1e9);
    this.whole = profile.nodes[0][WEIGHT];
  }

  text(value) { return this.unit === "nanoseconds" ? duration(value) : `${number(value)} ${this.unit}`; }

  /* Nanoseconds of CPU in a window as a number of CPUs. */
  rate(value) {
    return this.unit === "nanoseconds" && this.seconds > 0 ? ` · ${(value / 1e9 / this.seconds).toFixed(3)} CPUs` : "";
  }
}

function originText(tree, node) {
  const entry = tree.entry(node);
  if (entry.kind === "group") return "";
  const isInlined = tree.inlined[node] && entry.kind === "native";
  const where = entry.module ? visible(entry.module) : entry.kind;
  return where + (isInlined ? " · inlined" : entry.origin === entry.kind ? "" : " · " + ORIGINS[entry.origin][1]);
}

function sumText(name, measure, weight, count) {
  return `${name} ${percent(weight, measure.whole)} · ${measure.text(weight)}${measure.rate(weight)} · ${plural(count, "sample")}`;
}

/* Lines of text about a node of a profile. */
function frameFacts(tree, node, zoomed, measure) {
  const lines = [originText(tree, node), sumText("total", measure, tree.weight[node], tree.count[node])];
  if (tree.own[node] > 0) lines.push(sumText("self", measure, tree.own[node], tree.ownCount[node]));
  if (zoomed > 0 && node !== zoomed && tree.depth[node] > tree.depth[zoomed]) {
    lines.push(`${percent(tree.weight[node], tree.weight[zoomed])} of ${tree.entry(zoomed).shown}`);
  }
  return lines.filter(line => line);
}

/* What hangs at the pointer. */
class Tip {
  constructor() {
    this.element = document.body.appendChild(make("div", "tip"));
    this.element.setAttribute("role", "tooltip");
    this.hide();
  }

  hide() { this.element.hidden = true; }

  show(x, y, title, lines) {
    this.element.replaceChildren(make("b", "", title), ...lines.map(line => make("div", "", line)));
    this.element.hidden = false;
    const box = this.element.getBoundingClientRect();
    this.element.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 8)) + "px";
    this.element.style.top = (y + 18 + box.height > innerHeight ? Math.max(4, y - box.height - 12) : y + 18) + "px";
  }
}
