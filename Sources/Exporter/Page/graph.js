"use strict";
(() => {
  const root = document.documentElement, WIDTH = 1180, LEFT = 10, LETTER = 7.25;
  const frames = [...root.querySelectorAll(".f")].map(element => ({
    element, x: +element.dataset.x, w: +element.dataset.w, depth: +element.dataset.d, name: element.dataset.n,
    full: element.querySelector("title").textContent.split("\n")[0],
    rect: element.querySelector("rect"), text: element.querySelector("text"),
  }));
  const status = document.getElementById("status"), search = document.getElementById("search"), reset = document.getElementById("reset");

  function zoom(frame) {
    const end = frame.x + frame.w, slack = 1e-9;
    for (const other of frames) {
      const isAbove = other.depth < frame.depth && other.x <= frame.x + slack && other.x + other.w >= end - slack;
      const isInside = other.depth >= frame.depth && other.x >= frame.x - slack && other.x + other.w <= end + slack;
      const x = isAbove ? 0 : (other.x - frame.x) / frame.w, w = isAbove ? 1 : other.w / frame.w;
      other.element.classList.toggle("above", isAbove);
      other.element.classList.toggle("gone", !isAbove && (!isInside || w * WIDTH < 0.2));
      other.rect.setAttribute("x", (LEFT + x * WIDTH).toFixed(2));
      other.rect.setAttribute("width", Math.max(w * WIDTH - Math.min(0.7, w * WIDTH * 0.2), 0.2).toFixed(2));
      other.text.setAttribute("x", (LEFT + x * WIDTH + 4).toFixed(2));
      const letters = Math.floor((w * WIDTH - 7) / LETTER);
      other.text.textContent = letters < 3 ? "" : other.name.length <= letters ? other.name : other.name.slice(0, letters - 1) + "…";
    }
    reset.disabled = frame === frames[0];
    root.dataset.zoomed = frame.name;
  }

  function find(text) {
    const wanted = text.toLowerCase();
    let sum = 0, until = -1;
    for (const frame of frames) {
      const hit = wanted !== "" && !frame.element.classList.contains("group") && frame.full.toLowerCase().includes(wanted);
      frame.element.classList.toggle("match", hit);
    }
    const hits = frames.filter(frame => frame.element.classList.contains("match")).sort((a, b) => a.x - b.x || b.w - a.w);
    for (const frame of hits) {
      const end = frame.x + frame.w;
      if (end <= until + 1e-9) continue;
      sum += end - Math.max(frame.x, until);
      until = end;
    }
    status.textContent = wanted ? "matched " + (sum * 100).toFixed(1) + " %" : "";
  }

  for (const frame of frames) {
    frame.element.addEventListener("click", () => zoom(frame));
    frame.element.addEventListener("keydown", event => { if (event.key === "Enter") zoom(frame); if (event.key === "Escape") zoom(frames[0]); });
  }
  search.addEventListener("input", () => find(search.value));
  reset.addEventListener("click", () => zoom(frames[0]));
})();
