/* Asks the daemon. An answer that is no longer wanted is dropped. */
class DaemonError extends Error {
  constructor(status, message, hint) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

const SILENT = "Is hearthd running on the host? This page asks again by itself.";

class Daemon {
  pending = new Map();

  /* The JSON of a path. A later question of the same `purpose` takes the place of this one, whose answer is then null. */
  async ask(purpose, path) {
    this.pending.get(purpose)?.abort();
    const abort = new AbortController();
    this.pending.set(purpose, abort);
    try {
      return await this.fetch(path, abort.signal);
    } catch (error) {
      if (abort.signal.aborted) return null;
      throw error;
    }
  }

  async fetch(path, signal) {
    let response, body;
    try {
      response = await fetch(path, { headers: { Accept: "application/json" }, signal });
      body = await response.json();
    } catch (error) {
      throw new DaemonError(response ? response.status : 0, response ? "The answer cannot be read." : "The daemon does not answer.", SILENT);
    }
    if (!response.ok) throw new DaemonError(response.status, body.error || "The daemon refuses.", body.hint || "");
    return body;
  }
}

const instant = seconds => new Date(seconds * 1000).toISOString();

/* A path with the parameters that have a value. */
function pathOf(path, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== undefined);
  return path + "?" + new URLSearchParams(given);
}

const filtersOf = state => ({ thread: state.thread, pid: state.pid, function: state.func, module: state.module });

/* The window of a state as parameters; the profile, or the difference from the base if there is one. */
function profilePath(state, format) {
  const common = { target: state.target, ...filtersOf(state), format };
  if (state.baseTo) {
    const window = (from, to) => instant(from) + ".." + instant(to);
    return pathOf("/api/v1/diff", { ...common, base: window(state.baseFrom, state.baseTo), to: window(state.from, state.to), normalize: state.by });
  }
  const window = state.last ? { last: state.last } : { from: instant(state.from), to: instant(state.to) };
  return pathOf("/api/v1/profile", { ...common, ...window });
}

/* What the timeline reaches over. */
function reachOf(state) {
  return state.until ? { from: instant(state.until - state.reach), to: instant(state.until) } : { last: state.reach + "s" };
}
