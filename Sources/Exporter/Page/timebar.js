/* The row over the timeline and, while comparing, the one below it. */
class TimeBar {
  /* `page`: look(change), goLive(window), pause(), pan(direction), toggleComparison(), swap(), copyLink(), pinned(). */
  constructor(page) {
    this.page = page;
    this.windows = choice("Length of the window", WINDOWS.map(([key, text]) => [key, text, `The last ${text}, kept fresh`]), key => page.goLive(key));
    this.live = button("Pause", "", () => page.pause());
    this.reaches = this.select("reach", "How far the timeline reaches", REACHES.map(([key, text]) => [key, "show " + text]));
    this.series = this.select("series", "What the timeline shows", SERIES);
    const pan = make("span", "joined", button("‹", "Earlier ( [ )", () => page.pan(-1)), button("›", "Later ( ] )", () => page.pan(1)));
    this.compare = button("Compare", "With the time before (c)", () => page.toggleComparison());
    const link = button("Copy link", "A link to exactly this (l)", () => page.copyLink());
    const menu = make("details", "menu", make("summary", "button", "Download"));
    this.downloads = new Downloads(menu, format => profilePath(page.pinned(), format));
    byId("when").append(this.windows, this.live, this.reaches, pan, this.compare, link, menu);
    byId("timeline").append(this.series);
    this.buildComparison();
  }

  select(key, label, entries) {
    const select = make("select", "field", ...entries.map(([value, text]) => Object.assign(make("option", "", text), { value })));
    select.setAttribute("aria-label", label);
    select.title = label;
    select.addEventListener("change", () => this.page.look({ [key]: select.value }));
    return select;
  }

  buildComparison() {
    const { page } = this;
    this.now = make("span");
    this.before = make("span");
    this.by = choice("Unit", [["time", "CPU time", "CPU seconds per second"], ["total", "Share", "Share of each window's own total"]], by => page.look({ by }));
    this.width = choice("Width of frames", [["now", "Wide as now"], ["before", "Wide as before"]], width => page.look({ width }));
    const swap = button("Swap", "Exchange the two windows", () => page.swap());
    const close = button("Close", "No comparison (c)", () => page.toggleComparison());
    byId("comparison").append(make("i", "swatch now"), this.now, "against", make("i", "swatch before"), this.before,
      make("span", "grow"), this.by, this.width, swap, close);
  }

  show(state) {
    const isLive = state.last !== "";
    byId("title").textContent = byId("title").title = state.target === "all" ? "all targets" : visible(state.target);
    choose(this.windows, state.last);
    this.live.textContent = isLive ? "Pause" : "Live";
    this.live.title = isLive ? "Hold this window (p)" : "Back to now (p)";
    this.reaches.value = state.reach;
    this.series.value = state.series;
    this.compare.setAttribute("aria-pressed", String(state.baseTo > 0));
    byId("comparison").hidden = !state.baseTo;
    choose(this.by, state.by);
    choose(this.width, state.width);
    const bounds = (from, to) => `${dayAndClock(from)} to ${clock(to)} (${span(to - from)})`;
    [this.now.textContent, this.before.textContent] = [bounds(state.from, state.to), bounds(state.baseFrom, state.baseTo)];
  }
}
