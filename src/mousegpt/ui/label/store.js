// Talks to the server. What a person did is first written into the browser's own storage, then
// sent until the server says that it lies on the disk.

export class Store extends EventTarget {
  #pending = new Map(); // frame -> labels that the server does not have yet
  #revisions = new Map();
  #running = false;
  #prefix = "";

  async open() {
    const session = await this.#ask("api/session");
    this.#prefix = `mousegpt-label:${session.name}:`;
    for (const key of Object.keys(localStorage).filter((key) => key.startsWith(this.#prefix))) {
      const labels = JSON.parse(localStorage.getItem(key));
      this.#revisions.set(labels.frame, labels.revision);
      this.#pending.set(labels.frame, labels);
    }
    if (this.#pending.size) this.#send();
    return session;
  }

  async load(frame) {
    const answer = await this.#ask(`api/frame/${frame}`);
    const pending = this.#pending.get(frame);
    if (pending) answer.labels = structuredClone(pending);
    else this.#revisions.set(frame, answer.labels.revision);
    return answer;
  }

  suggest() {
    return this.#ask("api/suggestions");
  }

  get waiting() {
    return this.#pending.size;
  }

  save(labels) {
    const copy = structuredClone(labels);
    copy.revision = this.#revisions.get(labels.frame) ?? labels.revision;
    this.#pending.set(labels.frame, copy);
    localStorage.setItem(this.#prefix + labels.frame, JSON.stringify(copy));
    this.#send();
  }

  async #send() {
    if (this.#running) return;
    this.#running = true;
    while (this.#pending.size) {
      const [frame, labels] = this.#pending.entries().next().value;
      labels.revision = this.#revisions.get(frame) ?? labels.revision;
      const outcome = await this.#put(frame, labels);
      if (outcome.retry) await new Promise((done) => setTimeout(done, 1500));
      else this.#settle(frame, labels, outcome);
    }
    this.#running = false;
  }

  async #put(frame, labels) {
    let response, answer;
    try {
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify(labels);
      response = await fetch(`api/frame/${frame}`, { method: "PUT", headers, body });
      answer = await response.json();
    } catch {
      this.#tell("trouble", { message: "The program does not answer. Your changes are kept here; start it again." });
      return { retry: true };
    }
    if (response.status >= 500) {
      this.#tell("trouble", { message: `Not saved: ${answer.error}` });
      return { retry: true };
    }
    return { status: response.status, answer };
  }

  #settle(frame, labels, { status, answer }) {
    const newest = this.#pending.get(frame) === labels;
    if (status === 200) this.#revisions.set(frame, answer.labels.revision);
    if (newest || status !== 200) {
      this.#pending.delete(frame);
      localStorage.removeItem(this.#prefix + frame);
    }
    if (status === 409) this.#tell("conflict", { frame, mine: labels });
    else if (status !== 200) this.#tell("trouble", { message: `Not saved: ${answer.error}` });
    else if (newest) this.#tell("saved", { frame, answer });
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  async #ask(path) {
    const response = await fetch(path);
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    return answer;
  }
}

// Steps that can be taken back, across frames.
export class History {
  #done = [];
  #undone = [];

  add(frame, before, after) {
    this.#done.push({ frame, before, after });
    this.#undone = [];
  }

  back() {
    const step = this.#done.pop();
    if (step) this.#undone.push(step);
    return step && { frame: step.frame, state: step.before };
  }

  forth() {
    const step = this.#undone.pop();
    if (step) this.#done.push(step);
    return step && { frame: step.frame, state: step.after };
  }

  get can() {
    return { back: this.#done.length > 0, forth: this.#undone.length > 0 };
  }
}
