/* Draws the timeline: CPU over time, events, the window and the one to compare with. */
const LANE = 15, AXIS = 17;
const EVENT_SHAPES = { start: "▲", stop: "▼", reload: "↻", exec: "•", exit: "◦", kill: "✕", pause: "‖" };

class TimelinePainter {
  constructor(canvas, palette) {
    this.surface = new Surface(canvas);
    this.palette = palette;
  }

  draw(width, height, scale, data, windows) {
    this.surface.begin(width, height);
    const { context } = this.surface;
    context.font = '11px system-ui, "DejaVu Sans", sans-serif';
    context.textBaseline = "middle";
    this.bottom = height - AXIS;
    this.scale = scale;
    this.axis();
    this.gaps(data.main);
    const known = data.main.values.filter(value => value !== null);
    const most = roundUp(Math.max(0.05, ...known));
    this.line(data.main, most, this.palette.area, this.palette.bar);
    if (data.part) this.line(data.part, most, null, this.palette.match);
    if (known.length) this.text(3, LANE + 7, `to ${trim2(most)}`, this.palette.soft);
    for (const event of data.events) this.event(event);
    if (windows.base) this.window(windows.base, this.palette.base);
    if (windows.now) this.window(windows.now, this.palette.accent);
  }

  text(x, y, text, colour) {
    this.surface.context.fillStyle = colour;
    this.surface.context.fillText(text, x, y);
  }

  axis() {
    const { surface, palette, scale, bottom } = this;
    surface.rect(0, bottom, scale.width, 1, palette.line);
    for (const [seconds, label] of scale.ticks) {
      const x = scale.x(seconds), half = surface.context.measureText(label).width / 2;
      surface.rect(x, LANE, 1, bottom - LANE, palette.hover);
      if (x > half && x < scale.width - half) this.text(x - half, bottom + AXIS / 2 + 1, label, palette.soft);
    }
  }

  /* Where nothing was recorded. */
  gaps({ start, step, values }) {
    const { context } = this.surface, { scale } = this;
    context.save();
    context.beginPath();
    values.forEach((value, index) => {
      if (value === null) context.rect(scale.x(start + index * step), LANE, scale.x(start + step) - scale.x(start) + 0.5, this.bottom - LANE);
    });
    context.clip();
    context.strokeStyle = this.palette.hover;
    context.beginPath();
    for (let x = -this.bottom; x < scale.width; x += 9) {
      context.moveTo(x, this.bottom);
      context.lineTo(x + this.bottom, 0);
    }
    context.stroke();
    context.restore();
  }

  line({ start, step, values }, most, area, stroke) {
    const { context } = this.surface, y = value => this.bottom - value / most * (this.bottom - LANE - 3);
    for (const run of runsOf(values)) {
      const points = run.map(([index, value]) => [this.scale.x(start + (index + 0.5) * step), y(value)]);
      context.beginPath();
      points.forEach(([x, top]) => context.lineTo(x, top));
      context.strokeStyle = stroke;
      context.lineWidth = 1.3;
      if (points.length === 1) context.lineTo(points[0][0] + 1, points[0][1]);
      context.stroke();
      if (!area) continue;
      context.lineTo(points[points.length - 1][0], this.bottom);
      context.lineTo(points[0][0], this.bottom);
      context.fillStyle = area;
      context.globalAlpha = 0.6;
      context.fill();
      context.globalAlpha = 1;
    }
  }

  event({ time, duration, kind }) {
    const x = this.scale.x(time), colour = kind === "kill" ? this.palette.bad : this.palette.soft;
    this.surface.rect(x, LANE - 2, Math.max(1, this.scale.x(time + (duration || 0)) - x), kind === "kill" ? this.bottom - LANE : 5, colour);
    this.text(x - 4, LANE / 2 + 1, EVENT_SHAPES[kind] || "•", colour);
  }

  window({ from, to }, colour) {
    const { context } = this.surface, left = this.scale.x(from), width = Math.max(2, this.scale.x(to) - left);
    context.globalAlpha = 0.17;
    this.surface.rect(left, 0, width, this.bottom, colour);
    context.globalAlpha = 1;
    for (const x of [left, left + width]) {
      this.surface.rect(x - 0.75, 0, 1.5, this.bottom, colour);
      this.surface.rect(x - 2, this.bottom / 2 - 8, 4, 16, colour);
    }
  }
}

const trim2 = value => String(Math.round(value * 100) / 100);
