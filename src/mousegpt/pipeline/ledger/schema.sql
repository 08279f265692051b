-- Times are seconds of the wall clock and are never compared, but for not_before, which is of the
-- clock that only runs forward.
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS job (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,              -- whose money: the caps hold over all jobs of an account
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paused')),
    reason TEXT NOT NULL DEFAULT '',    -- why it is paused
    n_calls INTEGER NOT NULL DEFAULT 0,
    n_unknown INTEGER NOT NULL DEFAULT 0,       -- calls whose outcome is not known
    reserved INTEGER NOT NULL DEFAULT 0,        -- micro-dollars of calls under way
    spent INTEGER NOT NULL DEFAULT 0,           -- micro-dollars, unknown outcomes at their estimate
    most_prompt_tokens INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS task (
    seq INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    job INTEGER NOT NULL REFERENCES job,
    payload TEXT NOT NULL,
    state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 4),
    n_failed INTEGER NOT NULL DEFAULT 0,        -- calls that failed
    n_unusable INTEGER NOT NULL DEFAULT 0,      -- answers that could not be used
    not_before REAL NOT NULL DEFAULT 0,
    owner TEXT,
    answer INTEGER UNIQUE REFERENCES answer,
    reason TEXT NOT NULL DEFAULT '',
    CHECK (state <> 3 OR answer IS NOT NULL),
    CHECK ((state = 1) = (owner IS NOT NULL))
);
CREATE INDEX IF NOT EXISTS task_order ON task (job, state, seq);

CREATE TABLE IF NOT EXISTS call (
    id INTEGER PRIMARY KEY,
    task INTEGER NOT NULL REFERENCES task,
    owner TEXT NOT NULL,
    sent_at REAL NOT NULL,
    settled_at REAL,
    outcome TEXT NOT NULL DEFAULT 'sent'
        CHECK (outcome IN ('sent', 'ok', 'unusable', 'failed', 'unknown')),
    detail TEXT NOT NULL DEFAULT '',
    micro_usd INTEGER NOT NULL,                 -- reserved, then settled
    n_prompt_tokens INTEGER,
    n_reply_tokens INTEGER
);
CREATE INDEX IF NOT EXISTS call_open ON call (owner) WHERE outcome = 'sent';
CREATE INDEX IF NOT EXISTS call_task ON call (task);

CREATE TABLE IF NOT EXISTS answer (                           -- every reply as it came, used or not
    call INTEGER PRIMARY KEY REFERENCES call,
    text BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    finish_reason TEXT NOT NULL,
    model TEXT NOT NULL,
    request_id TEXT NOT NULL
);
