// What the page knows: the session, the frame that is shown, and what is selected. What is shown of a
// keypoint is its label, else what was predicted.
import { History, Store } from "./store.js";

export const $ = (id) => document.getElementById(id);
export const store = new Store(), history = new History();
export const page = {
  session: null, frames: null, views: [],
  now: null, // answer of the server for the frame that is shown: labels, predicted, ghosts, points
  wanted: null, loading: false,
  suggestions: null, labelled: new Map(), solo: null, follows: true,
};
export const actions = {}; // what clicks in pictures and in the panel ask for; label.js fills it
export const model = {
  selected: null, individual: null, active: 0, showsGhosts: false, showsNames: false, light: 1,
  get bones() { return page.session.bones; },
  sideOf(keypoint) {
    const part = page.session.parts[keypoint] || "";
    return part.endsWith("L") ? "left" : part.endsWith("R") ? "right" : "middle";
  },
  points(index) {
    if (!page.now) return [];
    return page.session.individuals.flatMap((individual) => page.session.keypoints.map((keypoint) => find(index, keypoint, individual)).filter(Boolean));
  },
};

// What is shown of a keypoint in a view; undefined where nothing is known.
export function find(index, keypoint, individual = model.individual) {
  const view = page.session.views[index].name;
  const label = page.now.labels.points[view]?.[individual]?.[keypoint];
  const guess = page.now.predicted[view]?.[individual]?.[keypoint];
  const seen = page.now.ghosts[view]?.[individual]?.[keypoint];
  if (!label && !guess && !seen?.[3]) return undefined;
  const point = { keypoint, individual, mine: individual === model.individual, state: label?.state ?? (guess ? "predicted" : "nothing") };
  if (label ? label.state !== "absent" : guess) [point.x, point.y] = label ? [label.x, label.y] : guess;
  if (seen) Object.assign(point, { ghost: [seen[0], seen[1]], sure: Boolean(seen[3]) });
  if (seen && seen[2] !== null && point.x !== undefined) {
    point.error = seen[2];
    point.flagged = seen[2] > page.session.flag_px;
  }
  return point;
}
