// Changing labels; every change can be taken back.
import { go, refreshSuggestions } from "./frames.js";
import { drawPanel, redraw, say, tell } from "./showing.js";
import { find, history, model, page, store } from "./state.js";

const getState = () => structuredClone({ points: page.now.labels.points, done: page.now.labels.done });

export function edit(change) {
  const before = getState();
  change(page.now.labels.points);
  if (JSON.stringify(getState()) === JSON.stringify(before)) return;
  history.add(page.now.labels.frame, before, getState());
  keep();
}

function keep() {
  store.save(page.now.labels);
  tell("saving …");
  count(page.now.labels);
  redraw();
  drawPanel();
}

function count(labels) {
  let n = 0;
  for (const view of Object.values(labels.points)) for (const one of Object.values(view)) n += Object.keys(one).length;
  if (n || labels.done) page.labelled.set(labels.frame, { frame: labels.frame, n, done: labels.done });
  else page.labelled.delete(labels.frame);
}

const round = (value) => Math.round(value * 100) / 100;

export function put(points, index, keypoint, label, individual = model.individual) {
  const view = page.session.views[index].name;
  const place = ((points[view] ??= {})[individual] ??= {});
  if (label) place[keypoint] = label;
  else delete place[keypoint];
}

export function movePoint(index, keypoint, x, y, state) {
  const old = find(index, keypoint);
  const kept = state ?? (old?.state === "hidden" ? "hidden" : "visible");
  edit((points) => put(points, index, keypoint, { x: round(x), y: round(y), state: kept, origin: "hand" }));
}

export function nudge(dx, dy) {
  const point = find(model.active, model.selected);
  if (point?.x !== undefined) movePoint(model.active, model.selected, point.x + dx, point.y + dy);
}

export function toggleHidden() {
  const point = find(model.active, model.selected);
  if (point?.x === undefined) return say("Place the point first: Shift and click.");
  movePoint(model.active, model.selected, point.x, point.y, point.state === "hidden" ? "visible" : "hidden");
}

export function toggleAbsent() {
  const absent = find(model.active, model.selected)?.state === "absent";
  edit((points) => put(points, model.active, model.selected, absent ? null : { state: "absent", origin: "hand" }));
}

export function acceptFrame() {
  edit((points) => {
    page.session.views.forEach((_, index) => page.session.individuals.forEach((individual) => page.session.keypoints.forEach((keypoint) => {
      const point = find(index, keypoint, individual);
      if (point?.state === "predicted") put(points, index, keypoint, { x: point.x, y: point.y, state: "visible", origin: "accepted" }, individual);
    })));
    page.now.labels.done = true;
  });
  refreshSuggestions();
}

export function triangulate() {
  if (!page.session.triangulates) return say(page.session.obstacle);
  model.showsGhosts = !model.showsGhosts;
  const n = listSure().length;
  if (model.showsGhosts && !n) say("Label a keypoint in two views, then its ghost shows where it should be in the others.");
  else if (model.showsGhosts) say(`${n} keypoint${n > 1 ? "s" : ""} triangulated from labels; G puts the others onto the ghosts.`);
  redraw();
  drawPanel();
}

// Keypoints whose place in space follows from the labels of two views or more.
function listSure() {
  return page.session.keypoints.filter((keypoint) => page.session.views.some((_, index) => find(index, keypoint)?.sure));
}

export function takeGhosts() {
  if (!page.session.triangulates) return say(page.session.obstacle);
  const sure = listSure();
  if (!sure.length) return say("There are no ghosts yet: label a keypoint in two views.");
  edit((points) => sure.forEach((keypoint) => page.session.views.forEach((view, index) => {
    const point = find(index, keypoint);
    const open = !point || ["predicted", "nothing"].includes(point.state) || page.now.labels.points[view.name]?.[model.individual]?.[keypoint]?.origin === "triangulated";
    if (!open || !point?.ghost) return;
    const [x, y] = point.ghost, inside = x >= 0 && y >= 0 && x < view.width && y < view.height;
    put(points, index, keypoint, inside ? { x: round(x), y: round(y), state: "visible", origin: "triangulated" } : { state: "absent", origin: "triangulated" });
  })));
}

export async function travel(step) {
  if (!step) return;
  if (step.frame !== page.now.labels.frame) await go(step.frame);
  Object.assign(page.now.labels, structuredClone(step.state));
  keep();
}
