// What is seen of one description, and of the rates of a model.
export const $ = (id) => document.getElementById(id);
const NAMES = { overall: "overall", head: "head", limb: "limbs and tail", torso: "torso", others: "others", keywords: "keywords" };
const CLASSES = { supported: "supported", contradicted: "contradicted", "not checkable": "unsure" };
const HINT = "Point at a clause to see what it rests on.";

const signed = (text) => text.replace(/(?<![\w-])-(?=\d)/g, "−");

export function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

export function showWords(words, ratedBy) {
  const who = words.individual ? `${words.recording} · ${words.individual}` : words.recording;
  $("head").replaceChildren(
    make("h2", { textContent: `${who} · ${words.time_s.toFixed(2)} s` }),
    make("p", { textContent: `frame ${words.frame}, described by ${words.describer}; ${words.status === "ok" ? words.basis : words.status}` }),
    ...(words.rating ? [showRating(words.rating, ratedBy)] : []),
  );
  const said = words.elements.filter((element) => element.pieces.some((piece) => piece.text.trim()));
  $("elements").replaceChildren(...said.map(showElement));
  if (!said.length) $("elements").append(make("p", { className: "quiet", textContent: `There is no description of this frame: ${words.status}.` }));
  $("elements").scrollTop = 0;
  $("hint").textContent = said.length ? HINT : "";
}

function showRating(rating, ratedBy) {
  const box = make("p", { className: "ratings" });
  const told = rating.kept ? "✓ kept" : `dropped: ${rating.reason}`;
  box.append(make("span", { className: `verdict ${rating.kept ? "kept" : "dropped"}`, textContent: told }));
  for (const name of ["accuracy", "coherence", "relevance"]) {
    if (rating[name] !== null) box.append(make("span", {}, `${name} `, make("b", { textContent: Number(rating[name]).toFixed(1).replace(".0", "") })));
  }
  box.append(make("span", { className: "quiet", title: rating.remark || "", textContent: `of 10, by ${ratedBy}` }));
  return box;
}

function showElement(element) {
  const text = make("p"), wrong = make("ul");
  for (const piece of element.pieces) {
    if (!piece.verdict) { text.append(piece.text); continue; }
    const clause = make("span", { className: `clause ${CLASSES[piece.verdict]}`, tabIndex: 0, textContent: piece.text });
    for (const event of ["mouseenter", "focus"]) clause.addEventListener(event, () => explain(piece));
    text.append(clause);
    for (const claim of piece.claims.filter((one) => one.verdict === "contradicted")) {
      wrong.append(make("li", {}, make("q", { textContent: piece.text }), ` but ${signed(claim.pose)}`));
    }
  }
  return make("section", {}, make("h3", { textContent: NAMES[element.name] }), text, ...(wrong.childElementCount ? [wrong] : []));
}

function explain(piece) {
  const told = piece.claims.map((claim) => `${claim.verdict}: ${signed(claim.pose)}`);
  $("hint").replaceChildren(make("b", { textContent: `“${piece.text}” ` }), told.join(" · "));
}

export function showPicture(words, url) {
  const image = $("picture").querySelector("img"), caption = $("picture").querySelector("figcaption");
  image.hidden = !words.picture;
  if (!words.picture) { caption.textContent = `There is no picture of frame ${words.frame}.`; return; }
  image.alt = `The mouse at frame ${words.frame}`;
  image.onerror = () => { image.hidden = true; caption.textContent = "The picture of this frame cannot be read; run mousegpt run again."; };
  image.src = url;
  const moments = words.picture.moments_s?.includes(" ") ? `; from top to bottom: ${words.picture.moments_s.split(" ").join(", ")} s` : "";
  caption.textContent = signed(`Views: ${words.picture.views}${moments}`);
}

export function showRates(model, url) {
  const image = $("rates").querySelector("img"), [all] = model.kinds, percent = (share) => `${(100 * share).toFixed(1)} %`;
  image.hidden = !all.n_checkable;
  if (!all.n_checkable) { $("sum").textContent = "Nothing could be checked: there are no poses to compare the words with."; return; }
  image.src = url;
  const interval = all.low === null ? "" : ` (${percent(all.low)} to ${percent(all.high)}, 95 % over ${all.n_animals} animals)`;
  $("sum").replaceChildren(
    make("b", { textContent: percent(all.rate) }),
    `${interval} of ${all.n_checkable.toLocaleString("en")} checkable claims: ${all.n_contradicted.toLocaleString("en")}. `,
    make("span", { className: "quiet", textContent: `${percent(1 - all.n_checkable / all.n_clauses)} of ${all.n_clauses.toLocaleString("en")} claims cannot be checked.` }),
  );
}
