/* A flame graph (root at the bottom) or icicle (root on top) on a canvas: zoom, pointer, keys. */
class FlameGraph {
  /* `events`: zoomed(node), focused(node). */
  constructor(label, palette, tip, events) {
    Object.assign(this, { palette, tip, events, tree: null, rows: [], seen: 0, zoomed: 0, cursor: 0, hovered: -1, hits: null, isUpward: false });
    this.canvas = make("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", label + ": arrow keys move, Enter zooms, Escape zooms out");
    this.spacer = make("div", "rows", this.canvas);
    this.stage = make("div", "stage", this.spacer);
    this.painter = new FramePainter(this.canvas, palette);
    this.listen();
  }

  listen() {
    const { canvas, stage } = this;
    canvas.addEventListener("click", event => this.press(this.nodeAt(event)));
    canvas.addEventListener("pointermove", event => this.hover(event));
    canvas.addEventListener("pointerleave", () => this.leave());
    canvas.addEventListener("focus", () => this.events.focused(this.cursor));
    canvas.addEventListener("keydown", event => this.key(event));
    stage.addEventListener("scroll", () => { this.leave(); this.draw(); });
    new ResizeObserver(() => this.resize()).observe(stage);
  }

  /* Takes a tree. `look`: measure (array of widths), colour(node), facts(node), isUpward. Cursor and scroll stay where the
     same place is zoomed as before. */
  show(tree, zoomed, look) {
    const before = this.tree ? { zoom: this.tree.trailTo(this.zoomed), cursor: this.tree.trailTo(this.cursor) } : null;
    const isSame = before !== null && before.zoom === tree.trailTo(zoomed);
    const offset = isSame && this.isUpward === look.isUpward ? this.rootOffset() : null;
    Object.assign(this, look, { tree, zoomed, hovered: -1, cursor: isSame ? tree.follow(before.cursor) : zoomed });
    this.arrange(offset);
  }

  mark(hits) {
    this.hits = hits;
    this.draw();
  }

  zoom(node) {
    this.zoomed = node;
    this.cursor = node;
    this.arrange(null);
    this.events.zoomed(node);
    this.events.focused(node);
  }

  /* Works the rows out anew. `offset` as in rootOffset; null: where the zoomed frame is. */
  arrange(offset) {
    this.seen = this.stage.clientHeight;
    if (!this.tree || !this.seen) return;
    this.width = this.stage.clientWidth;
    this.rows = layOut(this.tree, this.measure, this.zoomed, this.width);
    this.height = Math.max(this.rows.length * ROW, this.seen);
    this.spacer.style.height = this.height + "px";
    this.scrollFromRoot(offset ?? Math.max(0, (this.tree.depth[this.zoomed] - 3) * ROW));
    this.draw();
  }

  resize() {
    if (this.stage.clientWidth !== this.width || this.stage.clientHeight !== this.seen) this.arrange(this.rootOffset());
  }

  /* Pixels between the root's end and what is seen; null while nothing is. */
  rootOffset() {
    if (!this.seen) return null;
    const { scrollTop } = this.stage;
    return Math.max(0, this.isUpward ? this.height - this.seen - scrollTop : scrollTop);
  }

  scrollFromRoot(offset) {
    this.stage.scrollTop = this.isUpward ? this.height - this.seen - offset : offset;
  }

  /* Upper edge of a row inside of the canvas. */
  topOf(row) {
    return (this.isUpward ? this.height - (row + 1) * ROW : row * ROW) - this.stage.scrollTop;
  }

  draw() {
    if (!this.tree || !this.seen) return;
    this.painter.begin(this.width, this.seen);
    for (let row = 0; row < this.rows.length; row++) {
      const top = this.topOf(row);
      if (top > -ROW && top < this.seen) this.drawRow(row, top);
    }
    this.painter.fade(false);
    if (this.hovered >= 0) this.outline(this.hovered);
    if (document.activeElement === this.canvas) this.outline(this.cursor);
  }

  drawRow(index, top) {
    const { painter, palette, tree, hits } = this, { nodes, lefts, widths } = this.rows[index];
    painter.fade(index < tree.depth[this.zoomed]);
    for (let box = 0; box < nodes.length; box++) {
      const node = nodes[box], isHit = node !== MERGED && hits !== null && hits[tree.func[node]] === 1;
      painter.box(lefts[box], top, widths[box], node === MERGED ? palette.g0 : isHit ? palette.match : this.colour(node));
      if (node !== MERGED && widths[box] > 28) {
        painter.name(lefts[box], top, widths[box], tree.entry(node).shown, isHit ? palette["match-ink"] : palette["frame-ink"]);
      }
    }
  }

  outline(node) {
    const box = this.boxOf(node);
    if (box) this.painter.outline(box.left, box.top, box.width);
  }

  /* Where a node is drawn inside of the canvas; null if it is too narrow. */
  boxOf(node) {
    const depth = this.tree.depth[node], row = this.rows[depth], index = row ? row.nodes.indexOf(node) : -1;
    return index < 0 ? null : { left: row.lefts[index], width: row.widths[index], top: this.topOf(depth) };
  }

  nodeAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const place = event.clientY - box.top + this.stage.scrollTop;
    const row = this.rows[Math.floor((this.isUpward ? this.height - place : place) / ROW)];
    const index = row ? row.at(event.clientX - box.left) : -1;
    return index < 0 ? -1 : row.nodes[index];
  }

  press(node) {
    this.tip.hide();
    if (node >= 0) this.zoom(node);
  }

  hover(event) {
    const node = this.nodeAt(event);
    if (node !== this.hovered) {
      this.hovered = node;
      this.draw();
    }
    if (node >= 0) this.tip.show(event.clientX, event.clientY, this.tree.entry(node).shown, this.facts(node));
    else this.tip.hide();
  }

  leave() {
    this.tip.hide();
    if (this.hovered < 0) return;
    this.hovered = -1;
    this.draw();
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const act = {
      Enter: () => this.zoom(this.cursor), " ": () => this.zoom(this.cursor), Backspace: () => this.zoom(Math.max(0, this.tree.parent[this.zoomed])),
      ArrowUp: () => this.step(this.isUpward), ArrowDown: () => this.step(!this.isUpward),
      ArrowLeft: () => this.beside(-1), ArrowRight: () => this.beside(1), Home: () => this.moveTo(0),
    }[event.key];
    if (!act || !this.tree) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /* To the heaviest callee, or back to the caller. */
  step(isDeeper) {
    if (!isDeeper) return this.moveTo(this.tree.parent[this.cursor]);
    const below = this.tree.children(this.cursor).filter(child => this.boxOf(child));
    this.moveTo(below.sort((a, b) => this.measure[b] - this.measure[a])[0]);
  }

  beside(direction) {
    const row = this.rows[this.tree.depth[this.cursor]];
    let index = row.nodes.indexOf(this.cursor) + direction;
    while (row.nodes[index] === MERGED) index += direction;
    this.moveTo(row.nodes[index]);
  }

  moveTo(node) {
    if (node === undefined || node < 0) return;
    this.cursor = node;
    this.events.focused(node);
    const top = this.topOf(this.tree.depth[node]);
    if (top < 0) this.stage.scrollTop += top;
    else if (top + ROW > this.seen) this.stage.scrollTop += top + ROW - this.seen;
    this.draw();
  }
}
