/* Other ways to look at a tree: from the leaves, around one function, as a list of functions. */

/* Parts below this share of the whole are not taken apart any further. */
const SMALLEST_PART = 1 / 20000;

/* Stacks upside down: each leaf goes from its node up to the root. `leaves` are {at, weight, count}. */
function callers(tree, leaves, func) {
  const growing = new GrowingTree(tree.functions, func);
  const limit = leaves.reduce((sum, leaf) => sum + leaf.weight, 0) * SMALLEST_PART;
  const pending = [[0, leaves]];
  while (pending.length) {
    const [place, here] = pending.pop();
    const node = growing.nodes[place], groups = new Map();
    for (const leaf of here) {
      node[WEIGHT] += leaf.weight;
      node[COUNT] += leaf.count;
      if (leaf.at > 0) gather(groups, tree.func[leaf.at], leaf);
      else { node[SELF] += leaf.weight; node[SELF_COUNT] += leaf.count; }
    }
    for (const [key, members] of groups) {
      if (members.reduce((sum, leaf) => sum + leaf.weight, 0) < limit) continue;
      const inlined = members.every(leaf => tree.inlined[leaf.at]) ? 1 : 0;
      for (const leaf of members) leaf.at = tree.parent[leaf.at];
      pending.push([growing.add(place, key, inlined), members]);
    }
  }
  return growing.finish();
}

function gather(groups, key, member) {
  const group = groups.get(key);
  if (group) group.push(member); else groups.set(key, [member]);
}

/* Who spends the time, then who calls it. What was cut off below a node counts as its own. */
function turned(tree) {
  const rest = Float64Array.from(tree.weight), restCount = Float64Array.from(tree.count);
  for (let node = 1; node < tree.size; node++) {
    rest[tree.parent[node]] -= tree.weight[node];
    restCount[tree.parent[node]] -= tree.count[node];
  }
  const leaves = [];
  for (let node = 1; node < tree.size; node++) {
    if (restCount[node] > 0) leaves.push({ at: node, weight: Math.max(0, rest[node]), count: restCount[node] });
  }
  return callers(tree, leaves, tree.func[0]);
}

/* Nodes of a function that do not lie below another of it: recursion counts once. */
function outermost(tree, func) {
  const found = [], isInside = new Uint8Array(tree.size);
  for (let node = 0; node < tree.size; node++) {
    const above = tree.parent[node];
    isInside[node] = above >= 0 && (isInside[above] || tree.func[above] === func) ? 1 : 0;
    if (tree.func[node] === func && !isInside[node]) found.push(node);
  }
  return found;
}

function callersOf(tree, func) {
  const leaves = outermost(tree, func).map(node => ({ at: tree.parent[node], weight: tree.weight[node], count: tree.count[node] }));
  return callers(tree, leaves, func);
}

/* Everything below a function, merged. */
function calleesOf(tree, func) {
  const growing = new GrowingTree(tree.functions, func), places = outermost(tree, func);
  const limit = places.reduce((sum, node) => sum + tree.weight[node], 0) * SMALLEST_PART;
  const pending = [[0, places]];
  while (pending.length) {
    const [place, here] = pending.pop();
    const target = growing.nodes[place], groups = new Map();
    for (const node of here) {
      target[WEIGHT] += tree.weight[node];
      target[SELF] += tree.own[node];
      target[COUNT] += tree.count[node];
      target[SELF_COUNT] += tree.ownCount[node];
      for (let child = tree.first[node]; child >= 0; child = tree.next[child]) gather(groups, tree.func[child], child);
    }
    for (const [key, members] of groups) {
      if (members.reduce((sum, node) => sum + tree.weight[node], 0) < limit) continue;
      pending.push([growing.add(place, key, members.every(node => tree.inlined[node]) ? 1 : 0), members]);
    }
  }
  return growing.finish();
}

/* Self and total of each function; the daemon's own sums (`hot`) where it gave them: they know what was cut off. */
function functionRows(tree, hot) {
  const rows = new Map(), open = [], active = new Map();
  for (let node = 0; node < tree.size; node++) {
    while (open.length && open[open.length - 1] !== tree.parent[node]) {
      const func = tree.func[open.pop()];
      active.set(func, active.get(func) - 1);
    }
    const func = tree.func[node], depth = active.get(func) || 0;
    open.push(node);
    active.set(func, depth + 1);
    if (tree.functions[func].kind !== "group") addRow(rows, tree, node, depth === 0);
  }
  const exact = new Map(hot.map(row => [row[1] + "\n" + row[0], row]));
  return [...rows.values()].map(row => corrected(row, exact.get(row.entry.module + "\n" + row.entry.name)));
}

function addRow(rows, tree, node, isOutermost) {
  const func = tree.func[node];
  let row = rows.get(func);
  if (!row) rows.set(func, row = { func, entry: tree.functions[func], own: 0, total: 0 });
  row.own += tree.own[node];
  if (isOutermost) row.total += tree.weight[node];
}

function corrected(row, exact) {
  return exact ? { ...row, own: exact[3], total: exact[4] } : row;
}
