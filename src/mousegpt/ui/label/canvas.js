// One view: its picture, zoomed and moved, with the points over it.

const COLORS = { left: "#62b8ee", right: "#eda63a", middle: "#f3eedb" };
const INK = "#0d1013", FLAG = "#ff8a66", GHOST = "#d7b0f7", WHITE = "#ffffff";
const REACH = 14; // px around a point in which a click means it
const RADIUS = 5.5;

export class View {
  // `model` answers: points(view), selected, showsGhosts, showsNames, light, bones, sideOf(keypoint)
  constructor(name, index, model, actions) {
    Object.assign(this, { name, index, model, actions });
    this.box = document.createElement("div");
    this.box.className = "view";
    this.canvas = this.box.appendChild(document.createElement("canvas"));
    this.canvas.setAttribute("aria-label", `View ${name}`);
    this.caption = this.box.appendChild(document.createElement("div"));
    this.caption.className = "caption";
    this.image = null;
    this.scale = 0; // canvas px per picture px
    this.x = this.y = 0; // picture px at the canvas's upper left corner
    this.drag = null;
    this.hover = null;
    this.#listen();
  }

  show(image) {
    this.image = image;
    if (!this.scale) this.fit();
  }

  get size() {
    return [this.canvas.clientWidth, this.canvas.clientHeight];
  }

  // Fit the whole picture, or a box [left, top, right, bottom] in picture px.
  fit(box) {
    if (!this.image) return;
    const whole = [0, 0, this.image.naturalWidth, this.image.naturalHeight];
    const [left, top, right, bottom] = box ?? whole;
    const [width, height] = this.size;
    this.scale = Math.min(width / (right - left), height / (bottom - top)) || 1;
    this.x = (left + right) / 2 - width / this.scale / 2;
    this.y = (top + bottom) / 2 - height / this.scale / 2;
  }

  // Zoom on the points with some room around them, never closer than six canvas px a picture px.
  follow() {
    const points = this.model.points(this.index).filter((point) => point.x !== undefined);
    if (!this.image || !points.length) return this.fit();
    const xs = points.map((p) => p.x), ys = points.map((p) => p.y);
    const middle = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
    const [width, height] = this.size;
    const span = Math.max((Math.max(...xs) - Math.min(...xs)) / width, (Math.max(...ys) - Math.min(...ys)) / height);
    const least = 1 / Math.max(6, width / this.image.naturalWidth);
    const half = Math.max(span * 1.5, least) / 2;
    this.fit([middle[0] - half * width, middle[1] - half * height, middle[0] + half * width, middle[1] + half * height]);
  }

  toCanvas(x, y) {
    return [(x + 0.5 - this.x) * this.scale, (y + 0.5 - this.y) * this.scale];
  }

  toPicture(event) {
    const frame = this.canvas.getBoundingClientRect();
    const at = [event.clientX - frame.left, event.clientY - frame.top];
    return [at[0] / this.scale + this.x - 0.5, at[1] / this.scale + this.y - 0.5];
  }

  find(event) {
    const frame = this.canvas.getBoundingClientRect();
    const at = [event.clientX - frame.left, event.clientY - frame.top];
    let best = null, nearest = REACH;
    for (const point of this.model.points(this.index)) {
      if (point.x === undefined || !point.mine) continue;
      const [x, y] = this.toCanvas(point.x, point.y);
      const bonus = point.keypoint === this.model.selected ? 3 : 0;
      const distance = Math.hypot(x - at[0], y - at[1]) - bonus;
      if (distance < nearest) [best, nearest] = [point, distance];
    }
    return best;
  }

  #listen() {
    const canvas = this.canvas;
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#release(event));
    canvas.addEventListener("pointercancel", () => { this.drag = null; this.actions.redraw(); });
    canvas.addEventListener("pointerleave", () => { this.hover = null; this.actions.redraw(); });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("dblclick", (event) => { if (!this.find(event)) { this.fit(); this.actions.redraw(); } });
    canvas.addEventListener("wheel", (event) => this.#zoom(event), { passive: false });
  }

