/* A tree of calls in flat arrays: node 0 is the whole, parents come before their children. */
const PARENT = 0, FUNCTION = 1, WEIGHT = 2, SELF = 3, COUNT = 4, SELF_COUNT = 5, INLINED = 6;

function functionOf([name, module, kind]) {
  const code = hash(module + "\n" + name);
  return { name, module, kind, code, tint: code & 3, shown: visible(name), origin: originOf(name, module, kind) };
}

class Tree {
  constructor(functions, size) {
    this.functions = functions;
    this.size = size;
    for (const name of ["parent", "func", "depth", "first", "next"]) this[name] = new Int32Array(size);
    for (const name of ["weight", "own", "count", "ownCount"]) this[name] = new Float64Array(size);
    this.inlined = new Uint8Array(size);
  }

  /* From an answer in the format hearth-profile-1. */
  static ofProfile(profile) {
    const tree = new Tree(profile.functions.map(functionOf), profile.nodes.length);
    profile.nodes.forEach((node, index) => {
      tree.parent[index] = node[PARENT];
      tree.func[index] = node[FUNCTION];
      tree.weight[index] = node[WEIGHT];
      tree.own[index] = node[SELF];
      tree.count[index] = node[COUNT];
      tree.ownCount[index] = node[SELF_COUNT];
      tree.inlined[index] = node[INLINED];
    });
    return tree.link();
  }

  /* Finds children and depths from parents. */
  link() {
    this.first.fill(-1);
    this.next.fill(-1);
    for (let node = this.size - 1; node > 0; node--) {
      const parent = this.parent[node];
      this.next[node] = this.first[parent];
      this.first[parent] = node;
    }
    for (let node = 1; node < this.size; node++) this.depth[node] = this.depth[this.parent[node]] + 1;
    return this;
  }

  entry(node) { return this.functions[this.func[node]]; }

  children(node) {
    const found = [];
    for (let child = this.first[node]; child >= 0; child = this.next[child]) found.push(child);
    return found;
  }

  /* Nodes from the whole to one. */
  pathTo(node) {
    const path = [];
    for (; node >= 0; node = this.parent[node]) path.unshift(node);
    return path;
  }

  /* A path as short text that finds the same place in another tree. */
  trailTo(node) {
    return this.pathTo(node).slice(1).map(step => this.entry(step).code.toString(36)).join(".");
  }

  /* The place of a trail, as far as it is there. */
  follow(trail) {
    let node = 0;
    for (const step of trail ? trail.split(".") : []) {
      const code = parseInt(step, 36);
      const child = this.children(node).find(child => this.entry(child).code === code);
      if (child === undefined) break;
      node = child;
    }
    return node;
  }
}

/* A tree while it is made: one child for each function below a place. */
class GrowingTree {
  constructor(functions, func) {
    this.functions = functions;
    this.nodes = [[-1, func, 0, 0, 0, 0, 0]];
  }

  add(parent, func, inlined) { return this.nodes.push([parent, func, 0, 0, 0, 0, inlined]) - 1; }

  finish() {
    const tree = new Tree(this.functions, this.nodes.length);
    this.nodes.forEach((node, index) => {
      [tree.parent[index], tree.func[index], tree.weight[index], tree.own[index], tree.count[index], tree.ownCount[index], tree.inlined[index]] = node;
    });
    return tree.link();
  }
}
