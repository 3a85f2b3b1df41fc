/* What of a tree is wide enough to be seen, row by row. Narrow neighbours are drawn together as one box without a node. */
const ROW = 19, THINNEST = 0.8, MERGED = -1;

class Boxes {
  nodes = [];
  lefts = [];
  widths = [];

  add(node, left, width) {
    this.nodes.push(node);
    this.lefts.push(left);
    this.widths.push(width);
  }

  /* Index of the box at a place, −1 if there is none. */
  at(x) {
    let low = 0, high = this.lefts.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (x < this.lefts[middle]) high = middle - 1;
      else if (x >= this.lefts[middle] + this.widths[middle]) low = middle + 1;
      else return middle;
    }
    return -1;
  }
}

/* Rows from the root: callers of the zoomed node at full width, the node, what it calls. */
function layOut(tree, measure, zoomed, width) {
  const rows = tree.pathTo(zoomed).map(node => {
    const row = new Boxes();
    row.add(node, 0, width);
    return row;
  });
  const scale = measure[zoomed] > 0 ? width / measure[zoomed] : 0;
  for (let row = rows[rows.length - 1]; scale > 0;) {
    row = rowBelow(tree, measure, row, scale);
    if (!row.nodes.length) break;
    rows.push(row);
  }
  return rows;
}

function rowBelow(tree, measure, above, scale) {
  const row = new Boxes();
  for (let index = 0; index < above.nodes.length; index++) {
    if (above.nodes[index] === MERGED) continue;
    let left = above.lefts[index], thin = 0;
    for (let child = tree.first[above.nodes[index]]; child >= 0; child = tree.next[child]) {
      const width = measure[child] * scale;
      if (width < THINNEST) { thin += width; continue; }
      row.add(child, left, width);
      left += width;
    }
    if (thin >= THINNEST) row.add(MERGED, left, thin);
  }
  return row;
}
