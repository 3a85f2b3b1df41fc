/* A profile as the viewer shows it. */
class ProfileMaterial {
  canTurn = true;

  constructor(profile, palette) {
    Object.assign(this, { profile, palette, tree: Tree.ofProfile(profile), measure: new Measure(profile) });
  }

  get isEmpty() { return this.tree.count[0] === 0; }

  get upsideDown() { return this.turnedTree ??= turned(this.tree); }

  get rows() { return this.functionRows ??= functionRows(this.tree, this.profile.hot); }

  get columns() {
    const whole = this.tree.weight[0];
    return ["own", "total"].map(key => [key, key === "own" ? "Self" : "Total", value => shareCell(value, whole)]);
  }

  get note() {
    const { nodes, minimum_share: share } = this.profile.dropped;
    return nodes ? `${plural(nodes, "frame")} below ${(share * 100).toPrecision(2)} % are left out; their time stays in their callers.` : "";
  }

  look(tree, zoomed) {
    return {
      measure: tree.weight, colour: node => this.palette.frame(tree.entry(node), tree.inlined[node]),
      facts: node => frameFacts(tree, node, zoomed(), this.measure),
    };
  }

  truth() { return truthItems(this.profile.truth); }
  legend() { return legendItems(this.tree, this.palette); }
}
