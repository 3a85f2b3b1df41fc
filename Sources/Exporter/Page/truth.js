/* What a profile is worth, and what its colours mean. */
function truthItems(truth) {
  const facts = [
    ["samples", "samples", ""], ["lost", "lost", "by the kernel or the daemon, on the whole host"],
    ["truncated", "truncated", "stacks deeper than the copy that the kernel made"],
    ["completed", "completed", "stacks whose outer part was read later"], ["broken", "broken", "stacks that could not be walked to their root"],
    ["unnamed", "unnamed", "samples whose innermost function has no name"],
  ];
  const items = facts.map(([key, name, title]) => {
    const item = make("span", key === "lost" && truth[key] > 0 ? "bad" : "", make("b", "", number(truth[key])), " " + name);
    item.title = title;
    return item;
  });
  if (truth.period > 0 && truth.unit === "nanoseconds") items.push(make("span", "", "every ", make("b", "", duration(truth.period))));
  const [from, to] = [truth.from_unix_nanoseconds / 1e9, truth.to_unix_nanoseconds / 1e9];
  const bounds = make("span", "", `${dayAndClock(from)} to ${clock(to)}`);
  bounds.title = `${truth.from} to ${truth.to}`;
  return [...items, bounds];
}

/* The colours that a tree uses. */
function legendItems(tree, palette) {
  const seen = new Set();
  for (let node = 1; node < tree.size; node++) {
    const entry = tree.entry(node);
    seen.add(tree.inlined[node] && entry.kind === "native" ? "inlined" : entry.origin);
  }
  const isMissing = seen.delete("marker");
  if (isMissing) seen.add("unknown");
  return Object.keys(ORIGINS).filter(origin => seen.has(origin)).map(origin => {
    const swatch = make("i");
    swatch.style.background = palette.origins[origin][0];
    return make("span", "", swatch, isMissing && origin === "unknown" ? "unknown or missing" : ORIGINS[origin][1]);
  });
}
