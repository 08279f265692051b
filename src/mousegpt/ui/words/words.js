// The page: which description is read, and how one gets to the next.
import { drawStrip, findRow } from "./strip.js";
import { $, make, showPicture, showRates, showWords } from "./showing.js";

// Of a frame: number of its individual, frame, time in s, contradicted claims, whether it is kept.
const FILTERS = { all: () => true, contradicted: (frame) => frame[3] > 0, dropped: (frame) => frame[4] === false };
const state = { outline: null, recording: 0, row: 0, filter: "all", asked: 0 };
const strips = [];

const passes = (frame) => FILTERS[state.filter](frame);
const framesOf = (recording) => state.outline.recordings[recording].frames;

// All places [recording, row] whose frame is wanted, in the order of the study.
function listPlaces(wanted) {
  return state.outline.recordings.flatMap(({ frames }, recording) =>
    frames.flatMap((frame, row) => (wanted(frame) ? [[recording, row]] : [])));
}

function travel(direction, wanted = passes) {
  const places = listPlaces(wanted), after = ([recording, row]) => (recording - state.recording || row - state.row) * direction > 0;
  const found = direction > 0 ? places.find(after) : places.findLast(after);
  if (found) go(...found);
  else tell(direction > 0 ? "this is the last one" : "this is the first one");
}

async function go(recording, row) {
  const turned = recording !== state.recording;
  Object.assign(state, { recording, row });
  const asked = ++state.asked;
  draw(turned);
  const response = await fetch(`api/words/${recording}/${row}`), words = await response.json();
  if (asked !== state.asked) return; // the reader is elsewhere already
  if (!response.ok) return tell(words.error, "trouble");
  showWords(words, state.outline.rated_by);
  showPicture(words, `api/picture/${recording}/${row}?${state.outline.token}`);
  history.replaceState(null, "", `#${encodeURIComponent(words.recording)}/${row}`);
  tell(state.outline.note, state.outline.note && "trouble");
  document.body.dataset.shown = `${words.recording}/${words.frame}`;
}

function choose(filter) {
  state.filter = filter;
  for (const button of $("filters").children) button.setAttribute("aria-pressed", button.dataset.filter === filter);
  draw(true);
  const here = framesOf(state.recording)[state.row], places = listPlaces(passes);
  if (places.length && !passes(here)) {
    go(...(places.find(([recording, row]) => recording > state.recording || (recording === state.recording && row > state.row)) ?? places[0]));
  }
}

function draw(all) {
  strips.forEach((canvas, number) => {
    canvas.parentElement.setAttribute("aria-current", number === state.recording);
    drawStrip(canvas, framesOf(number), number === state.recording ? state.row : null, passes);
  });
  if (all) listFrames();
  for (const button of $("frames").querySelectorAll("button")) button.setAttribute("aria-current", Number(button.dataset.row) === state.row);
  $("frames").querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
  strips[state.recording].parentElement.scrollIntoView({ block: "nearest" });
  const places = listPlaces(passes);
  const at = places.findIndex(([recording, row]) => recording === state.recording && row === state.row);
  $("place").textContent = `${at < 0 ? "–" : (at + 1).toLocaleString("en")} of ${places.length.toLocaleString("en")}`;
}

function listFrames() {
  const { individuals } = state.outline.recordings[state.recording];
  $("frames").replaceChildren(...framesOf(state.recording).flatMap((frame, row) => {
    if (!passes(frame)) return [];
    const marks = make("span", { className: "marks" }, individuals.length > 1 ? `${individuals[frame[0]]} ` : "");
    if (frame[3]) marks.append(make("i", { className: "sign", textContent: `✗ ${frame[3]}` }));
    const button = make("button", { title: frame[4] === false ? "not kept" : "" },
      make("span", { textContent: `${frame[2].toFixed(2)} s` }), make("span", { className: "quiet", textContent: frame[1] }), marks);
    button.dataset.row = row;
    button.addEventListener("click", () => go(state.recording, row));
    return [make("li", {}, button)];
  }));
}

function listRecordings() {
  state.outline.recordings.forEach((recording, number) => {
    const n = recording.frames.filter(FILTERS.contradicted).length, checked = recording.frames.some((frame) => frame[3] !== null);
    const canvas = make("canvas"), count = make("span", {}, ...(checked ? [make("i", { className: "sign", textContent: "✗" }), ` ${n} of ${recording.frames.length}`] : ["not checked"]));
    const button = make("button", { className: "recording", title: [recording.group, recording.basis].filter(Boolean).join("; ") },
      make("span", { className: "name" }, recording.name, count), canvas);
    button.addEventListener("click", (event) => {
      const row = recording.frames.length && event.target === canvas ? findRow(canvas, recording.frames, event.offsetX, passes) : recording.frames.findIndex(passes);
      if (row !== null && recording.frames.length) go(number, Math.max(row, 0));
    });
    strips.push(canvas);
    $("recordings").append(button);
  });
}

function showModel() {
  const number = Number($("model").value);
  showRates(state.outline.models[number], `api/rates/${number}?${state.outline.token}`);
}

function press(event) {
  if (event.target.matches?.("select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = {
    ArrowLeft: () => travel(-1), ArrowUp: () => travel(-1), ArrowRight: () => travel(1), ArrowDown: () => travel(1),
    n: () => travel(event.shiftKey ? -1 : 1, FILTERS.contradicted),
  };
  const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (action) { action(); event.preventDefault(); }
}

function tell(message, kind = "") {
  $("status").textContent = message;
  $("status").className = kind;
}

async function begin() {
  const response = await fetch("api/outline");
  state.outline = await response.json();
  if (!response.ok) throw new Error(state.outline.error);
  const { project, recordings, models } = state.outline;
  $("project").textContent = project;
  document.title = `${project} · mousegpt`;
  for (const button of $("filters").children) {
    const n = listPlaces(FILTERS[button.dataset.filter]).length;
    button.querySelector("b").textContent = n.toLocaleString("en");
    button.disabled = !n;
    button.addEventListener("click", () => { choose(button.dataset.filter); button.blur(); });
  }
  $("wrong").disabled = !listPlaces(FILTERS.contradicted).length;
  $("previous").addEventListener("click", () => travel(-1));
  $("next").addEventListener("click", () => travel(1));
  $("wrong").addEventListener("click", () => travel(1, FILTERS.contradicted));
  $("model").replaceChildren(...models.map((model, number) => new Option(model.name, number)));
  $("model").addEventListener("change", () => { showModel(); $("model").blur(); });
  if (models.length) showModel();
  else $("sum").textContent = "Nothing could be checked: there are no poses to compare the words with.";
  $("model").hidden = !models.length;
  listRecordings();
  document.addEventListener("keydown", press);
  window.addEventListener("resize", () => draw(false));
  const [name, row] = window.location.hash.slice(1).split("/");
  const named = recordings.findIndex((recording) => recording.frames.length && encodeURIComponent(recording.name) === name);
  const start = named < 0 ? listPlaces(() => true)[0] : [named, Math.min(Number(row) || 0, recordings[named].frames.length - 1)];
  state.recording = start[0];
  listFrames();
  await go(...start);
  document.body.dataset.ready = "yes";
}

begin().catch((error) => tell(error.message, "trouble"));
