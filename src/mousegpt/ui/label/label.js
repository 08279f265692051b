// The page: one frame in all its views.
import { View } from "./canvas.js";
import { acceptFrame, edit, movePoint, nudge, put, takeGhosts, toggleAbsent, toggleHidden, travel, triangulate } from "./editing.js";
import { go, goFlagged, goLabelled, limit, makeFrames, refreshSuggestions, step } from "./frames.js";
import { arrange, choose, cycle, drawPanel, redraw, tell, toggle } from "./showing.js";
import { $, actions, find, history, model, page, store } from "./state.js";

const KEYS = {
  ArrowLeft: (e) => step(e.shiftKey ? -10 : -1), ArrowRight: (e) => step(e.shiftKey ? 10 : 1),
  PageUp: () => goLabelled(-1), PageDown: () => goLabelled(1), Tab: (e) => cycle(e.shiftKey ? -1 : 1),
  Delete: () => edit((points) => put(points, model.active, model.selected, null)),
  Backspace: () => edit((points) => put(points, model.active, model.selected, null)),
  Enter: acceptFrame, h: toggleHidden, x: toggleAbsent, t: triangulate, g: takeGhosts, e: goFlagged,
  n: () => page.suggestions?.length && go((page.suggestions.find((one) => one.frame !== page.wanted) ?? page.suggestions[0]).frame),
  f: toggle.follow, l: toggle.names, 0: toggle.whole, "?": () => $("keys").showModal(),
};
const NUDGES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function press(event) {
  if ($("keys").open || (event.target.matches?.("input:not([type=range]), select") && event.key !== "Escape")) return;
  if (event.key === "Enter" && event.target.matches?.("button")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if ((event.ctrlKey || event.metaKey) && (key === "z" || key === "y")) {
    travel(key === "y" || event.shiftKey ? history.forth() : history.back());
  } else if (event.ctrlKey || event.metaKey) return;
  else if (event.altKey && NUDGES[event.key]) nudge(...NUDGES[event.key].map((d) => d * (event.shiftKey ? 5 : 1)));
  else if (event.altKey) return;
  else if (/^[1-9]$/.test(key) && key <= page.views.length) toggle.solo(key - 1);
  else if (KEYS[key]) KEYS[key](event);
  else return;
  event.preventDefault();
}

function listen() {
  document.addEventListener("keydown", press);
  const clicks = {
    previous: () => step(-1), next: () => step(1), triangulate, take: takeGhosts, accept: acceptFrame, flagged: goFlagged,
    undo: () => travel(history.back()), redo: () => travel(history.forth()),
    follow: toggle.follow, names: toggle.names, help: () => $("keys").showModal(),
  };
  for (const [id, action] of Object.entries(clicks)) {
    $(id).addEventListener("click", (event) => { action(); if (event.detail) event.currentTarget.blur(); });
  }
  $("frame").addEventListener("change", () => {
    const asked = Number.parseInt($("frame").value, 10);
    if (Number.isFinite(asked)) go(page.frames.at(limit(page.frames.place(asked))));
    $("frame").blur();
  });
  $("timeline").addEventListener("click", (event) => {
    const share = (event.offsetX - 6) / ($("timeline").clientWidth - 12);
    go(page.frames.at(limit(Math.round(share * (page.frames.count - 1)))));
  });
  $("light").addEventListener("input", () => { model.light = Number($("light").value); redraw(); });
  $("light").addEventListener("change", () => $("light").blur());
  $("individual").addEventListener("change", () => { model.individual = $("individual").value; $("individual").blur(); redraw(); drawPanel(); });
  $("export").addEventListener("change", exportLabels);
  window.addEventListener("resize", arrange);
  window.addEventListener("beforeunload", (event) => { if (store.waiting) event.preventDefault(); });
  store.addEventListener("saved", ({ detail: { frame, answer } }) => {
    tell(`saved ${new Date().toLocaleTimeString([], { hour12: false })}`, "saved");
    if (page.now?.labels.frame !== frame) return;
    Object.assign(page.now, { ghosts: answer.ghosts, points: answer.points });
    page.now.labels.revision = answer.labels.revision;
    redraw();
    drawPanel();
  });
  store.addEventListener("trouble", ({ detail }) => tell(detail.message, "trouble"));
  store.addEventListener("conflict", async ({ detail: { frame, mine } }) => {
    tell(`Frame ${frame} was changed in another window; this shows that version. Redo (Ctrl+Shift+Z) takes yours.`, "trouble");
    const fresh = await store.load(frame);
    history.add(frame, { points: fresh.labels.points, done: fresh.labels.done }, { points: mine.points, done: mine.done });
    history.back();
    if (page.now?.labels.frame === frame) page.now = fresh;
    redraw();
    drawPanel();
  });
}

async function exportLabels() {
  const form = $("export").value;
  $("export").value = "";
  $("export").blur();
  const response = await fetch(`api/export/${form}`);
  if (!response.ok) return tell((await response.json()).error, "trouble");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = `${page.session.name}-${form}.zip`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function begin() {
  page.session = await store.open();
  page.frames = makeFrames(page.session.frames);
  page.labelled = new Map(page.session.labelled.map((one) => [one.frame, one]));
  [model.individual] = page.session.individuals;
  [model.selected] = page.session.keypoints;
  document.title = `${page.session.name} · mousegpt label`;
  $("name").textContent = page.session.name;
  $("last").textContent = page.frames.at(page.frames.count - 1);
  $("obstacle").textContent = page.session.obstacle;
  $("obstacle").title = page.session.obstacle;
  document.querySelector(".legend .flag").hidden = !page.session.triangulates;
  $("flagpx").textContent = page.session.flag_px;
  $("individual").hidden = page.session.individuals.length < 2;
  $("individual").replaceChildren(...page.session.individuals.map((name) => new Option(name)));
  Object.assign(actions, {
    go, redraw, select: choose, move: movePoint,
    activate(index) { if (model.active !== index) choose(model.selected, index); },
    place(index, x, y) { movePoint(index, model.selected, x, y); cycle(1); },
  });
  page.views = page.session.views.map((view, index) => new View(view.name, index, model, actions));
  $("views").replaceChildren(...page.views.map((view) => view.box));
  listen();
  arrange();
  tell("");
  const start = Number.parseInt(window.location.hash.slice(1), 10);
  await go(page.frames.at(limit(Number.isFinite(start) ? page.frames.place(start) : 0)));
  document.body.dataset.ready = "yes";
  refreshSuggestions();
}

// Where a point, or its ghost, is on the screen: for tests, and for the curious.
window.locate = (index, keypoint, ghost = false) => {
  const point = find(index, keypoint), at = ghost ? point?.sure && point.ghost : point && [point.x, point.y];
  if (!at || at[0] === undefined) return null;
  const frame = page.views[index].canvas.getBoundingClientRect(), [x, y] = page.views[index].toCanvas(...at);
  return { x: x + frame.left, y: y + frame.top, state: point.state, flagged: Boolean(point.flagged), picture: at };
};

begin().catch((error) => tell(error.message, "trouble"));
