/* The page: puts its parts together and keeps them fresh while somebody looks. */
const TARGET_SECONDS = 3, TIMELINE_SECONDS = 10;
/* Windows stay this far inside of the seconds that they mean, so that no second beside them is taken in. */
const SLACK = 0.005;

class Page {
  constructor() {
    this.state = readAddress(location);
    this.lastLive = this.state.last || START.last;
    this.daemon = new Daemon();
    this.palette = new Palette();
    this.scheme = new Scheme(() => this.repaint());
    this.bounds = null;
    const tip = new Tip();
    this.targets = new TargetList(byId("targets"), target => this.look({ target, zoom: "", pick: "", thread: "", pid: "", func: "", module: "" }));
    this.timeline = new Timeline(byId("timeline"), this.palette, tip, {
      selected: (which, from, to) => this.selected(which, from, to), toNow: () => this.goLive(this.lastLive),
    });
    this.viewer = new Viewer(byId("viewer"), this.palette, tip, this.state, () => this.writeAddress(), [
      ["Filter function", "Only stacks with this function", entry => this.look({ func: entry.name, zoom: "" })],
      ["Filter module", "Only stacks with this module", entry => this.look({ module: entry.module, zoom: "" })],
    ]);
    this.filters = new Filters(this.viewer.filters, change => this.look({ ...change, zoom: "" }));
    this.bar = new TimeBar(this);
    new Keys(byId("keys"), this.viewer.graph, this.keys());
    this.listen();
  }

