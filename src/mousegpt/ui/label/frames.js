// From frame to frame.
import { arrange, choose, drawPanel, redraw, say } from "./showing.js";
import { find, model, page, store } from "./state.js";

export function makeFrames(packed) {
  if (packed.list) {
    const places = new Map(packed.list.map((frame, place) => [frame, place]));
    return { count: packed.list.length, at: (place) => packed.list[place], place: (frame) => places.get(frame) ?? packed.list.filter((f) => f < frame).length };
  }
  return { count: packed.n, at: (place) => packed.first + place, place: (frame) => frame - packed.first };
}

export const limit = (place) => Math.min(Math.max(place, 0), page.frames.count - 1);
export const step = (n) => go(page.frames.at(limit(page.frames.place(page.wanted) + n)));

function loadImage(index, frame) {
  return new Promise((done) => {
    const image = new Image();
    image.onload = () => done(image);
    image.onerror = () => { say(`Frame ${frame} of ${page.session.views[index].name} cannot be read.`, true); done(null); };
    image.src = `api/picture/${index}/${frame}?s=${page.session.token}`;
  });
}

// Keys may come faster than frames: only the last one asked for is loaded.
export async function go(frame) {
  page.wanted = frame;
  if (page.loading) return;
  page.loading = true;
  try {
    while (page.now?.labels.frame !== page.wanted) {
      const aim = page.wanted;
      const [answer, ...images] = await Promise.all([store.load(aim), ...page.session.views.map((_, index) => loadImage(index, aim))]);
      page.now = answer;
      page.views.forEach((view, index) => view.show(images[index]));
      if (page.follows) page.views.forEach((view) => view.follow());
      window.history.replaceState(null, "", `#${aim}`);
      redraw();
      drawPanel();
    }
  } catch (error) {
    say(error.message, true);
  }
  page.loading = false;
  const next = page.frames.place(page.wanted) + 1;
  if (next < page.frames.count) page.session.views.forEach((_, index) => loadImage(index, page.frames.at(next)));
}

export function goLabelled(direction) {
  const known = [...page.labelled.keys()].sort((a, b) => (a - b) * direction);
  const next = known.find((frame) => (frame - page.wanted) * direction > 0);
  if (next === undefined) say("No labelled frame in this direction.");
  else go(next);
}

export function goFlagged() {
  const order = page.session.keypoints.flatMap((keypoint) => page.session.views.map((_, index) => ({ keypoint, index })));
  const here = order.findIndex((one) => one.keypoint === model.selected && one.index === model.active);
  const turned = [...order.slice(here + 1), ...order.slice(0, here + 1)];
  const next = turned.find((one) => find(one.index, one.keypoint)?.flagged);
  if (!next) return say("No flagged point in this frame.");
  if (page.solo !== null) page.solo = next.index;
  choose(next.keypoint, next.index);
  arrange();
}

export async function refreshSuggestions() {
  try {
    const answer = await store.suggest();
    page.suggestions = answer.frames;
    drawPanel();
  } catch (error) {
    say(error.message, true);
  }
}
