/* What is shown, as a file in every format. */
const FORMATS = [
  ["pprof", "pprof", "go tool pprof"], ["speedscope", "speedscope", "speedscope.app"], ["folded", "folded stacks", "a line per stack"],
  ["html", "HTML", "this view in one file"], ["svg", "SVG", "a picture to click in"], ["json", "JSON", "for scripts"],
];

class Downloads {
  /* `path(format)`: where the daemon has it. */
  constructor(menu, path) {
    Object.assign(this, { menu, path });
    this.links = FORMATS.map(([format, name, use]) => {
      const link = make("a", "", name, make("span", "", use));
      link.download = "";
      link.dataset.format = format;
      return link;
    });
    menu.append(make("div", "", ...this.links));
    menu.addEventListener("toggle", () => this.refresh());
    document.addEventListener("click", event => { if (!menu.contains(event.target) || event.target.closest("a")) menu.open = false; });
    menu.addEventListener("keydown", event => {
      if (event.key !== "Escape" || !menu.open) return;
      event.stopPropagation();
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }

  refresh() {
    for (const link of this.links) link.href = this.path(link.dataset.format);
  }

  open() {
    this.menu.open = true;
    this.refresh();
    this.links[0].focus();
  }
}
