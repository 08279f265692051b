// The page: one frame in all its views. What is shown is a label, else what was predicted.
import { View } from "./canvas.js";
import { drawMatrix, drawSuggestions, drawTimeline } from "./panel.js";
import { History, Store } from "./store.js";

const $ = (id) => document.getElementById(id);
const store = new Store(), history = new History();

let session, frames, views = [];
let now = null; // answer of the server for the frame that is shown: labels, predicted, ghosts, points
let wanted = null, loading = false;
let suggestions = null, labelled = new Map(), solo = null, follows = true;
const model = {
  selected: null, individual: null, active: 0, showsGhosts: false, showsNames: false, light: 1,
  get bones() { return session.bones; },
  sideOf(keypoint) {
    const part = session.parts[keypoint] || "";
    return part.endsWith("L") ? "left" : part.endsWith("R") ? "right" : "middle";
  },
  points(index) {
    if (!now) return [];
    return session.individuals.flatMap((individual) => session.keypoints.map((keypoint) => find(index, keypoint, individual)).filter(Boolean));
  },
};

// What is shown of a keypoint in a view; undefined where nothing is known.
function find(index, keypoint, individual = model.individual) {
  const view = session.views[index].name;
  const label = now.labels.points[view]?.[individual]?.[keypoint];
  const guess = now.predicted[view]?.[individual]?.[keypoint];
  const seen = now.ghosts[view]?.[individual]?.[keypoint];
  if (!label && !guess && !seen?.[3]) return undefined;
  const point = { keypoint, individual, mine: individual === model.individual, state: label?.state ?? (guess ? "predicted" : "nothing") };
  if (label ? label.state !== "absent" : guess) [point.x, point.y] = label ? [label.x, label.y] : guess;
  if (seen) Object.assign(point, { ghost: [seen[0], seen[1]], sure: Boolean(seen[3]) });
  if (seen && seen[2] !== null && point.x !== undefined) {
    point.error = seen[2];
    point.flagged = seen[2] > session.flag_px;
  }
  return point;
}

// ---- changing labels -------------------------------------------------------------------------

const getState = () => structuredClone({ points: now.labels.points, done: now.labels.done });

function edit(change) {
  const before = getState();
  change(now.labels.points);
  if (JSON.stringify(getState()) === JSON.stringify(before)) return;
  history.add(now.labels.frame, before, getState());
  keep();
}

function keep() {
  store.save(now.labels);
  tell("saving …");
  count(now.labels);
  redraw();
  drawPanel();
}

function count(labels) {
  let n = 0;
  for (const view of Object.values(labels.points)) for (const one of Object.values(view)) n += Object.keys(one).length;
  if (n || labels.done) labelled.set(labels.frame, { frame: labels.frame, n, done: labels.done });
  else labelled.delete(labels.frame);
}

const round = (value) => Math.round(value * 100) / 100;

function put(points, index, keypoint, label, individual = model.individual) {
  const view = session.views[index].name;
  const place = ((points[view] ??= {})[individual] ??= {});
  if (label) place[keypoint] = label;
  else delete place[keypoint];
}

function movePoint(index, keypoint, x, y, state) {
  const old = find(index, keypoint);
  const kept = state ?? (old?.state === "hidden" ? "hidden" : "visible");
  edit((points) => put(points, index, keypoint, { x: round(x), y: round(y), state: kept, origin: "hand" }));
}

function nudge(dx, dy) {
  const point = find(model.active, model.selected);
  if (point?.x !== undefined) movePoint(model.active, model.selected, point.x + dx, point.y + dy);
}

function toggleHidden() {
  const point = find(model.active, model.selected);
  if (point?.x === undefined) return say("Place the point first: Shift and click.");
  movePoint(model.active, model.selected, point.x, point.y, point.state === "hidden" ? "visible" : "hidden");
}

function toggleAbsent() {
  const absent = find(model.active, model.selected)?.state === "absent";
  edit((points) => put(points, model.active, model.selected, absent ? null : { state: "absent", origin: "hand" }));
}

function acceptFrame() {
  edit((points) => {
    session.views.forEach((_, index) => session.individuals.forEach((individual) => session.keypoints.forEach((keypoint) => {
      const point = find(index, keypoint, individual);
      if (point?.state === "predicted") put(points, index, keypoint, { x: point.x, y: point.y, state: "visible", origin: "accepted" }, individual);
    })));
    now.labels.done = true;
  });
  refreshSuggestions();
}

