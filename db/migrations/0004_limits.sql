-- What one person may do within a day: approve, send, and carry out of the house.

-- amount NULL: a limit that was taken away. Whoever raised one is bound by what it was before, for a day.
CREATE TABLE daily_limits (
  org_id TEXT NOT NULL REFERENCES organizations (id),
  act TEXT NOT NULL CHECK (act IN ('approve', 'pay')),
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  amount INTEGER CHECK (amount > 0),
  raised_from INTEGER CHECK (raised_from > 0),
  raised_by TEXT REFERENCES users (id),
  raised_at INTEGER,
  PRIMARY KEY (org_id, act, currency),
  CHECK ((raised_from IS NULL) = (raised_by IS NULL) AND (raised_by IS NULL) = (raised_at IS NULL))
) STRICT, WITHOUT ROWID;

-- Who answered for how much, and when. An approval says nothing of the amount it was given for, which may be edited later, and a
-- payment made elsewhere nothing of who recorded it; this does, for good.
CREATE TABLE authorizations (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  act TEXT NOT NULL CHECK (act IN ('approve', 'pay')),
  payout_id TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  currency TEXT NOT NULL,
  at INTEGER NOT NULL,
  FOREIGN KEY (org_id, payout_id) REFERENCES payouts (org_id, id)
) STRICT;
CREATE INDEX authorizations_lately ON authorizations (org_id, user_id, act, at);
CREATE TRIGGER authorizations_frozen BEFORE UPDATE ON authorizations BEGIN SELECT RAISE(ABORT, 'authorizations are append-only'); END;
CREATE TRIGGER authorizations_stay BEFORE DELETE ON authorizations BEGIN SELECT RAISE(ABORT, 'authorizations are append-only'); END;
INSERT INTO authorizations (id, org_id, user_id, act, payout_id, amount, currency, at)
SELECT 'aut_' || a.id, a.org_id, a.user_id, 'approve', a.payout_id, p.amount, p.currency, a.approved_at
FROM payout_approvals a JOIN payouts p ON p.id = a.payout_id;
INSERT INTO authorizations (id, org_id, user_id, act, payout_id, amount, currency, at)
SELECT 'aut_' || id, org_id, requested_by, 'pay', payout_id, amount, currency, created_at
FROM payout_attempts WHERE requested_by IS NOT NULL;

-- Every file of people's or money's data that left: the rows it was expected to have while it runs, then those that left.
CREATE TABLE downloads (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES organizations (id),
  user_id TEXT NOT NULL,
  what TEXT NOT NULL,
  rows INTEGER NOT NULL CHECK (rows >= 0),
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  complete INTEGER NOT NULL DEFAULT 0 CHECK (complete IN (0, 1))
) STRICT;
CREATE INDEX downloads_lately ON downloads (org_id, user_id, started_at);
CREATE TRIGGER downloads_stay BEFORE DELETE ON downloads BEGIN SELECT RAISE(ABORT, 'downloads are kept'); END;
CREATE TRIGGER downloads_end_once BEFORE UPDATE ON downloads WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a download ends once'); END;
ALTER TABLE organizations ADD COLUMN export_rows_per_day INTEGER NOT NULL DEFAULT 100000 CHECK (export_rows_per_day BETWEEN 1 AND 100000000);
