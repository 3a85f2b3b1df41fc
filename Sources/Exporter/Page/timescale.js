/* Seconds to pixels, and where the marks of an axis stand. */
const TICKS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];

class TimeScale {
  constructor(from, to, width) {
    Object.assign(this, { from, to, width });
  }

  x(seconds) { return (seconds - this.from) / (this.to - this.from) * this.width; }

  seconds(x) { return this.from + x / this.width * (this.to - this.from); }

  clamp(seconds) { return Math.min(this.to, Math.max(this.from, seconds)); }

  /* [seconds, text] of marks that stand apart; whole hours and days are those of the reader. */
  get ticks() {
    const wanted = (this.to - this.from) / Math.max(2, this.width / 96);
    const step = TICKS.find(step => step >= wanted) || TICKS[TICKS.length - 1];
    const offset = new Date(this.to * 1000).getTimezoneOffset() * 60;
    const marks = [];
    for (let at = Math.ceil((this.from - offset) / step) * step + offset; at <= this.to; at += step) marks.push([at, this.label(at, step)]);
    return marks;
  }

  label(at, step) {
    const text = clock(at);
    if (step >= 86400 || text === "00:00:00") return day(at).slice(5);
    return step < 60 ? text : text.slice(0, 5);
  }
}

/* The next round number above. */
function roundUp(value) {
  const size = 10 ** Math.floor(Math.log10(Math.max(value, 0.01)));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map(step => step * size).find(step => step >= value) || value;
}