function triangulate() {
  if (!session.triangulates) return say(session.obstacle);
  model.showsGhosts = !model.showsGhosts;
  const n = listSure().length;
  if (model.showsGhosts && !n) say("Label a keypoint in two views, then its ghost shows where it should be in the others.");
  else if (model.showsGhosts) say(`${n} keypoint${n > 1 ? "s" : ""} triangulated from labels; G puts the others onto the ghosts.`);
  redraw();
  drawPanel();
}

// Keypoints whose place in space follows from the labels of two views or more.
function listSure() {
  return session.keypoints.filter((keypoint) => session.views.some((_, index) => find(index, keypoint)?.sure));
}

function takeGhosts() {
  if (!session.triangulates) return say(session.obstacle);
  const sure = listSure();
  if (!sure.length) return say("There are no ghosts yet: label a keypoint in two views.");
  edit((points) => sure.forEach((keypoint) => session.views.forEach((view, index) => {
    const point = find(index, keypoint);
    const open = !point || ["predicted", "nothing"].includes(point.state) || now.labels.points[view.name]?.[model.individual]?.[keypoint]?.origin === "triangulated";
    if (!open || !point?.ghost) return;
    const [x, y] = point.ghost, inside = x >= 0 && y >= 0 && x < view.width && y < view.height;
    put(points, index, keypoint, inside ? { x: round(x), y: round(y), state: "visible", origin: "triangulated" } : { state: "absent", origin: "triangulated" });
  })));
}

async function travel(step) {
  if (!step) return;
  if (step.frame !== now.labels.frame) await go(step.frame);
  Object.assign(now.labels, structuredClone(step.state));
  keep();
}

// ---- frames ----------------------------------------------------------------------------------

function makeFrames(packed) {
  if (packed.list) {
    const places = new Map(packed.list.map((frame, place) => [frame, place]));
    return { count: packed.list.length, at: (place) => packed.list[place], place: (frame) => places.get(frame) ?? packed.list.filter((f) => f < frame).length };
  }
  return { count: packed.n, at: (place) => packed.first + place, place: (frame) => frame - packed.first };
}

const limit = (place) => Math.min(Math.max(place, 0), frames.count - 1);
const step = (n) => go(frames.at(limit(frames.place(wanted) + n)));

function loadImage(index, frame) {
  return new Promise((done) => {
    const image = new Image();
    image.onload = () => done(image);
    image.onerror = () => { say(`Frame ${frame} of ${session.views[index].name} cannot be read.`, true); done(null); };
    image.src = `api/picture/${index}/${frame}?s=${session.token}`;
  });
}

// Keys may come faster than frames: only the last one asked for is loaded.
async function go(frame) {
  wanted = frame;
  if (loading) return;
  loading = true;
  try {
    while (now?.labels.frame !== wanted) {
      const aim = wanted;
      const [answer, ...images] = await Promise.all([store.load(aim), ...session.views.map((_, index) => loadImage(index, aim))]);
      now = answer;
      views.forEach((view, index) => view.show(images[index]));
      if (follows) views.forEach((view) => view.follow());
      window.history.replaceState(null, "", `#${aim}`);
      redraw();
      drawPanel();
    }
  } catch (error) {
    say(error.message, true);
  }
  loading = false;
  const next = frames.place(wanted) + 1;
  if (next < frames.count) session.views.forEach((_, index) => loadImage(index, frames.at(next)));
}

function goLabelled(direction) {
  const known = [...labelled.keys()].sort((a, b) => (a - b) * direction);
  const next = known.find((frame) => (frame - wanted) * direction > 0);
  if (next === undefined) say("No labelled frame in this direction.");
  else go(next);
}

function goFlagged() {
  const order = session.keypoints.flatMap((keypoint) => session.views.map((_, index) => ({ keypoint, index })));
  const here = order.findIndex((one) => one.keypoint === model.selected && one.index === model.active);
  const turned = [...order.slice(here + 1), ...order.slice(0, here + 1)];
  const next = turned.find((one) => find(one.index, one.keypoint)?.flagged);
  if (!next) return say("No flagged point in this frame.");
  if (solo !== null) solo = next.index;
  choose(next.keypoint, next.index);
  arrange();
}

async function refreshSuggestions() {
  try {
    const answer = await store.suggest();
    suggestions = answer.frames;
    drawPanel();
  } catch (error) {
    say(error.message, true);
  }
}

// ---- showing ---------------------------------------------------------------------------------

let asked = false;
function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    views.forEach((view, index) => {
      view.box.classList.toggle("active", index === model.active && views.length > 1);
      view.draw();
    });
  });
}

const tellTime = (frame) => (session.fps ? `${(frame / session.fps).toFixed(2)} s` : "");

