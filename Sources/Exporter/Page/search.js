/* Finding functions: part of a name or module, or a regular expression between slashes. */
function matcher(text) {
  const wanted = text.toLowerCase();
  const pattern = text.length > 2 && text.startsWith("/") && text.endsWith("/") ? expression(text.slice(1, -1)) : null;
  if (pattern) return entry => pattern.test(entry.name) || pattern.test(entry.module);
  return entry => entry.name.toLowerCase().includes(wanted) || entry.module.toLowerCase().includes(wanted);
}

function expression(text) {
  try { return new RegExp(text, "i"); } catch { return null; }
}

/* Which functions match: a byte each; null when nothing is looked for. */
function hitsIn(tree, text) {
  if (!text) return null;
  const matches = matcher(text);
  return Uint8Array.from(tree.functions, entry => entry.kind !== "group" && matches(entry) ? 1 : 0);
}

/* Weight of all stacks with a match: what lies below several counts once. */
function matchedWeight(tree, hits) {
  let sum = 0;
  const isInside = new Uint8Array(tree.size);
  for (let node = 0; node < tree.size; node++) {
    const isBelow = node > 0 && isInside[tree.parent[node]];
    const isHit = hits[tree.func[node]];
    if (isHit && !isBelow) sum += tree.weight[node];
    isInside[node] = isBelow || isHit ? 1 : 0;
  }
  return sum;
}
