"use strict";
const margin = 10, letter = 6.6;
const svg = document.documentElement;
const frames = [...document.querySelectorAll(".frame")].map((g) => ({
  g, rect: g.querySelector("rect"), text: g.querySelector("text"), name: g.dataset.name,
  x: +g.dataset.x, w: +g.dataset.w, y: +g.querySelector("rect").getAttribute("y"),
}));

// fit shortens a name to the width of its frame.
function fit(name, wide) {
  const short = name.slice(name.lastIndexOf("/") + 1), room = Math.floor((wide - 6) / letter);
  if (room < 3) return "";
  return short.length <= room ? short : short.slice(0, room - 1) + "…";
}

// zoom gives a frame the whole width; its callees keep their share of it.
function zoom(to) {
  const total = frames[0].w, scale = total / to.w;
  for (const f of frames) {
    const caller = f.y < to.y && f.x <= to.x + 1e-3 && f.x + f.w >= to.x + to.w - 1e-3;
    const inside = f.y >= to.y && f.x >= to.x - 1e-3 && f.x + f.w <= to.x + to.w + 1e-3;
    f.g.classList.toggle("above", caller);
    f.g.classList.toggle("away", !caller && !inside);
    const x = caller ? margin : margin + (f.x - to.x) * scale, w = caller ? total : f.w * scale;
    f.rect.setAttribute("x", x);
    f.rect.setAttribute("width", w);
    f.text.setAttribute("x", x + 3);
    f.text.textContent = fit(f.name, w);
  }
}

// search highlights the frames whose names contain a text, and shows the share of the profile that they and their callees have.
function search(wanted) {
  let total = 0, until = -1;
  const text = wanted.toLowerCase();
  for (const f of frames) f.g.classList.toggle("hit", text !== "" && f.name.toLowerCase().includes(text));
  // Of nested matches only the outermost counts.
  for (const f of frames.filter((f) => f.g.classList.contains("hit")).sort((a, b) => a.x - b.x || a.y - b.y)) {
    if (f.x + 1e-3 < until) continue;
    total += f.w;
    until = f.x + f.w;
  }
  document.getElementById("matched").textContent = text === "" ? "" : `${wanted}: ${(100 * total / frames[0].w).toFixed(1)}%`;
}

function ask() {
  const wanted = window.prompt("Functions whose name contains");
  if (wanted !== null) search(wanted);
}

for (const f of frames) f.g.addEventListener("click", () => zoom(f));
const button = document.getElementById("search");
button.addEventListener("click", ask);
svg.addEventListener("keydown", (e) => {
  if (e.key === "Enter" && e.target === button || e.key === "f" && (e.ctrlKey || e.metaKey)) { e.preventDefault(); ask(); }
  if (e.key === "Escape" && frames.length > 0) { zoom(frames[0]); search(""); }
});