function drawPanel() {
  if (!now) return;
  const frame = now.labels.frame;
  $("frame").value = frame;
  $("time").textContent = tellTime(frame);
  drawMatrix($("matrix"), { ...session, selected: model.selected, find, sideOf: model.sideOf }, (keypoint, index) => choose(keypoint, index ?? model.active));
  drawSuggestions($("suggestions"), suggestions, frame, tellTime, go);
  drawTimeline($("timeline"), { frames, labelled: labelled.values(), suggestions: suggestions ?? [], frame });
  const n = [...labelled.values()], done = n.filter((one) => one.done).length;
  $("count").textContent = `· ${n.length} frame${n.length === 1 ? "" : "s"} labelled, ${done} accepted`;
  session.views.forEach((view, index) => {
    const flags = session.keypoints.filter((keypoint) => find(index, keypoint)?.flagged).length;
    const bold = Object.assign(document.createElement("b"), { textContent: `${index + 1} ${view.name}` });
    const flag = Object.assign(document.createElement("span"), { className: "flag", textContent: flags ? `▲ ${flags}` : "" });
    const note = session.triangulates && !view.calibrated ? " · no camera" : "";
    views[index].caption.replaceChildren(bold, note, flag);
  });
  $("undo").disabled = !history.can.back;
  $("redo").disabled = !history.can.forth;
  $("triangulate").disabled = $("take").disabled = !session.triangulates;
  $("triangulate").setAttribute("aria-pressed", model.showsGhosts);
  $("names").setAttribute("aria-pressed", model.showsNames);
  $("follow").setAttribute("aria-pressed", follows);
  $("accept").disabled = now.labels.done;
  drawHint();
}

function drawHint() {
  const point = find(model.active, model.selected), view = session.views[model.active].name;
  const parts = [`${view}: ${point?.state ?? "nothing"}`];
  if (point?.x !== undefined) parts.push(`x ${point.x.toFixed(1)}, y ${point.y.toFixed(1)} px`);
  if (point?.error !== undefined) parts.push(`reprojection error ${point.error.toFixed(1)} px${point.flagged ? " ▲" : ""}`);
  const place = now.points?.[model.individual]?.[model.selected];
  if (place) parts.push(`in space ${place.map((value) => value.toFixed(2)).join(", ")} cm${point?.sure ? " (from labels)" : " (from predictions)"}`);
  const bold = Object.assign(document.createElement("b"), { textContent: model.selected });
  $("hint").replaceChildren(bold, ` · ${parts.join(" · ")}`);
}

function say(message, trouble = false) {
  if (trouble) return tell(message, "trouble");
  $("hint").textContent = message;
}

function tell(message, kind = "") {
  $("status").textContent = message;
  $("status").className = kind;
}

function choose(keypoint, index = model.active) {
  model.selected = keypoint;
  model.active = index;
  redraw();
  drawPanel();
}

function cycle(n) {
  const { keypoints } = session, place = keypoints.indexOf(model.selected);
  choose(keypoints[(place + n + keypoints.length) % keypoints.length]);
}

// As many columns as give the largest pictures.
function arrange() {
  const shown = views.map((_, index) => solo === null || solo === index), n = shown.filter(Boolean).length;
  const [width, height] = [$("views").clientWidth, $("views").clientHeight];
  const shape = session.views[0].width / session.views[0].height;
  let best = [0, 1];
  for (let columns = 1; columns <= n; columns++) {
    const rows = Math.ceil(n / columns), cell = Math.min(width / columns, (height / rows) * shape);
    const use = cell + (columns * rows === n ? 1 : 0);
    if (use > best[0]) best = [use, columns];
  }
  // Views of a last row that is not full share its width.
  const columns = best[1], inLast = n % columns || columns;
  $("views").style.gridTemplateColumns = `repeat(${columns * inLast}, minmax(0, 1fr))`;
  $("views").style.gridAutoRows = "minmax(0, 1fr)";
  let place = 0;
  views.forEach((view, index) => {
    view.box.hidden = !shown[index];
    if (shown[index]) view.box.style.gridColumn = `span ${place++ < n - inLast ? inLast : columns}`;
  });
  refit();
}

function refit() {
  views.forEach((view) => (follows && now ? view.follow() : view.fit()));
  redraw();
  if (now) drawPanel();
}

const toggle = {
  names() { model.showsNames = !model.showsNames; redraw(); drawPanel(); },
  follow() { follows = !follows; refit(); },
  whole() { follows = false; refit(); },
  solo(index) { solo = solo === index ? null : index; model.active = index; arrange(); },
};

// ---- beginning -------------------------------------------------------------------------------

