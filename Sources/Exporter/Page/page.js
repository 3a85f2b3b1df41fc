/* The page: targets on the left, the chosen one on the right, both kept fresh while somebody looks. */
const WINDOWS = [["10s", "10 s", 5], ["1m", "1 min", 10], ["5m", "5 min", 30], ["15m", "15 min", 60]];
const TARGET_SECONDS = 3;
const address = new URLSearchParams(location.search);
const chosen = {
  target: address.get("target") || "all",
  window: WINDOWS.some(([key]) => key === address.get("window")) ? address.get("window") : "1m",
  paused: false,
};
const byId = id => document.getElementById(id);
const graph = byId("graph"), truth = byId("truth");
const flame = new Flame(graph);
graph.append(truth);
const table = new HotTable(byId("hot"), name => { flame.find(name); graph.scrollIntoView({ block: "start" }); });
let asked = 0, profileTimer = 0;

async function ask(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error + ": " + body.hint);
  return body;
}

function say(text, isBad) {
  byId("state").textContent = text;
  byId("state").classList.toggle("bad", Boolean(isBad));
}

const trouble = error => error instanceof TypeError ? "The daemon does not answer; trying again." : error.message;

function row(target, most) {
  const item = make("li"), button = make("button"), top = make("span", "top"), load = make("div", "load"), fill = make("i");
  button.type = "button";
  button.dataset.target = target.key;
  button.setAttribute("aria-pressed", String(target.key === chosen.target));
  top.append(make("b", "", target.name), make("span", "", target.cpus.toFixed(2) + " CPU"));
  fill.style.width = (most > 0 ? Math.min(100, target.cpus / most * 100) : 0) + "%";
  load.append(fill);
  const processes = number(target.processes) + (target.processes === 1 ? " process" : " processes");
  const facts = [processes, target.samples_per_second.toFixed(1) + " samples/s", (target.complete_share * 100).toFixed(1) + " % complete"];
  if (target.runtime) facts.unshift(target.runtime);
  const more = make("div", "more", facts.join(" · "));
  button.title = target.name + "\n" + facts.join(" · ");
  button.append(top, load, more);
  button.addEventListener("click", () => choose({ target: target.key }));
  item.append(button);
  return item;
}

function showTargets(targets) {
  const sum = key => targets.reduce((total, target) => total + target[key], 0);
  const samples = sum("samples_per_second");
  const share = samples > 0 ? targets.reduce((total, target) => total + target.complete_share * target.samples_per_second, 0) / samples : 1;
  const all = { key: "all", name: "all targets", cpus: sum("cpus"), processes: sum("processes"), samples_per_second: samples, complete_share: share };
  const rows = targets.map(target => ({ ...target, key: target.name }));
  const most = all.cpus;
  const focused = document.activeElement?.dataset?.target;
  byId("list").replaceChildren(...[all, ...rows].map(target => row(target, most)));
  if (focused) [...byId("list").querySelectorAll("button")].find(button => button.dataset.target === focused)?.focus();
}

async function refreshTargets() {
  if (!document.hidden && !chosen.paused) {
    try { showTargets((await ask("/api/v1/targets")).targets); } catch (error) { say(trouble(error), true); }
  }
  setTimeout(refreshTargets, TARGET_SECONDS * 1000);
}

const query = format => `/api/v1/profile?target=${encodeURIComponent(chosen.target)}&last=${chosen.window}&format=${format}`;

async function refreshProfile(isAsked) {
  clearTimeout(profileTimer);
  const turn = ++asked;
  if (isAsked || (!document.hidden && !chosen.paused)) {
    try {
      const profile = await ask(query("json"));
      if (turn !== asked) return;
      flame.show(profile);
      table.show(profile);
      showTruth(truth, profile.truth);
      say("updated " + new Date().toLocaleTimeString("en-GB"));
    } catch (error) {
      if (turn !== asked) return;
      say(trouble(error), true);
    }
  }
  const seconds = WINDOWS.find(([key]) => key === chosen.window)[2];
  profileTimer = setTimeout(refreshProfile, seconds * 1000);
}

function showChoice() {
  byId("title").textContent = chosen.target === "all" ? "all targets" : chosen.target;
  document.title = "Hearth: " + chosen.target;
  for (const button of byId("windows").children) button.setAttribute("aria-pressed", String(button.dataset.window === chosen.window));
  for (const button of byId("list").querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.target === chosen.target));
  byId("loads").replaceChildren("Download this window:", ...["pprof", "folded", "svg", "html", "speedscope"].map(format => {
    const link = make("a", "", format);
    link.href = query(format);
    if (format === "svg" || format === "html") link.target = "_blank";
    return link;
  }));
  history.replaceState(null, "", "?" + new URLSearchParams({ target: chosen.target, window: chosen.window }));
}

function choose(change) {
  if (change.target !== undefined && change.target !== chosen.target) flame.zoomed = 0;
  Object.assign(chosen, change);
  showChoice();
  refreshProfile(true);
}

for (const [key, text] of WINDOWS) {
  const button = make("button", "button", text);
  button.type = "button";
  button.dataset.window = key;
  button.addEventListener("click", () => choose({ window: key }));
  byId("windows").append(button);
}
byId("pause").addEventListener("click", () => {
  chosen.paused = !chosen.paused;
  byId("pause").textContent = chosen.paused ? "Resume" : "Pause";
  byId("pause").setAttribute("aria-pressed", String(chosen.paused));
  if (chosen.paused) say("paused"); else refreshProfile();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) refreshProfile(); });
showChoice();
refreshTargets();
refreshProfile();
