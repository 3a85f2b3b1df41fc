/* What is looked at, as the fragment of the address: a link shows the same. Times in seconds since the Unix epoch. */
const WINDOWS = [["10s", "10 s", 2], ["1m", "1 min", 5], ["5m", "5 min", 15], ["15m", "15 min", 30], ["1h", "1 h", 60]];
const REACHES = [["900", "15 min"], ["3600", "1 h"], ["21600", "6 h"], ["86400", "24 h"], ["604800", "7 d"]];
const SERIES = [["cpu", "CPUs"], ["samples", "samples a second"], ["lost", "lost samples a second"]];
const START = {
  target: "all", last: "1m", from: 0, to: 0, baseFrom: 0, baseTo: 0, reach: "900", until: 0, series: "cpu", view: "flame", isTurned: false, find: "", zoom: "",
  pick: "", thread: "", pid: "", func: "", module: "", by: "time", width: "now",
};
const oneOf = entries => value => entries.some(([key]) => key === value);
const ALLOWED = {
  last: value => value === "" || /^[1-9]\d{0,5}[smhd]$/.test(value), reach: oneOf(REACHES), series: oneOf(SERIES), view: oneOf(VIEWS),
  by: value => value === "time" || value === "total", width: value => value === "now" || value === "before", pid: value => /^\d{0,10}$/.test(value),
};

function parseField(key, text) {
  if (typeof START[key] === "boolean") return text === "1";
  if (typeof START[key] === "string") return text;
  return Number.isFinite(+text) && +text > 0 ? +text : 0;
}

/* The state of an address; what makes no sense there is as at the start. */
function readAddress(location) {
  const state = { ...START }, query = new URLSearchParams(location.search), fragment = new URLSearchParams(location.hash.slice(1));
  if (query.has("target")) state.target = query.get("target");
  if (query.has("window")) state.last = query.get("window");
  for (const key of Object.keys(START)) {
    if (fragment.has(key)) state[key] = parseField(key, fragment.get(key));
  }
  for (const [key, isAllowed] of Object.entries(ALLOWED)) {
    if (!isAllowed(state[key])) state[key] = START[key];
  }
  if (!state.target) state.target = START.target;
  if (state.to > state.from) state.last = "";
  else Object.assign(state, { from: 0, to: 0, last: state.last || START.last });
  if (!(state.baseTo > state.baseFrom) || state.last) Object.assign(state, { baseFrom: 0, baseTo: 0 });
  return state;
}

function writeAddress(state) {
  const fields = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) {
    if (value !== START[key] || key === "target") fields.set(key, value === true ? "1" : value === false ? "0" : String(value));
  }
  return "#" + fields;
}