const KEYS = {
  ArrowLeft: (e) => step(e.shiftKey ? -10 : -1), ArrowRight: (e) => step(e.shiftKey ? 10 : 1),
  PageUp: () => goLabelled(-1), PageDown: () => goLabelled(1), Tab: (e) => cycle(e.shiftKey ? -1 : 1),
  Delete: () => edit((points) => put(points, model.active, model.selected, null)),
  Backspace: () => edit((points) => put(points, model.active, model.selected, null)),
  Enter: acceptFrame, h: toggleHidden, x: toggleAbsent, t: triangulate, g: takeGhosts, e: goFlagged,
  n: () => suggestions?.length && go((suggestions.find((one) => one.frame !== wanted) ?? suggestions[0]).frame),
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
  else if (/^[1-9]$/.test(key) && key <= views.length) toggle.solo(key - 1);
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
    if (Number.isFinite(asked)) go(frames.at(limit(frames.place(asked))));
    $("frame").blur();
  });
  $("timeline").addEventListener("click", (event) => {
    const share = (event.offsetX - 6) / ($("timeline").clientWidth - 12);
    go(frames.at(limit(Math.round(share * (frames.count - 1)))));
  });
  $("light").addEventListener("input", () => { model.light = Number($("light").value); redraw(); });
  $("light").addEventListener("change", () => $("light").blur());
  $("individual").addEventListener("change", () => { model.individual = $("individual").value; $("individual").blur(); redraw(); drawPanel(); });
  $("export").addEventListener("change", exportLabels);
  window.addEventListener("resize", arrange);
  window.addEventListener("beforeunload", (event) => { if (store.waiting) event.preventDefault(); });
  store.addEventListener("saved", ({ detail: { frame, answer } }) => {
    tell(`saved ${new Date().toLocaleTimeString([], { hour12: false })}`, "saved");
    if (now?.labels.frame !== frame) return;
    Object.assign(now, { ghosts: answer.ghosts, points: answer.points });
    now.labels.revision = answer.labels.revision;
    redraw();
    drawPanel();
  });
  store.addEventListener("trouble", ({ detail }) => tell(detail.message, "trouble"));
  store.addEventListener("conflict", async ({ detail: { frame, mine } }) => {
    tell(`Frame ${frame} was changed in another window; this shows that version. Redo (Ctrl+Shift+Z) takes yours.`, "trouble");
    const fresh = await store.load(frame);
    history.add(frame, { points: fresh.labels.points, done: fresh.labels.done }, { points: mine.points, done: mine.done });
    history.back();
    if (now?.labels.frame === frame) now = fresh;
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
  link.download = `${session.name}-${form}.zip`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function begin() {
  session = await store.open();
  frames = makeFrames(session.frames);
  labelled = new Map(session.labelled.map((one) => [one.frame, one]));
  [model.individual] = session.individuals;
  [model.selected] = session.keypoints;
  document.title = `${session.name} · mousegpt label`;
  $("name").textContent = session.name;
  $("last").textContent = frames.at(frames.count - 1);
  $("obstacle").textContent = session.obstacle;
  $("obstacle").title = session.obstacle;
  document.querySelector(".legend .flag").hidden = !session.triangulates;
  $("flagpx").textContent = session.flag_px;
  $("individual").hidden = session.individuals.length < 2;
  $("individual").replaceChildren(...session.individuals.map((name) => new Option(name)));
  const actions = {
    redraw, select: choose, move: movePoint,
    activate(index) { if (model.active !== index) choose(model.selected, index); },
    place(index, x, y) { movePoint(index, model.selected, x, y); cycle(1); },
  };
  views = session.views.map((view, index) => new View(view.name, index, model, actions));
  $("views").replaceChildren(...views.map((view) => view.box));
  listen();
  arrange();
  tell("");
  const start = Number.parseInt(window.location.hash.slice(1), 10);
  await go(frames.at(limit(Number.isFinite(start) ? frames.place(start) : 0)));
  document.body.dataset.ready = "yes";
  refreshSuggestions();
}

// Where a point, or its ghost, is on the screen: for tests, and for the curious.
window.locate = (index, keypoint, ghost = false) => {
  const point = find(index, keypoint), at = ghost ? point?.sure && point.ghost : point && [point.x, point.y];
  if (!at || at[0] === undefined) return null;
  const frame = views[index].canvas.getBoundingClientRect(), [x, y] = views[index].toCanvas(...at);
  return { x: x + frame.left, y: y + frame.top, state: point.state, flagged: Boolean(point.flagged), picture: at };
};

begin().catch((error) => tell(error.message, "trouble"));