  #press(event) {
    this.actions.activate(this.index);
    this.canvas.setPointerCapture(event.pointerId);
    if (event.shiftKey && event.button === 0) {
      this.actions.place(this.index, ...this.toPicture(event));
      return;
    }
    const point = event.button === 0 ? this.find(event) : null;
    const start = [event.clientX, event.clientY];
    if (point) {
      const [x, y] = this.toPicture(event);
      this.actions.select(point.keypoint);
      this.drag = { keypoint: point.keypoint, start, off: [point.x - x, point.y - y], moved: false, at: [point.x, point.y] };
    } else {
      this.drag = { start, from: [this.x, this.y] };
    }
  }

  #move(event) {
    const drag = this.drag;
    if (!drag) {
      const hover = this.find(event)?.keypoint ?? null;
      this.canvas.style.cursor = hover ? "grab" : "default";
      if (hover !== this.hover) { this.hover = hover; this.actions.redraw(); }
      return;
    }
    const dx = event.clientX - drag.start[0], dy = event.clientY - drag.start[1];
    if (drag.keypoint) {
      drag.moved ||= Math.hypot(dx, dy) > 2;
      const [x, y] = this.toPicture(event);
      drag.at = [x + drag.off[0], y + drag.off[1]];
    } else {
      [this.x, this.y] = [drag.from[0] - dx / this.scale, drag.from[1] - dy / this.scale];
    }
    this.actions.redraw();
  }

  #release() {
    const drag = this.drag;
    this.drag = null;
    if (drag?.keypoint && drag.moved) this.actions.move(this.index, drag.keypoint, ...drag.at);
    this.actions.redraw();
  }

  #zoom(event) {
    event.preventDefault();
    const [x, y] = this.toPicture(event);
    const factor = Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016));
    const scale = Math.min(Math.max(this.scale * factor, 0.02), 80);
    this.x = x + 0.5 - ((x + 0.5 - this.x) * this.scale) / scale;
    this.y = y + 0.5 - ((y + 0.5 - this.y) * this.scale) / scale;
    this.scale = scale;
    this.actions.redraw();
  }

  draw() {
    const ratio = window.devicePixelRatio || 1, [width, height] = this.size;
    if (this.canvas.width !== Math.round(width * ratio)) this.canvas.width = Math.round(width * ratio);
    if (this.canvas.height !== Math.round(height * ratio)) this.canvas.height = Math.round(height * ratio);
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    if (!this.image) return;
    pen.imageSmoothingEnabled = this.scale < 4;
    pen.filter = this.model.light === 1 ? "none" : `brightness(${this.model.light})`;
    pen.drawImage(this.image, -this.x * this.scale, -this.y * this.scale,
      this.image.naturalWidth * this.scale, this.image.naturalHeight * this.scale);
    pen.filter = "none";
    const points = this.model.points(this.index).map((p) =>
      this.drag?.keypoint === p.keypoint && p.mine ? { ...p, x: this.drag.at[0], y: this.drag.at[1], dragged: true } : p);
    this.#drawBones(pen, points);
    if (this.model.showsGhosts) points.forEach((point) => this.#drawGhost(pen, point));
    points.forEach((point) => this.#drawPoint(pen, point));
    points.forEach((point) => this.#drawText(pen, point));
    if (this.drag?.keypoint) this.#drawLoupe(pen, width);
  }

  #drawBones(pen, points) {
    const place = new Map(points.filter((p) => p.x !== undefined).map((p) => [`${p.individual} ${p.keypoint}`, p]));
    pen.lineCap = "round";
    for (const individual of new Set(points.map((p) => p.individual))) {
      for (const [a, b] of this.model.bones) {
        const [p, q] = [place.get(`${individual} ${a}`), place.get(`${individual} ${b}`)];
        if (!p || !q) continue;
        const side = this.model.sideOf(b) === "middle" ? this.model.sideOf(a) : this.model.sideOf(b);
        pen.beginPath();
        pen.moveTo(...this.toCanvas(p.x, p.y));
        pen.lineTo(...this.toCanvas(q.x, q.y));
        for (const [width, color, alpha] of [[4, INK, 0.45], [1.8, COLORS[side], p.mine ? 0.85 : 0.4]]) {
          [pen.lineWidth, pen.strokeStyle, pen.globalAlpha] = [width, color, alpha];
          pen.stroke();
        }
      }
    }
    pen.globalAlpha = 1;
  }

  #drawGhost(pen, point) {
    if (!point.ghost || !point.sure || !point.mine) return;
    const [x, y] = this.toCanvas(...point.ghost);
    const arms = 8;
    if (point.x !== undefined) {
      const [px, py] = this.toCanvas(point.x, point.y);
      if (Math.hypot(px - x, py - y) > 8) {
        pen.setLineDash([3, 4]);
        this.#stroke(pen, [[px, py], [x, y]], 1.4, GHOST);
        pen.setLineDash([]);
      }
    }
    for (const [width, color] of [[4, INK], [1.8, GHOST]]) {
      this.#stroke(pen, [[x - arms, y], [x + arms, y]], width, color);
      this.#stroke(pen, [[x, y - arms], [x, y + arms]], width, color);
    }
    pen.beginPath();
    pen.arc(x, y, 5, 0, 7);
    pen.lineWidth = 1.5;
    pen.strokeStyle = GHOST;
    pen.stroke();
  }

  #stroke(pen, [from, to], width, color) {
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    [pen.lineWidth, pen.strokeStyle] = [width, color];
    pen.stroke();
  }

  #drawPoint(pen, point) {
    if (point.x === undefined) return;
    const [x, y] = this.toCanvas(point.x, point.y), color = COLORS[this.model.sideOf(point.keypoint)];
    const radius = point.mine ? RADIUS : 3.5;
    pen.globalAlpha = point.mine ? 1 : 0.6;
    if (point.keypoint === this.model.selected && point.mine) {
      pen.beginPath();
      pen.arc(x, y, radius + 5, 0, 7);
      [pen.lineWidth, pen.strokeStyle] = [2, WHITE];
      pen.stroke();
    }
    pen.beginPath();
    pen.arc(x, y, radius, 0, 7);
    [pen.lineWidth, pen.strokeStyle] = [4, INK];
    pen.stroke();
    if (point.state !== "predicted" || point.dragged) {
      pen.fillStyle = point.state === "hidden" ? INK : color;
      pen.fill();
      if (point.state === "hidden") { // half a disc
        pen.beginPath();
        pen.arc(x, y, radius, Math.PI / 2, -Math.PI / 2);
        pen.fillStyle = color;
        pen.fill();
        pen.beginPath();
        pen.arc(x, y, radius, 0, 7);
      }
    }
    [pen.lineWidth, pen.strokeStyle] = [1.8, color];
    pen.stroke();
    if (point.state === "visible" && point.mine) { // its exact place
      pen.fillStyle = INK;
      pen.fillRect(x - 1, y - 1, 2, 2);
    }
    pen.globalAlpha = 1;
  }

  #drawText(pen, point) {
    if (point.x === undefined || !point.mine) return;
    const [x, y] = this.toCanvas(point.x, point.y);
    if (point.flagged && !point.dragged) this.#drawFlag(pen, x, y, point);
    const named = this.model.showsNames || point.keypoint === this.hover ||
      (point.keypoint === this.model.selected && this.index === this.model.active);
    if (named) this.#write(pen, point.keypoint, x + 11, y + 15, "#dde3ea");
  }

  // A triangle with an exclamation mark and the error in px: never colour alone.
  #drawFlag(pen, x, y, point) {
    const [cx, cy] = [x + 10, y - 11];
    pen.beginPath();
    pen.moveTo(cx, cy - 8);
    pen.lineTo(cx + 7.5, cy + 5);
    pen.lineTo(cx - 7.5, cy + 5);
    pen.closePath();
    [pen.lineWidth, pen.strokeStyle, pen.fillStyle] = [3, INK, FLAG];
    pen.stroke();
    pen.fill();
    pen.font = "bold 10px system-ui, 'DejaVu Sans', sans-serif";
    pen.fillStyle = INK;
    pen.textAlign = "center";
    pen.fillText("!", cx, cy + 4);
    pen.textAlign = "left";
    const loud = point.keypoint === this.model.selected || point.keypoint === this.hover;
    if (loud) this.#write(pen, `${point.error.toFixed(1)} px`, cx + 11, cy + 4, FLAG);
  }

  #write(pen, text, x, y, color) {
    pen.font = "12px system-ui, 'DejaVu Sans', sans-serif";
    [pen.lineWidth, pen.strokeStyle, pen.fillStyle, pen.lineJoin] = [3.5, INK, color, "round"];
    pen.strokeText(text, x, y);
    pen.fillText(text, x, y);
  }

  // The neighbourhood of the dragged point, four times as large, in the corner that is farther.
  #drawLoupe(pen, width) {
    const [px, py] = this.drag.at, side = 116, times = Math.max(this.scale * 3, 3);
    const [cx, cy] = this.toCanvas(px, py);
    const left = cx > width / 2 ? 8 : width - side - 8, top = 34;
    const span = side / times;
    pen.save();
    pen.beginPath();
    pen.rect(left, top, side, side);
    pen.clip();
    pen.fillStyle = INK;
    pen.fillRect(left, top, side, side);
    pen.filter = this.model.light === 1 ? "none" : `brightness(${this.model.light})`;
    pen.imageSmoothingEnabled = false;
    pen.drawImage(this.image, left - (px + 0.5 - span / 2) * times, top - (py + 0.5 - span / 2) * times,
      this.image.naturalWidth * times, this.image.naturalHeight * times);
    pen.filter = "none";
    const middle = [left + side / 2, top + side / 2];
    this.#stroke(pen, [[middle[0] - 9, middle[1]], [middle[0] + 9, middle[1]]], 1, WHITE);
    this.#stroke(pen, [[middle[0], middle[1] - 9], [middle[0], middle[1] + 9]], 1, WHITE);
    pen.restore();
    [pen.lineWidth, pen.strokeStyle] = [1, "#939daa"];
    pen.strokeRect(left + 0.5, top + 0.5, side, side);
  }
}
