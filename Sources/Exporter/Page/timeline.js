/* The timeline: drag a window, drag its edges or the whole of it; with Shift, or in the blue one, the window to compare with. */
const GRIP = 6, SHORTEST = 1;

class Timeline {
  /* `events`: selected(which, from, to) with which = "now" or "base"; toNow(). */
  constructor(host, palette, tip, events) {
    Object.assign(this, { host, tip, events, windows: { now: null, base: null }, data: null, drag: null });
    this.canvas = make("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", "Timeline: drag a window, with Shift the one to compare with; arrow keys move it, with Shift they move its end");
    this.message = make("div", "notice");
    host.append(this.canvas, this.message);
    this.painter = new TimelinePainter(this.canvas, palette);
    this.listen();
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", event => this.begin(event));
    canvas.addEventListener("pointermove", event => this.drag ? this.pull(event) : this.hover(event));
    canvas.addEventListener("pointerup", event => this.end(event));
    canvas.addEventListener("pointercancel", () => { this.drag = null; this.draw(); });
    canvas.addEventListener("pointerleave", () => this.tip.hide());
    canvas.addEventListener("dblclick", () => this.events.toNow());
    canvas.addEventListener("keydown", event => this.key(event));
    new ResizeObserver(() => this.draw()).observe(this.host);
  }

  /* `data`: main and part (series or null), unit, events, from, to. */
  show(data) {
    this.data = data;
    this.message.hidden = true;
    this.draw();
  }

  say(text) {
    this.data = null;
    this.message.textContent = text;
    this.message.hidden = false;
  }

  mark(windows) {
    this.windows = windows;
    this.draw();
  }

  draw() {
    if (!this.data || !this.host.clientWidth) return;
    this.scale = new TimeScale(this.data.from, this.data.to, this.host.clientWidth);
    this.painter.draw(this.host.clientWidth, this.host.clientHeight, this.scale, this.data, this.drag ? { ...this.windows, [this.drag.which]: this.drag } : this.windows);
  }

  place(event) { return event.clientX - this.canvas.getBoundingClientRect().left; }

  /* What the pointer would take hold of: an edge, a whole window, or nothing yet. */
  gripAt(x) {
    for (const which of ["now", "base"]) {
      const window = this.windows[which];
      if (!window) continue;
      const [left, right] = [this.scale.x(window.from), this.scale.x(window.to)];
      if (Math.abs(x - right) <= GRIP) return { which, part: "to" };
      if (Math.abs(x - left) <= GRIP) return { which, part: "from" };
      if (x > left && x < right) return { which, part: "both" };
    }
    return null;
  }

  begin(event) {
    if (!this.data || event.button !== 0) return;
    const x = this.place(event), at = this.scale.seconds(x);
    const grip = event.shiftKey ? null : this.gripAt(x);
    this.drag = grip
      ? { ...grip, ...this.windows[grip.which], start: this.windows[grip.which], at, x }
      : { which: event.shiftKey ? "base" : "now", part: "new", from: at, to: at, at, x };
    this.canvas.setPointerCapture(event.pointerId);
    this.tip.hide();
  }

  pull(event) {
    const { drag, scale } = this, x = this.place(event), at = scale.clamp(scale.seconds(x)), moved = at - drag.at;
    drag.isMoved ||= Math.abs(x - drag.x) > 3;
    if (drag.part === "new") [drag.from, drag.to] = [Math.min(drag.at, at), Math.max(drag.at, at)];
    else if (drag.part === "both") [drag.from, drag.to] = [drag.start.from + moved, drag.start.to + moved];
    else [drag.from, drag.to] = [drag.part === "from" ? at : drag.start.from, drag.part === "to" ? at : drag.start.to].sort((a, b) => a - b);
    this.tip.show(event.clientX, event.clientY, `${clock(drag.from)} to ${clock(drag.to)}`, [span(drag.to - drag.from)]);
    this.draw();
  }

  end(event) {
    const { drag } = this;
    this.drag = null;
    this.tip.hide();
    if (drag?.isMoved) this.select(drag.which, drag.from, drag.to);
    else if (drag) this.pressed(this.place(event));
  }

  select(which, from, to) {
    const middle = (from + to) / 2, half = Math.max(SHORTEST, to - from) / 2;
    this.windows = { ...this.windows, [which]: { from: middle - half, to: middle + half } };
    this.draw();
    this.events.selected(which, middle - half, middle + half);
  }

  /* A press on an event looks at the time around it. */
  pressed(x) {
    const event = this.eventAt(x), reach = (this.data.to - this.data.from) / 60;
    if (event) this.select("now", event.time - reach, event.time + (event.duration || 0) + reach);
    this.draw();
  }

  eventAt(x) {
    const near = this.data.events.map(event => [Math.abs(this.scale.x(event.time) - x), event]).filter(([distance]) => distance <= GRIP);
    return near.sort((a, b) => a[0] - b[0])[0]?.[1];
  }

  hover(event) {
    if (!this.data) return;
    const x = this.place(event), at = this.scale.seconds(x), grip = this.gripAt(x);
    this.canvas.style.cursor = !grip ? "crosshair" : grip.part === "both" ? "grab" : "ew-resize";
    const lines = [this.valueText(this.data.main, at, ""), this.data.part ? this.valueText(this.data.part, at, "filtered: ") : ""];
    for (const event of this.data.events.filter(event => Math.abs(this.scale.x(event.time) - x) <= GRIP).slice(0, 4)) {
      lines.push(`${clock(event.time)} ${event.kind}: ${visible(event.text || event.target)}`);
    }
    this.tip.show(event.clientX, event.clientY, dayAndClock(at), lines.filter(line => line));
  }

  valueText({ start, step, values }, at, label) {
    const value = values[Math.floor((at - start) / step)];
    return value === undefined ? "" : label + (value === null ? "not recorded" : `${trim2(value)} ${this.data.unit}`);
  }

  key(event) {
    const window = this.windows.now, direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!direction || !window || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const step = direction * Math.max(SHORTEST, (window.to - window.from) / 4);
    if (event.shiftKey) this.select("now", window.from, Math.max(window.from + SHORTEST, window.to + step));
    else this.select("now", window.from + step, window.to + step);
  }
}
