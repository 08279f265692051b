// What is drawn, where, and what is told.
import { drawMatrix, drawSuggestions, drawTimeline } from "./panel.js";
import { $, actions, find, history, model, page } from "./state.js";

let asked = false;
export function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    page.views.forEach((view, index) => {
      view.box.classList.toggle("active", index === model.active && page.views.length > 1);
      view.draw();
    });
  });
}

const tellTime = (frame) => (page.session.fps ? `${(frame / page.session.fps).toFixed(2)} s` : "");

export function drawPanel() {
  if (!page.now) return;
  const frame = page.now.labels.frame;
  $("frame").value = frame;
  $("time").textContent = tellTime(frame);
  drawMatrix($("matrix"), { ...page.session, selected: model.selected, find, sideOf: model.sideOf }, (keypoint, index) => choose(keypoint, index ?? model.active));
  drawSuggestions($("suggestions"), page.suggestions, frame, tellTime, actions.go);
  drawTimeline($("timeline"), { frames: page.frames, labelled: page.labelled.values(), suggestions: page.suggestions ?? [], frame });
  const n = [...page.labelled.values()], done = n.filter((one) => one.done).length;
  $("count").textContent = `· ${n.length} frame${n.length === 1 ? "" : "s"} labelled, ${done} accepted`;
  page.session.views.forEach((view, index) => {
    const flags = page.session.keypoints.filter((keypoint) => find(index, keypoint)?.flagged).length;
    const bold = Object.assign(document.createElement("b"), { textContent: `${index + 1} ${view.name}` });
    const flag = Object.assign(document.createElement("span"), { className: "flag", textContent: flags ? `▲ ${flags}` : "" });
    const note = page.session.triangulates && !view.calibrated ? " · no camera" : "";
    page.views[index].caption.replaceChildren(bold, note, flag);
  });
  $("undo").disabled = !history.can.back;
  $("redo").disabled = !history.can.forth;
  $("triangulate").disabled = $("take").disabled = !page.session.triangulates;
  $("triangulate").setAttribute("aria-pressed", model.showsGhosts);
  $("names").setAttribute("aria-pressed", model.showsNames);
  $("follow").setAttribute("aria-pressed", page.follows);
  $("accept").disabled = page.now.labels.done;
  drawHint();
}

function drawHint() {
  const point = find(model.active, model.selected), view = page.session.views[model.active].name;
  const parts = [`${view}: ${point?.state ?? "nothing"}`];
  if (point?.x !== undefined) parts.push(`x ${point.x.toFixed(1)}, y ${point.y.toFixed(1)} px`);
  if (point?.error !== undefined) parts.push(`reprojection error ${point.error.toFixed(1)} px${point.flagged ? " ▲" : ""}`);
  const place = page.now.points?.[model.individual]?.[model.selected];
  if (place) parts.push(`in space ${place.map((value) => value.toFixed(2)).join(", ")} cm${point?.sure ? " (from labels)" : " (from predictions)"}`);
  const bold = Object.assign(document.createElement("b"), { textContent: model.selected });
  $("hint").replaceChildren(bold, ` · ${parts.join(" · ")}`);
}

export function say(message, trouble = false) {
  if (trouble) return tell(message, "trouble");
  $("hint").textContent = message;
}

export function tell(message, kind = "") {
  $("status").textContent = message;
  $("status").className = kind;
}

export function choose(keypoint, index = model.active) {
  model.selected = keypoint;
  model.active = index;
  redraw();
  drawPanel();
}

export function cycle(n) {
  const { keypoints } = page.session, place = keypoints.indexOf(model.selected);
  choose(keypoints[(place + n + keypoints.length) % keypoints.length]);
}

// As many columns as give the largest pictures.
export function arrange() {
  const shown = page.views.map((_, index) => page.solo === null || page.solo === index), n = shown.filter(Boolean).length;
  const [width, height] = [$("views").clientWidth, $("views").clientHeight];
  const shape = page.session.views[0].width / page.session.views[0].height;
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
  page.views.forEach((view, index) => {
    view.box.hidden = !shown[index];
    if (shown[index]) view.box.style.gridColumn = `span ${place++ < n - inLast ? inLast : columns}`;
  });
  refit();
}

function refit() {
  page.views.forEach((view) => (page.follows && page.now ? view.follow() : view.fit()));
  redraw();
  if (page.now) drawPanel();
}

export const toggle = {
  names() { model.showsNames = !model.showsNames; redraw(); drawPanel(); },
  follow() { page.follows = !page.follows; refit(); },
  whole() { page.follows = false; refit(); },
  solo(index) { page.solo = page.solo === index ? null : index; model.active = index; arrange(); },
};
