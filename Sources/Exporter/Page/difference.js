/* The difference of two windows (format hearth-diff-1) as the viewer shows it: red grew, blue shrank, grey is no more than chance. */
class DiffMaterial {
  canTurn = false;

  /* `width`: whether frames are as wide as "now" or as "before". */
  constructor(diff, palette, width) {
    Object.assign(this, { diff, palette, tree: new Tree(diff.names.map(functionOf), diff.nodes.length) });
    const { tree } = this;
    tree.change = diff.nodes.map(([parent, func, base, value, , , low, high, significant, inlined, baseCount, count], node) => {
      [tree.parent[node], tree.func[node], tree.inlined[node]] = [parent, func, inlined];
      tree.weight[node] = width === "now" ? value : base;
      return { base, value, low, high, significant, baseCount, count };
    });
    tree.link();
  }

  get isEmpty() { return this.diff.base.truth.samples === 0 && this.diff.to.truth.samples === 0; }

  text(value) { return this.diff.unit === "share" ? percent(Math.abs(value), 1) : Math.abs(value).toFixed(3) + " CPUs"; }

  signed(value) { return (value < 0 ? "−" : "+") + this.text(value); }

  interval(low, high) { return `${this.signed(low).replace(/ \D+$/, "")} to ${this.signed(high)}`; }

  get rows() {
    return this.functionRows ??= this.diff.functions.map(row => ({
      ...row, entry: functionOf([row.function, row.module, row.kind]), ownChange: Math.abs(row.delta_self), totalChange: Math.abs(row.delta_total),
      className: row.significant ? "" : "noise",
    }));
  }

  get columns() {
    const plain = value => [this.text(value)];
    const tone = name => row => row["adjusted_" + name] > this.diff.false_discovery_rate ? "" : row["delta_" + name] > 0 ? "more" : "less";
    return [["ownChange", "Self", "self"], ["totalChange", "Total", "total"]].flatMap(([key, title, name]) => [
      [key, title + " change", (_, row) => this.changeCell(row, "delta_" + name), tone(name)],
      [name, title + " now", plain], ["base_" + name, title + " before", plain],
    ]);
  }

  changeCell(row, key) {
    const interval = make("small", "", this.interval(row[key + "_low"], row[key + "_high"]));
    interval.title = "95 % interval";
    return [this.signed(row[key]), interval];
  }

  get note() { return "Red grew, blue shrank; grey differs no more than chance makes it."; }

  look(tree) {
    return { measure: tree.weight, colour: node => this.colour(tree.change[node]), facts: node => this.facts(tree, node) };
  }

  colour({ base, value, significant }) {
    return this.palette.change(significant && base + value > 0 ? (value - base) / (value + base) : 0);
  }

  facts(tree, node) {
    const { base, value, low, high, significant, baseCount, count } = tree.change[node];
    return [
      originText(tree, node), `${this.text(value)} now, ${this.text(base)} before · ${plural(count, "sample")} and ${number(baseCount)}`,
      `${this.signed(value - base)}${base > 0 ? ` (${value < base ? "−" : "+"}${percent(Math.abs(value - base), base)})` : ""}, 95 %: ${this.interval(low, high)}`,
      significant ? "" : "no more than chance makes it",
    ].filter(line => line);
  }

  truth() {
    return [["now", this.diff.to], ["before", this.diff.base]].flatMap(([name, side]) => {
      const items = truthItems(side.truth);
      return [make("span", "", make("i", "swatch " + name), name), items[0], items[items.length - 1]];
    });
  }

  legend() {
    return [["grew", 1], ["no more than chance", 0], ["shrank", -1]].map(([text, ratio]) => {
      const swatch = make("i");
      swatch.style.background = this.palette.change(ratio);
      return make("span", "", swatch, text);
    });
  }
}
