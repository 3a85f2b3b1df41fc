/* Colours for canvases, read from the style sheet so that both schemes stand in one place. */
const ORIGINS = {
  native: ["n", "program and libraries"], runtime: ["r", "language runtime"], jit: ["j", "made at run time"],
  inlined: ["i", "inlined"], kernel: ["k", "kernel"], unknown: ["x", "unknown mapping"], marker: ["x", "missing part"],
};
const RUNTIME_MODULE = /^(libpython|libjvm|libnode|libruby|libphp|libperl|liblua|libcoreclr|libclrjit|libswift_|libswiftCore|beam\.|libbeam)/;

/* What colours a function: where its code comes from. */
function originOf(name, module, kind) {
  const isRuntime = RUNTIME_MODULE.test(module) || name.startsWith("runtime.");
  return kind === "native" && isRuntime ? "runtime" : kind;
}

class Palette {
  constructor() {
    this.probe = document.body.appendChild(make("i", "sr"));
    this.read();
  }

  read() {
    const shades = key => [0, 1, 2, 3].map(index => this.colour(`var(--${key}${index})`));
    this.origins = { group: [0, 1, 0, 1].map(index => this.colour(`var(--g${index})`)) };
    for (const [origin, [key]] of Object.entries(ORIGINS)) {
      this.origins[origin] = key === "x" ? Array(4).fill(this.colour("var(--x0)")) : shades(key);
    }
    for (const key of ["back", "panel", "ink", "soft", "line", "hover", "accent", "chosen", "base", "base-back", "bar", "area", "bad", "match", "match-ink", "frame-ink", "g0"]) {
      this[key] = this.colour(`var(--${key})`);
    }
    this.more = this.steps("--more");
    this.less = this.steps("--less");
  }

  colour(value) {
    this.probe.style.color = value;
    return getComputedStyle(this.probe).color;
  }

  /* From grey to a full colour. */
  steps(name) {
    return Array.from({ length: 9 }, (_, step) => this.colour(`color-mix(in oklab, var(${name}) ${step * 12.5}%, var(--g0))`));
  }

  frame(entry, isInlined) {
    const origin = isInlined && entry.kind === "native" ? "inlined" : entry.origin;
    return (this.origins[origin] || this.origins.unknown)[entry.tint];
  }

  /* −1 went away, 0 stayed, 1 is new. */
  change(ratio) {
    const steps = ratio > 0 ? this.more : this.less;
    return steps[Math.min(8, Math.round(Math.sqrt(Math.abs(ratio)) * 8))];
  }
}

/* The scheme of the system unless somebody chose one here. */
class Scheme {
  static names = { "": "Auto", light: "Light", dark: "Dark" };

  constructor(changed) {
    this.changed = changed;
    this.use(this.stored());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  }

  /* Storage is refused in sandboxes and by some settings of browsers: then nothing is remembered. */
  stored() {
    try { return localStorage.getItem("hearth.scheme") || ""; } catch { return ""; }
  }

  use(name) {
    this.name = name in Scheme.names ? name : "";
    document.documentElement.dataset.scheme = this.name;
  }

  next() {
    const names = Object.keys(Scheme.names);
    this.use(names[(names.indexOf(this.name) + 1) % names.length]);
    try { localStorage.setItem("hearth.scheme", this.name); } catch { /* stays for this visit */ }
    this.changed();
  }
}
