/** Tables of the simulator's own file. Objects are kept as the JSON that goes over the wire; money as integer minor units. */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS objects (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  account TEXT NOT NULL,
  created INTEGER NOT NULL,
  facet_1 TEXT,
  facet_2 TEXT,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS objects_listed ON objects (kind, account, created, seq);
CREATE INDEX IF NOT EXISTS objects_facet_1 ON objects (facet_1, kind, account, created, seq) WHERE facet_1 IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_facet_2 ON objects (facet_2, kind, account, created, seq) WHERE facet_2 IS NOT NULL;

CREATE TABLE IF NOT EXISTS balances (
  account TEXT NOT NULL,
  currency TEXT NOT NULL,
  available INTEGER NOT NULL,
  PRIMARY KEY (account, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS idempotency (
  account TEXT NOT NULL,
  key TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  hash TEXT NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  request_id TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  busy_until INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idempotency_expires ON idempotency (expires);

CREATE TABLE IF NOT EXISTS schedule (
  seq INTEGER PRIMARY KEY,
  due INTEGER NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS schedule_due ON schedule (due, seq);

CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY,
  event TEXT NOT NULL,
  type TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  position INTEGER NOT NULL,
  queued INTEGER NOT NULL,
  due INTEGER NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0,
  spoil TEXT,
  state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed', 'dropped')),
  last_status INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due, position) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_event ON deliveries (event);

CREATE TABLE IF NOT EXISTS faults (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  method TEXT,
  path TEXT,
  contains TEXT,
  ms INTEGER NOT NULL,
  skip INTEGER NOT NULL,
  remaining INTEGER
) STRICT;

CREATE TABLE IF NOT EXISTS webhook_switches (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  type TEXT,
  ms INTEGER NOT NULL,
  remaining INTEGER
) STRICT;

CREATE TABLE IF NOT EXISTS onboarding (
  token TEXT PRIMARY KEY,
  stage TEXT NOT NULL CHECK (stage IN ('link', 'session')),
  account TEXT NOT NULL,
  refresh_url TEXT NOT NULL,
  return_url TEXT NOT NULL,
  expires INTEGER NOT NULL,
  used INTEGER NOT NULL DEFAULT 0
) STRICT;
`
