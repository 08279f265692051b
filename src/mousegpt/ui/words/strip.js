// A recording as a strip in time: a short tick for every description, a taller one the more often
// the pose contradicts it, a triangle under the one that is read.
const HEIGHT = 23, EDGE = 4, FLOOR = 17, MOST = 5;

export function drawStrip(canvas, frames, current, passes) {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth || 216;
  Object.assign(canvas, { width: width * ratio, height: HEIGHT * ratio });
  const pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const place = (frame) => EDGE + (width - 2 * EDGE) * share(frames, frame);
  pen.scale(ratio, ratio);
  const thick = Math.min(1.6, Math.max(0.4, (0.7 * width) / frames.length));
  const tick = (frame, high) => pen.fillRect(place(frame) - thick / 2, FLOOR - high, thick, high);
  for (const chosen of [false, true]) { // what is left out by the filter is paler
    pen.globalAlpha = chosen ? 1 : 0.35;
    pen.fillStyle = color("--unsure");
    for (const frame of frames) if (passes(frame) === chosen && !frame[3]) tick(frame, 3);
    pen.fillStyle = color("--wrong");
    for (const frame of frames) if (passes(frame) === chosen && frame[3]) tick(frame, 5 + (11 * Math.min(frame[3], MOST)) / MOST);
  }
  pen.globalAlpha = 1;
  if (current === null) return;
  const x = place(frames[current]);
  pen.fillStyle = color("--ink");
  pen.beginPath();
  pen.moveTo(x, FLOOR); pen.lineTo(x - 4, HEIGHT); pen.lineTo(x + 4, HEIGHT);
  pen.fill();
}

// The row whose time is nearest to a click.
export function findRow(canvas, frames, offset, passes) {
  const wanted = (offset - EDGE) / (canvas.clientWidth - 2 * EDGE);
  const far = (row) => Math.abs(share(frames, frames[row]) - wanted);
  const rows = frames.map((_, row) => row).filter((row) => passes(frames[row]));
  return rows.length ? rows.reduce((best, row) => (far(row) < far(best) ? row : best)) : null;
}

function share(frames, frame) {
  const first = frames[0][2], last = frames[frames.length - 1][2];
  return last > first ? (frame[2] - first) / (last - first) : 0.5;
}
