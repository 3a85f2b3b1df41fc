/* Keys of the page, and the list of them. */
class Keys {
  /* `keys`: [[key, …], text, act]. */
  constructor(dialog, graph, keys) {
    Object.assign(this, { dialog, graph, keys });
    const moves = [["←", "→", "↑", "↓"], "move in the flame graph; on the timeline move the window"], zoom = [["Enter"], "zoom into the frame"], out = [["Backspace"], "zoom out by one"];
    const lines = [...keys, moves, zoom, out].map(([names, text]) => [
      make("dt", "", ...names.flatMap((name, index) => (index ? [" "] : []).concat(make("kbd", "", name)))), make("dd", "", text),
    ]);
    const close = button("Close", "Esc", () => dialog.close());
    dialog.append(make("h2", "", "Keys"), make("dl", "", ...lines.flat()), close);
    document.addEventListener("keydown", event => this.press(event));
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.dialog.open) return;
    const isTyping = event.target.matches?.("input, select, textarea");
    if (isTyping && event.key !== "Escape") return;
    if (event.key.startsWith("Arrow") && event.target === document.body) {
      this.graph.canvas.focus({ preventScroll: true });
      this.graph.key(event);
      return;
    }
    const found = this.keys.find(([names]) => names.includes(event.key === "Escape" ? "Esc" : event.key));
    if (!found) return;
    event.preventDefault();
    found[2](event.key);
  }
}
