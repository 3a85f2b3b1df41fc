"use strict";
/* Elements and words. Names come from hostile files: they are set as text, never as markup. */
function make(tag, className, ...content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
}

function button(text, title, press) {
  const element = make("button", "button", text);
  element.type = "button";
  if (title) element.title = title;
  element.addEventListener("click", press);
  return element;
}

/* Buttons of which one is pressed; `entries` are [key, text, title]. */
function choice(label, entries, press) {
  const group = make("span", "joined", ...entries.map(([key, text, title]) => {
    const element = button(text, title, () => press(key));
    element.dataset.key = key;
    return element;
  }));
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", label);
  return group;
}

function choose(group, key) {
  for (const element of group.children) element.setAttribute("aria-pressed", String(element.dataset.key === key));
}

const byId = id => document.getElementById(id);
const number = value => Math.round(value).toLocaleString("en-US");

function plural(count, word) {
  return `${number(count)} ${count === 1 ? word : word.endsWith("s") ? word + "es" : word + "s"}`;
}

function percent(part, whole) {
  const share = whole > 0 ? part / whole * 100 : 0;
  return share.toFixed(share === 0 || share >= 9.995 ? 1 : 2) + " %";
}

/* A length of time in nanoseconds. */
function duration(ns) {
  const size = Math.abs(ns);
  if (size >= 1e9) return (ns / 1e9).toFixed(2) + " s";
  if (size >= 1e6) return (ns / 1e6).toFixed(1) + " ms";
  return size >= 1e3 ? (ns / 1e3).toFixed(1) + " µs" : Math.round(ns) + " ns";
}

/* A length of time in seconds, as long as people say it. */
function span(exact) {
  const seconds = Math.round(exact * 10) / 10;
  for (const [unit, length] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= length * 1.5 || seconds === length) return trim(seconds / length) + " " + unit;
  }
  return trim(seconds) + " s";
}

const trim = value => String(Math.round(value * 10) / 10);

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
const clock = seconds => new Date(seconds * 1000).toLocaleTimeString("en-GB", CLOCK);
const day = seconds => new Date(seconds * 1000).toLocaleDateString("en-CA");
const dayAndClock = seconds => (day(seconds) === day(Date.now() / 1000) ? "" : day(seconds) + " ") + clock(seconds);

/* Control characters and those that turn the direction of writing become visible. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const visible = text => text.replace(UNSEEN, "\ufffd");

/* FNV-1a, 32 bits. */
function hash(text) {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