  listen() {
    byId("scheme").addEventListener("click", () => this.scheme.next());
    byId("help").addEventListener("click", () => byId("keys").showModal());
    addEventListener("hashchange", () => { if (location.hash !== writeAddress(this.state)) this.look(readAddress(location)); });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.refresh(false); });
  }

  keys() {
    const view = view => () => this.viewer.set({ view });
    return [
      [["?"], "this list", () => byId("keys").showModal()], [["/"], "search functions", () => this.viewer.search.focus()],
      [["f"], "flame graph", view("flame")], [["i"], "icicle: root on top", view("icicle")], [["t"], "table with callers and callees", view("table")],
      [["r"], "callers: upside down", () => this.viewer.turn.click()], [["j", "k"], "next or previous target", key => this.targets.beside(key === "j" ? 1 : -1)],
      [["1", "2", "3", "4", "5"], "window from 10 s to 1 h", key => this.goLive(WINDOWS[key - 1][0])], [["p"], "pause, or back to now", () => this.pause()],
      [["[", "]"], "earlier, later on the timeline", key => this.pan(key === "[" ? -1 : 1)], [["c"], "compare with the time before", () => this.toggleComparison()],
      [["d"], "download", () => this.bar.downloads.open()], [["l"], "copy a link to exactly this", () => this.copyLink()], [["s"], "light, dark, or as the system", () => this.scheme.next()],
      [["Esc"], "clear the search, then the zoom", () => this.viewer.escape()],
    ];
  }

  start() {
    this.viewer.notice(false, "Asking the daemon …", "");
    this.look({});
    this.refreshTargets();
  }

  /* Changes what is looked at and asks for it. */
  look(change) {
    Object.assign(this.state, change);
    if (this.state.last) this.lastLive = this.state.last;
    this.showState();
    this.viewer.apply();
    this.refresh(true);
    this.refreshTimeline();
  }

  showState() {
    const { state } = this;
    document.title = "Hearth: " + visible(state.target);
    this.targets.choose(state.target);
    this.bar.show(state);
    this.filters.show(state);
    this.markTimeline();
    this.writeAddress();
  }

  markTimeline() {
    const { state } = this;
    const now = state.last ? this.bounds : { from: state.from, to: state.to };
    this.timeline.mark({ now, base: state.baseTo ? { from: state.baseFrom, to: state.baseTo } : null });
  }

  writeAddress() { history.replaceState(null, "", location.pathname + writeAddress(this.state)); }

  say(text, isBad) {
    byId("state").textContent = text;
    byId("state").classList.toggle("bad", isBad);
  }

  async refresh(isAsked) {
    clearTimeout(this.timer);
    if (isAsked || (this.state.last && !document.hidden)) await this.askProfile(isAsked);
    const window = WINDOWS.find(([key]) => key === this.state.last);
    clearTimeout(this.timer);
    if (this.state.last || this.hasFailed) this.timer = setTimeout(() => this.refresh(this.hasFailed), (window ? window[2] : 60) * 1000);
  }

  async askProfile(isAsked) {
    if (isAsked) this.viewer.busy(true);
    try {
      const answer = await this.daemon.ask("profile", profilePath(this.state, "json"));
      if (!answer) return;
      this.hasFailed = false;
      this.showAnswer(answer);
    } catch (error) {
      this.hasFailed = true;
      this.showTrouble(error);
    }
    this.viewer.busy(false);
  }

  showAnswer(answer) {
    const { state } = this;
    this.answer = answer;
    const material = answer.base ? new DiffMaterial(answer, this.palette, state.width) : new ProfileMaterial(answer, this.palette);
    this.viewer.show(material);
    if (!answer.base) {
      this.bounds = { from: answer.truth.from_unix_nanoseconds / 1e9, to: answer.truth.to_unix_nanoseconds / 1e9 };
      if (!state.thread && !state.pid) this.filters.offer(answer.threads || [], answer.processes || []);
    }
    if (material.isEmpty) this.showEmpty();
    this.markTimeline();
    this.say(state.last ? "updated " + clock(Date.now() / 1000) : "held: " + dayAndClock(state.from) + " to " + clock(state.to), false);
  }

  showEmpty() {
    this.viewer.notice(false, "No samples in this window",
      this.isFiltered ? "No stack passed the filters." : "Nothing of this target ran then: it slept, or it was not there.",
      ...this.waysOut());
  }

  get isFiltered() { return Object.values(filtersOf(this.state)).some(value => value); }

  /* Buttons that lead to where there is something to see. */
  waysOut() {
    const noFilter = button("Remove the filters", "", () => this.look({ thread: "", pid: "", func: "", module: "" }));
    return [...(this.isFiltered ? [noFilter, " "] : []), button("Last 15 min", "", () => this.goLive("15m")), " ",
      ...(this.state.target === "all" ? [] : [button("All targets", "", () => this.targets.pick("all"))])];
  }

  showTrouble(error) {
    this.say(error.status ? "" : error.message, true);
    const retry = button("Ask again", "", () => this.look({}));
    this.viewer.notice(true, error.message, error.hint || "", retry, " ", ...(error.status === 404 ? this.waysOut() : []));
  }

  async refreshTargets() {
    if (!document.hidden) {
      try {
        this.targets.show((await this.daemon.fetch("/api/v1/targets")).targets);
        this.targets.showSeries(await this.daemon.fetch(pathOf("/api/v1/series", { name: "cpu", target: "*", last: "15m", points: "60" })));
      } catch (error) {
        if (!error.status) this.say(error.message, true);
      }
    }
    setTimeout(() => this.refreshTargets(), TARGET_SECONDS * 1000);
  }

  async refreshTimeline() {
    clearTimeout(this.timelineTimer);
    try {
      const data = await this.timelineData();
      if (data) this.timeline.show(data);
    } catch (error) {
      this.timeline.say(`${error.message} ${error.hint}`);
    }
    clearTimeout(this.timelineTimer);
    this.timelineTimer = setTimeout(() => document.hidden ? null : this.refreshTimeline(), TIMELINE_SECONDS * 1000);
  }

  async timelineData() {
    const { state } = this, common = { target: state.target, ...reachOf(state) };
    const series = { ...common, name: state.series, points: "400" };
    const [main, part, events] = await Promise.all([
      this.daemon.ask("series", pathOf("/api/v1/series", series)),
      this.isFiltered ? this.daemon.ask("part", pathOf("/api/v1/series", { ...series, ...filtersOf(state) })) : null,
      this.daemon.ask("events", pathOf("/api/v1/events", common)),
    ]);
    if (!main || !events) return null;
    const lineOf = answer => answer?.series[0] && { start: answer.start, step: answer.step, values: answer.series[0].values };
    const line = lineOf(main) || { start: main.start, step: main.step, values: [] };
    const to = main.start + main.step * line.values.length;
    const over = lineOf(part);
    return { main: line, part: over, unit: SERIES.find(([key]) => key === state.series)[1], events: events.events, from: to - state.reach, to };
  }

  /* A window or the one to compare with, as dragged on the timeline. */
  selected(which, from, to) {
    const bounds = this.pinned();
    if (which === "now") this.look({ last: "", from, to });
    else this.look({ last: "", from: bounds.from, to: bounds.to, baseFrom: from, baseTo: to });
  }

  /* The state with the window that is shown now, as fixed times. */
  pinned() {
    const { state, bounds } = this;
    if (!state.last || !bounds) return { ...state };
    return { ...state, last: "", from: bounds.from + SLACK, to: bounds.to - SLACK };
  }

  goLive(last) { this.look({ last, from: 0, to: 0, baseFrom: 0, baseTo: 0, until: 0 }); }

  pause() {
    if (this.state.last) this.look(this.pinned()); else this.goLive(this.lastLive);
  }

  /* Moves the timeline by half of what it shows; its right end stops at now. */
  pan(direction) {
    const now = Date.now() / 1000, reach = Number(this.state.reach), until = (this.state.until || now) + direction * reach / 2;
    this.look({ until: until > now - reach / 10 ? 0 : Math.round(until) });
  }

  toggleComparison() {
    if (this.state.baseTo) return this.look({ baseFrom: 0, baseTo: 0 });
    const { last, from, to } = this.pinned();
    if (to > from) this.look({ last, from, to, baseFrom: from - (to - from), baseTo: from, zoom: "" });
  }

  swap() {
    const { from, to, baseFrom, baseTo } = this.state;
    this.look({ from: baseFrom, to: baseTo, baseFrom: from, baseTo: to });
  }

  async copyLink() {
    const link = location.href.split("#")[0] + writeAddress(this.pinned());
    try {
      await navigator.clipboard.writeText(link);
      this.say("link copied", false);
    } catch {
      this.say(link, false);
    }
  }

  repaint() {
    this.palette.read();
    byId("scheme").textContent = Scheme.names[this.scheme.name];
    if (this.answer) this.showAnswer(this.answer);
    this.timeline.draw();
  }
}

const page = new Page();
page.repaint();
page.start();
