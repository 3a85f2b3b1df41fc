/* Which of a target's stacks are looked at: by thread, by process, by a function or module in them. */
class Filters {
  constructor(host, changed) {
    Object.assign(this, { host, changed });
    this.thread = this.select("thread", "All threads");
    this.pid = this.select("pid", "All processes");
    this.chips = make("span", "filters");
    host.append(this.thread, this.pid, this.chips);
    this.offer([], []);
  }

  select(key, everything) {
    const select = make("select", "field");
    select.setAttribute("aria-label", everything);
    select.dataset.everything = everything;
    select.addEventListener("change", () => this.changed({ [key]: select.value }));
    return select;
  }

  /* What there is to choose from: names of threads, [pid, name]. */
  offer(threads, processes) {
    this.fill(this.thread, threads.map(name => [name, visible(name)]));
    this.fill(this.pid, processes.map(([pid, name]) => [String(pid), `${pid} ${visible(name)}`]));
  }

  fill(select, entries) {
    const option = (value, text) => Object.assign(make("option", "", text), { value });
    select.replaceChildren(option("", select.dataset.everything), ...entries.map(([value, text]) => option(value, text)));
    this.mark();
  }

  show(state) {
    this.state = state;
    const chips = [["func", "with"], ["module", "in"]].filter(([key]) => state[key]);
    this.chips.replaceChildren(...chips.map(([key, word]) => this.chip(key, word, state[key])));
    this.mark();
  }

  /* Shows the state in both lists; a value that is not offered is added. */
  mark() {
    for (const [select, key] of [[this.thread, "thread"], [this.pid, "pid"]]) {
      const value = this.state?.[key] || "";
      if (![...select.options].some(option => option.value === value)) select.append(Object.assign(make("option", "", visible(value)), { value }));
      select.value = value;
      select.hidden = select.options.length < 3 && !value;
    }
  }

  chip(key, word, value) {
    const remove = button("×", "Show all stacks again", () => this.changed({ [key]: "" }));
    remove.className = "";
    remove.setAttribute("aria-label", "Remove this filter");
    const chip = make("span", "chip", word, make("b", "", visible(value)), remove);
    chip.title = (key === "func" ? "Only stacks with this function: " : "Only stacks with this module: ") + visible(value);
    return chip;
  }
}
