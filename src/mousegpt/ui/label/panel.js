// The side panel: which keypoint has what in which view, and which frames come next.

const element = (tag, attributes = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
};

export function drawMatrix(place, { views, keypoints, selected, find, sideOf, triangulates }, onPick) {
  const head = element("tr", {}, element("th"));
  views.forEach((view, index) => head.append(element("th", { textContent: index + 1, title: view.name })));
  if (triangulates) head.append(element("th", { className: "error", textContent: "px", title: "Largest reprojection error of all views" }));
  const table = element("table", {}, element("thead", {}, head));
  for (const keypoint of keypoints) {
    const row = element("tr", { className: `${sideOf(keypoint)} ${keypoint === selected ? "selected" : ""}` });
    row.dataset.keypoint = keypoint;
    row.append(element("td", { textContent: keypoint }));
    const points = views.map((_, index) => find(index, keypoint));
    points.forEach((point, index) => row.append(drawCell(point, views[index].name, () => onPick(keypoint, index))));
    if (triangulates) row.append(drawError(points));
    row.addEventListener("click", () => onPick(keypoint));
    table.append(row);
  }
  place.replaceChildren(table);
  place.querySelector(".selected")?.scrollIntoView({ block: "nearest" });
}

function drawCell(point, view, onPick) {
  const state = point?.state ?? "nothing";
  const kind = { visible: "labelled", predicted: "predicted", hidden: "hidden", absent: "absent" }[state] ?? "nothing";
  const error = point?.error === undefined ? "" : `, ${point.error.toFixed(1)} px from where the views say`;
  const title = `${view}: ${kind}${error}`;
  const cell = element("td", { title });
  if (point?.flagged) cell.append(element("span", { className: "flag", textContent: kind === "predicted" ? "△" : "▲" }));
  else cell.append(element("i", { className: `mark ${kind}` }));
  cell.addEventListener("click", (event) => { event.stopPropagation(); onPick(); });
  return cell;
}

function drawError(points) {
  const errors = points.filter((point) => point?.error !== undefined).map((point) => point.error);
  const flagged = points.some((point) => point?.flagged);
  const text = errors.length ? Math.max(...errors).toFixed(1) : "–";
  return element("td", { className: `error ${flagged ? "flag" : errors.length ? "" : "quiet"}`, textContent: text });
}

export function drawSuggestions(place, suggestions, frame, tellTime, onPick) {
  if (!suggestions) return; // they take a while
  const items = suggestions.map((one) => {
    const title = element("b", { textContent: `frame ${one.frame}` });
    const button = element("button", { className: one.frame === frame ? "here" : "" }, title,
      ` ${tellTime(one.frame)}`, element("span", { textContent: one.reason }));
    button.addEventListener("click", () => onPick(one.frame));
    return element("li", {}, button);
  });
  place.replaceChildren(...(items.length ? items : [element("li", { className: "quiet", textContent: "Every frame has labels." })]));
}

// Labelled frames are bars from below (full height when done), suggested ones diamonds.
export function drawTimeline(canvas, { frames, labelled, suggestions, frame }) {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = 26;
  canvas.width = Math.round(width * ratio);
  canvas.height = height * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const at = (f) => 6 + (frames.place(f) / Math.max(frames.count - 1, 1)) * (width - 12);
  pen.fillStyle = "#343b45";
  pen.fillRect(6, 16, width - 12, 2);
  for (const one of labelled) {
    pen.fillStyle = one.done ? "#6fd3a8" : "#939daa";
    pen.fillRect(at(one.frame) - 1, one.done ? 8 : 12, 2, one.done ? 14 : 8);
  }
  pen.strokeStyle = "#d7b0f7";
  for (const { frame: f } of suggestions) {
    pen.beginPath();
    for (const [dx, dy] of [[0, -4], [4, 0], [0, 4], [-4, 0]]) pen.lineTo(at(f) + dx, 17 + dy);
    pen.closePath();
    pen.stroke();
  }
  pen.fillStyle = "#ffffff";
  pen.beginPath();
  pen.moveTo(at(frame) - 5, 1);
  pen.lineTo(at(frame) + 5, 1);
  pen.lineTo(at(frame), 8);
  pen.fill();
  pen.fillRect(at(frame) - 0.5, 8, 1, 15);
}
