/* Draws on a canvas in CSS pixels, sharp on every screen. */
class Surface {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  /* Sizes and clears it. */
  begin(width, height) {
    const scale = devicePixelRatio || 1, { canvas, context } = this;
    const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== across || canvas.height !== down) {
      canvas.width = across;
      canvas.height = down;
      canvas.style.width = width + "px";
      canvas.style.height = height + "px";
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    this.width = width;
    this.height = height;
  }

  rect(left, top, width, height, colour) {
    this.context.fillStyle = colour;
    this.context.fillRect(left, top, width, height);
  }

  outline(left, top, width, height, colour, thickness = 1.5) {
    this.context.strokeStyle = colour;
    this.context.lineWidth = thickness;
    this.context.strokeRect(left + thickness / 2, top + thickness / 2, Math.max(0.5, width - thickness), height - thickness);
  }
}

/* Frames of a flame graph: a box with as much of a name as fits. */
class FramePainter {
  static font = '11.5px ui-monospace, "DejaVu Sans Mono", monospace';

  constructor(canvas, palette) {
    this.surface = new Surface(canvas);
    this.palette = palette;
  }

  begin(width, height) {
    const { context } = this.surface;
    this.surface.begin(width, height);
    context.font = FramePainter.font;
    context.textBaseline = "middle";
    this.letter = context.measureText("m").width;
  }

  box(left, top, width, colour) {
    const gap = width > 3 ? 1 : 0.25;
    this.surface.rect(left, top, Math.max(width - gap, 0.5), ROW - 1, colour);
  }

  name(left, top, width, text, colour) {
    const letters = Math.floor((width - 8) / this.letter);
    if (letters < 3) return;
    const { context } = this.surface;
    context.fillStyle = colour;
    const shown = text.length <= letters ? text : text.slice(0, letters - 1) + "…";
    context.fillText(shown, left + 4, top + ROW / 2, width - 6);
  }

  fade(isFaded) { this.surface.context.globalAlpha = isFaded ? 0.55 : 1; }

  outline(left, top, width) { this.surface.outline(left, top, width, ROW - 1, this.palette.ink); }
}
