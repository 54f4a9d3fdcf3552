-- People and tenants -------------------------------------------------------------------------------------------------

CREATE TABLE organizations (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  time_zone TEXT NOT NULL DEFAULT 'UTC',
  creator_may_approve INTEGER NOT NULL DEFAULT 0 CHECK (creator_may_approve IN (0, 1)),
  approvals_required INTEGER NOT NULL DEFAULT 1 CHECK (approvals_required IN (1, 2)),
  destination_hold_hours INTEGER NOT NULL DEFAULT 72 CHECK (destination_hold_hours BETWEEN 0 AND 720),
  transfers_paused_at INTEGER,
  transfers_paused_by TEXT,
  transfers_paused_reason TEXT,
  next_payout_number INTEGER NOT NULL DEFAULT 1 CHECK (next_payout_number > 0),
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  CHECK ((transfers_paused_at IS NULL) = (transfers_paused_reason IS NULL))
) STRICT;

-- The smallest amount worth sending, by currency; absent means none.
CREATE TABLE payout_minimums (
  org_id TEXT NOT NULL REFERENCES organizations (id),
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 99999999),
  PRIMARY KEY (org_id, currency)
) STRICT;

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL UNIQUE CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  password_hash TEXT,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE partners (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  email TEXT NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  reference TEXT CHECK (reference IS NULL OR length(reference) BETWEEN 1 AND 64),
  type TEXT NOT NULL DEFAULT 'referrer' CHECK (type IN ('reseller', 'referrer', 'affiliate', 'integrator')),
  country TEXT NOT NULL CHECK (country GLOB '[A-Z][A-Z]'),
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  archived_at INTEGER,
  stripe_account_id TEXT UNIQUE,
  transfers_status TEXT NOT NULL DEFAULT 'none'
    CHECK (transfers_status IN ('none', 'pending', 'active', 'restricted', 'rejected', 'unsupported', 'closed', 'disconnected')),
  requirements TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(requirements)),
  account_synced_at INTEGER,
  destination_key TEXT,
  destination_changed_at INTEGER,
  hold_until INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  UNIQUE (org_id, id),
  UNIQUE (org_id, email),
  UNIQUE (org_id, reference)
) STRICT;
CREATE INDEX partners_by_name ON partners (org_id, name COLLATE NOCASE, id);

CREATE TABLE memberships (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES organizations (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'manager', 'viewer', 'partner')),
  partner_id TEXT,
  disabled_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  UNIQUE (org_id, user_id),
  FOREIGN KEY (org_id, partner_id) REFERENCES partners (org_id, id),
  CHECK ((role = 'partner') = (partner_id IS NOT NULL))
) STRICT;
CREATE INDEX memberships_by_user ON memberships (user_id);
CREATE INDEX memberships_by_partner ON memberships (partner_id) WHERE partner_id IS NOT NULL;

-- An organization never loses its last owner, whatever the code above it thinks.
CREATE TRIGGER memberships_keep_an_owner BEFORE UPDATE OF role, disabled_at ON memberships
WHEN OLD.role = 'owner' AND OLD.disabled_at IS NULL AND (NEW.role <> 'owner' OR NEW.disabled_at IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.org_id = OLD.org_id AND m.role = 'owner' AND m.disabled_at IS NULL AND m.id <> OLD.id)
BEGIN SELECT RAISE(ABORT, 'last_owner'); END;
CREATE TRIGGER memberships_stay BEFORE DELETE ON memberships
BEGIN SELECT RAISE(ABORT, 'memberships are disabled, never deleted'); END;

-- id is the SHA-256 of the token in the cookie: a copy of the database opens no session.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  membership_id TEXT REFERENCES memberships (id),
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  idle_expires_at INTEGER NOT NULL,
  absolute_expires_at INTEGER NOT NULL,
  address TEXT NOT NULL DEFAULT '',
  device TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (idle_expires_at);

-- Invitations and password resets; id is the SHA-256 of the secret in the link.
CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('invitation', 'password_reset')),
  email TEXT NOT NULL,
  user_id TEXT REFERENCES users (id),
  org_id TEXT REFERENCES organizations (id),
  role TEXT CHECK (role IS NULL OR role IN ('owner', 'admin', 'manager', 'viewer', 'partner')),
  partner_id TEXT,
  created_by TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  revoked_at INTEGER,
  CHECK ((kind = 'invitation') = (org_id IS NOT NULL AND role IS NOT NULL)),
  CHECK (kind = 'invitation' OR user_id IS NOT NULL)
) STRICT;
CREATE INDEX tokens_by_org ON tokens (org_id, created_at) WHERE org_id IS NOT NULL;
CREATE INDEX tokens_by_user ON tokens (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE throttles (
  key TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  window_started_at INTEGER NOT NULL,
  blocked_until INTEGER
) STRICT;

-- Payouts -------------------------------------------------------------------------------------------------------------

CREATE TABLE payout_imports (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES organizations (id),
  status TEXT NOT NULL CHECK (status IN ('draft', 'committed')),
  file_name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  rows TEXT NOT NULL CHECK (json_valid(rows)),
  row_count INTEGER NOT NULL,
  created_by TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  committed_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX payout_imports_by_org ON payout_imports (org_id, created_at);

CREATE TABLE payouts (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  status TEXT NOT NULL
    CHECK (status IN ('pending_approval', 'approved', 'processing', 'paid', 'failed', 'rejected', 'canceled', 'reversed')),
  amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 99999999),
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  period TEXT CHECK (period IS NULL OR period GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]'),
  reference TEXT CHECK (reference IS NULL OR length(reference) BETWEEN 1 AND 64),
  notes TEXT CHECK (notes IS NULL OR length(notes) <= 2000),
  source TEXT NOT NULL CHECK (source IN ('form', 'api', 'import', 'demo')),
  import_id TEXT REFERENCES payout_imports (id),
  created_by TEXT NOT NULL REFERENCES users (id),
  -- the payout whose taken-back money this one pays again; its accrual is booked already
  repays TEXT REFERENCES payouts (id),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  -- what was approved
  approved_at INTEGER,
  approved_digest TEXT,
  destination TEXT,
  -- how it ended
  reject_reason TEXT CHECK (reject_reason IS NULL OR length(reject_reason) BETWEEN 1 AND 2000),
  closed_at INTEGER,
  paid_via TEXT CHECK (paid_via IN ('stripe', 'manual')),
  paid_at INTEGER,
  transfer_id TEXT UNIQUE,
  simulated INTEGER NOT NULL DEFAULT 0 CHECK (simulated IN (0, 1)),
  manual_method TEXT CHECK (manual_method IN ('bank_transfer', 'check', 'paypal', 'wise', 'other')),
  manual_reference TEXT CHECK (manual_reference IS NULL OR length(manual_reference) BETWEEN 1 AND 120),
  manual_paid_on TEXT CHECK (manual_paid_on IS NULL OR manual_paid_on GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
  amount_reversed INTEGER NOT NULL DEFAULT 0,
  failure_code TEXT,
  failure_message TEXT,
  needs_review INTEGER NOT NULL DEFAULT 0 CHECK (needs_review IN (0, 1)),
  -- the bank leg, from the connected account
  confirmed_at INTEGER,
  destination_payment TEXT,
  bank_status TEXT CHECK (bank_status IN ('in_transit', 'arrived', 'failed')),
  bank_payout_id TEXT,
  bank_arrival_at INTEGER,
  bank_failure_message TEXT,
  UNIQUE (org_id, id),
  UNIQUE (org_id, number),
  FOREIGN KEY (org_id, partner_id) REFERENCES partners (org_id, id),
  CHECK (amount_reversed BETWEEN 0 AND amount),
  CHECK (status <> 'rejected' OR reject_reason IS NOT NULL),
  CHECK (status NOT IN ('approved', 'processing', 'paid', 'reversed') OR (approved_digest IS NOT NULL AND approved_at IS NOT NULL)),
  CHECK (status NOT IN ('paid', 'reversed') OR (paid_via IS NOT NULL AND paid_at IS NOT NULL)),
  CHECK (paid_via <> 'stripe' OR transfer_id IS NOT NULL),
  CHECK (paid_via <> 'manual' OR (manual_method IS NOT NULL AND manual_reference IS NOT NULL AND manual_paid_on IS NOT NULL AND transfer_id IS NULL)),
  CHECK (status <> 'reversed' OR amount_reversed = amount),
  CHECK (status <> 'paid' OR amount_reversed < amount),
  CHECK (status <> 'failed' OR failure_message IS NOT NULL),
  CHECK (needs_review = 0 OR status = 'processing')
) STRICT;
-- Every list is a keyset page over one of these; each ends in the id.
CREATE INDEX payouts_by_created ON payouts (org_id, created_at, id);
CREATE INDEX payouts_by_status ON payouts (org_id, status, created_at, id);
CREATE INDEX payouts_by_partner ON payouts (org_id, partner_id, created_at, id);
CREATE INDEX payouts_by_amount ON payouts (org_id, amount, id);
CREATE INDEX payouts_by_paid ON payouts (org_id, paid_at, id) WHERE paid_at IS NOT NULL;
CREATE INDEX payouts_by_period ON payouts (org_id, period, created_at, id) WHERE period IS NOT NULL;
CREATE INDEX payouts_by_reference ON payouts (org_id, reference) WHERE reference IS NOT NULL;
CREATE INDEX payouts_by_bank_payout ON payouts (bank_payout_id) WHERE bank_payout_id IS NOT NULL;
CREATE INDEX payouts_by_destination_payment ON payouts (destination_payment) WHERE destination_payment IS NOT NULL;
CREATE INDEX payouts_by_import ON payouts (import_id) WHERE import_id IS NOT NULL;

-- The same table as server/payouts/rules.ts; a test walks both.
CREATE TRIGGER payouts_transition BEFORE UPDATE OF status ON payouts
WHEN OLD.status <> NEW.status AND NOT (
     (OLD.status = 'pending_approval' AND NEW.status IN ('approved', 'rejected', 'canceled'))
  OR (OLD.status = 'approved' AND NEW.status IN ('pending_approval', 'processing', 'paid', 'canceled'))
  OR (OLD.status = 'processing' AND NEW.status IN ('paid', 'failed'))
  OR (OLD.status = 'failed' AND NEW.status IN ('pending_approval', 'processing', 'paid', 'canceled'))
  OR (OLD.status = 'paid' AND NEW.status = 'reversed'))
BEGIN SELECT RAISE(ABORT, 'illegal_transition'); END;
CREATE TRIGGER payouts_start BEFORE INSERT ON payouts WHEN NEW.status <> 'pending_approval' AND NEW.source <> 'demo'
BEGIN SELECT RAISE(ABORT, 'a payout starts in pending_approval'); END;
-- What was approved stays what was approved: to change it, void the approval first.
CREATE TRIGGER payouts_frozen BEFORE UPDATE OF org_id, partner_id, number, amount, currency, created_by, created_at ON payouts
WHEN OLD.org_id <> NEW.org_id OR OLD.number <> NEW.number OR OLD.created_by <> NEW.created_by OR OLD.created_at <> NEW.created_at
  OR (OLD.status <> 'pending_approval' AND (OLD.partner_id <> NEW.partner_id OR OLD.amount <> NEW.amount OR OLD.currency <> NEW.currency))
BEGIN SELECT RAISE(ABORT, 'payout_frozen'); END;
CREATE TRIGGER payouts_destination_frozen BEFORE UPDATE OF destination, approved_digest ON payouts
WHEN OLD.status NOT IN ('pending_approval', 'approved') AND NEW.status <> 'pending_approval' AND (OLD.destination IS NOT NEW.destination OR OLD.approved_digest IS NOT NEW.approved_digest)
BEGIN SELECT RAISE(ABORT, 'payout_frozen'); END;
CREATE TRIGGER payouts_paid_once BEFORE UPDATE OF transfer_id, paid_at, paid_via ON payouts
WHEN (OLD.transfer_id IS NOT NULL AND OLD.transfer_id IS NOT NEW.transfer_id)
  OR (OLD.paid_at IS NOT NULL AND OLD.paid_at IS NOT NEW.paid_at)
  OR (OLD.paid_via IS NOT NULL AND OLD.paid_via IS NOT NEW.paid_via)
BEGIN SELECT RAISE(ABORT, 'payout_frozen'); END;
CREATE TRIGGER payouts_reversed_only_grows BEFORE UPDATE OF amount_reversed ON payouts WHEN NEW.amount_reversed < OLD.amount_reversed
BEGIN SELECT RAISE(ABORT, 'amount_reversed never shrinks'); END;
CREATE TRIGGER payouts_version_rises BEFORE UPDATE ON payouts WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of a payout raises its version by one'); END;
CREATE TRIGGER payouts_stay BEFORE DELETE ON payouts
BEGIN SELECT RAISE(ABORT, 'payouts are canceled, never deleted'); END;

CREATE TABLE payout_lines (
  id TEXT PRIMARY KEY,
  payout_id TEXT NOT NULL REFERENCES payouts (id),
  position INTEGER NOT NULL,
  description TEXT NOT NULL CHECK (length(description) BETWEEN 1 AND 500),
  amount INTEGER NOT NULL,
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  UNIQUE (payout_id, position)
) STRICT;
CREATE TRIGGER payout_lines_frozen BEFORE UPDATE ON payout_lines
WHEN (SELECT status FROM payouts WHERE id = OLD.payout_id) <> 'pending_approval'
BEGIN SELECT RAISE(ABORT, 'payout_frozen'); END;

-- Everyone who ever changed a payout counts as its creator: four eyes would be two if only the last one did.
CREATE TABLE payout_editors (
  payout_id TEXT NOT NULL REFERENCES payouts (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  edited_at INTEGER NOT NULL,
  PRIMARY KEY (payout_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER payout_editors_stay BEFORE DELETE ON payout_editors
BEGIN SELECT RAISE(ABORT, 'editors are kept'); END;

CREATE TABLE payout_approvals (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  payout_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  digest TEXT NOT NULL,
  approved_at INTEGER NOT NULL,
  voided_at INTEGER,
  FOREIGN KEY (org_id, payout_id) REFERENCES payouts (org_id, id)
) STRICT;
CREATE UNIQUE INDEX payout_approvals_once ON payout_approvals (payout_id, user_id) WHERE voided_at IS NULL;
CREATE TRIGGER payout_approvals_four_eyes BEFORE INSERT ON payout_approvals
WHEN EXISTS (SELECT 1 FROM payouts p JOIN organizations o ON o.id = p.org_id
             WHERE p.id = NEW.payout_id AND o.creator_may_approve = 0 AND (NEW.user_id = p.created_by
               OR EXISTS (SELECT 1 FROM payout_editors e WHERE e.payout_id = p.id AND e.user_id = NEW.user_id)))
BEGIN SELECT RAISE(ABORT, 'creator_cannot_approve'); END;
CREATE TRIGGER payout_approvals_not_payee BEFORE INSERT ON payout_approvals
WHEN EXISTS (SELECT 1 FROM payouts p JOIN partners r ON r.id = p.partner_id JOIN users u ON u.id = NEW.user_id
             WHERE p.id = NEW.payout_id AND (u.email = r.email
               OR EXISTS (SELECT 1 FROM memberships m WHERE m.partner_id = r.id AND m.user_id = NEW.user_id)))
BEGIN SELECT RAISE(ABORT, 'payee_cannot_approve'); END;
CREATE TRIGGER payout_approvals_stay BEFORE DELETE ON payout_approvals
BEGIN SELECT RAISE(ABORT, 'approvals are voided, never deleted'); END;

-- One row is one intent to move money: the key and the exact parameters, written before anything is sent.
CREATE TABLE payout_attempts (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  payout_id TEXT NOT NULL,
  number INTEGER NOT NULL CHECK (number > 0),
  idempotency_key TEXT NOT NULL UNIQUE,
  amount INTEGER NOT NULL CHECK (amount > 0),
  currency TEXT NOT NULL,
  destination TEXT NOT NULL,
  request TEXT NOT NULL CHECK (json_valid(request)),
  state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'unknown', 'succeeded', 'failed')),
  requested_by TEXT REFERENCES users (id),
  created_at INTEGER NOT NULL,
  first_sent_at INTEGER,
  last_sent_at INTEGER,
  sends INTEGER NOT NULL DEFAULT 0,
  was_unknown INTEGER NOT NULL DEFAULT 0 CHECK (was_unknown IN (0, 1)),
  transfer_id TEXT UNIQUE,
  stripe_request_id TEXT,
  failure_code TEXT,
  failure_message TEXT,
  last_error TEXT,
  settled_at INTEGER,
  UNIQUE (payout_id, number),
  FOREIGN KEY (org_id, payout_id) REFERENCES payouts (org_id, id),
  CHECK (state <> 'succeeded' OR transfer_id IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX payout_attempts_one_live ON payout_attempts (payout_id) WHERE state <> 'failed';
CREATE INDEX payout_attempts_open ON payout_attempts (state, last_sent_at) WHERE state IN ('queued', 'sending', 'unknown');
CREATE TRIGGER payout_attempts_frozen BEFORE UPDATE OF payout_id, number, idempotency_key, amount, currency, destination, request, created_at ON payout_attempts
BEGIN SELECT RAISE(ABORT, 'an attempt''s parameters are frozen'); END;
CREATE TRIGGER payout_attempts_final BEFORE UPDATE OF state ON payout_attempts WHEN OLD.state IN ('succeeded', 'failed') AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'an attempt ends once'); END;
CREATE TRIGGER payout_attempts_stay BEFORE DELETE ON payout_attempts
BEGIN SELECT RAISE(ABORT, 'attempts are kept'); END;

-- A released attempt: the evidence two people saw before an unknown outcome was given up.
CREATE TABLE payout_releases (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  payout_id TEXT NOT NULL,
  attempt_id TEXT NOT NULL REFERENCES payout_attempts (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  evidence TEXT NOT NULL CHECK (length(evidence) BETWEEN 1 AND 2000),
  created_at INTEGER NOT NULL,
  UNIQUE (attempt_id, user_id),
  FOREIGN KEY (org_id, payout_id) REFERENCES payouts (org_id, id)
) STRICT;

-- Counts and sums by status, kept with every change: a GROUP BY over a million payouts costs a second.
-- partner_id '' is the whole organization.
CREATE TABLE payout_totals (
  org_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  status TEXT NOT NULL,
  count INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  reversed INTEGER NOT NULL,
  PRIMARY KEY (org_id, partner_id, currency, status)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER payout_totals_insert AFTER INSERT ON payouts BEGIN
  INSERT INTO payout_totals VALUES
    (NEW.org_id, '', NEW.currency, NEW.status, 1, NEW.amount, NEW.amount_reversed),
    (NEW.org_id, NEW.partner_id, NEW.currency, NEW.status, 1, NEW.amount, NEW.amount_reversed)
  ON CONFLICT DO UPDATE SET count = count + 1, amount = amount + excluded.amount, reversed = reversed + excluded.reversed;
END;
CREATE TRIGGER payout_totals_update AFTER UPDATE OF status, amount, currency, partner_id, amount_reversed ON payouts
WHEN OLD.status <> NEW.status OR OLD.amount <> NEW.amount OR OLD.currency <> NEW.currency OR OLD.partner_id <> NEW.partner_id
  OR OLD.amount_reversed <> NEW.amount_reversed
BEGIN
  UPDATE payout_totals SET count = count - 1, amount = amount - OLD.amount, reversed = reversed - OLD.amount_reversed
    WHERE org_id = OLD.org_id AND partner_id IN ('', OLD.partner_id) AND currency = OLD.currency AND status = OLD.status;
  INSERT INTO payout_totals VALUES
    (NEW.org_id, '', NEW.currency, NEW.status, 1, NEW.amount, NEW.amount_reversed),
    (NEW.org_id, NEW.partner_id, NEW.currency, NEW.status, 1, NEW.amount, NEW.amount_reversed)
  ON CONFLICT DO UPDATE SET count = count + 1, amount = amount + excluded.amount, reversed = reversed + excluded.reversed;
END;

-- Paid money by the month (UTC) it was paid in, net of what was taken back; kept like the totals. For the charts.
CREATE TABLE payout_months (
  org_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  month TEXT NOT NULL,
  count INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  PRIMARY KEY (org_id, partner_id, currency, month)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER payout_months_insert AFTER INSERT ON payouts WHEN NEW.paid_at IS NOT NULL BEGIN
  INSERT INTO payout_months VALUES
    (NEW.org_id, '', NEW.currency, strftime('%Y-%m', NEW.paid_at / 1000, 'unixepoch'), 1, NEW.amount - NEW.amount_reversed),
    (NEW.org_id, NEW.partner_id, NEW.currency, strftime('%Y-%m', NEW.paid_at / 1000, 'unixepoch'), 1, NEW.amount - NEW.amount_reversed)
  ON CONFLICT DO UPDATE SET count = count + 1, amount = amount + excluded.amount;
END;
CREATE TRIGGER payout_months_paid AFTER UPDATE OF paid_at ON payouts WHEN OLD.paid_at IS NULL AND NEW.paid_at IS NOT NULL BEGIN
  INSERT INTO payout_months VALUES
    (NEW.org_id, '', NEW.currency, strftime('%Y-%m', NEW.paid_at / 1000, 'unixepoch'), 1, NEW.amount - NEW.amount_reversed),
    (NEW.org_id, NEW.partner_id, NEW.currency, strftime('%Y-%m', NEW.paid_at / 1000, 'unixepoch'), 1, NEW.amount - NEW.amount_reversed)
  ON CONFLICT DO UPDATE SET count = count + 1, amount = amount + excluded.amount;
END;
CREATE TRIGGER payout_months_reversed AFTER UPDATE OF amount_reversed ON payouts
WHEN OLD.paid_at IS NOT NULL AND OLD.amount_reversed <> NEW.amount_reversed BEGIN
  UPDATE payout_months SET amount = amount - (NEW.amount_reversed - OLD.amount_reversed)
    WHERE org_id = NEW.org_id AND partner_id IN ('', NEW.partner_id) AND currency = NEW.currency
      AND month = strftime('%Y-%m', NEW.paid_at / 1000, 'unixepoch');
END;

-- Ledger --------------------------------------------------------------------------------------------------------------

-- One row is one transfer between two accounts, so an unbalanced ledger can't be written down.
CREATE TABLE ledger_entries (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES organizations (id),
  partner_id TEXT NOT NULL,
  payout_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('accrual', 'accrual_void', 'mark_paid', 'settle', 'fail', 'manual_payment', 'reversal', 'reversal_owed', 'reversal_not_owed')),
  seq INTEGER NOT NULL,
  debit TEXT NOT NULL CHECK (debit IN ('commission_expense', 'partner_payable', 'transfer_clearing', 'stripe_balance', 'reversal_suspense', 'paid_outside')),
  credit TEXT NOT NULL CHECK (credit IN ('commission_expense', 'partner_payable', 'transfer_clearing', 'stripe_balance', 'reversal_suspense', 'paid_outside')),
  amount INTEGER NOT NULL CHECK (amount > 0),
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  at INTEGER NOT NULL,
  UNIQUE (payout_id, kind, seq),
  FOREIGN KEY (org_id, payout_id) REFERENCES payouts (org_id, id),
  CHECK (debit <> credit)
) STRICT;
CREATE INDEX ledger_by_org ON ledger_entries (org_id, at, id);
CREATE TRIGGER ledger_append_only_update BEFORE UPDATE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_append_only_delete BEFORE DELETE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- Audit ---------------------------------------------------------------------------------------------------------------

-- org_id 'system' holds what belongs to no organization (a password reset asked for, a first owner made).
CREATE TABLE audit (
  org_id TEXT NOT NULL,
  seq INTEGER NOT NULL CHECK (seq > 0),
  at INTEGER NOT NULL,
  actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'system', 'stripe', 'command')),
  actor_id TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  action TEXT NOT NULL,
  target_type TEXT NOT NULL,
  target_id TEXT NOT NULL,
  before TEXT CHECK (before IS NULL OR json_valid(before)),
  after TEXT CHECK (after IS NULL OR json_valid(after)),
  prev TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (org_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_by_target ON audit (org_id, target_type, target_id, seq);
CREATE TRIGGER audit_chain BEFORE INSERT ON audit
WHEN NEW.seq <> coalesce((SELECT max(seq) FROM audit WHERE org_id = NEW.org_id), 0) + 1
  OR NEW.prev <> coalesce((SELECT hash FROM audit WHERE org_id = NEW.org_id ORDER BY seq DESC LIMIT 1), '')
BEGIN SELECT RAISE(ABORT, 'the audit chain takes only its next link'); END;
CREATE TRIGGER audit_append_only_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_append_only_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- What must happen next -----------------------------------------------------------------------------------------------

CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  org_id TEXT,
  topic TEXT NOT NULL,
  key TEXT NOT NULL,
  payload TEXT NOT NULL CHECK (json_valid(payload)),
  status TEXT NOT NULL CHECK (status IN ('queued', 'leased', 'done', 'parked')),
  attempts INTEGER NOT NULL DEFAULT 0,
  run_at INTEGER NOT NULL,
  lease_token TEXT,
  lease_until INTEGER,
  last_error TEXT,
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  UNIQUE (topic, key),
  CHECK ((status = 'leased') = (lease_token IS NOT NULL AND lease_until IS NOT NULL))
) STRICT;
-- By topic first: ten thousand mails in line must not make a transfer wait, nor be read to find it.
CREATE INDEX outbox_due ON outbox (topic, run_at, id) WHERE status = 'queued';
CREATE INDEX outbox_leased ON outbox (lease_until) WHERE status = 'leased';
CREATE INDEX outbox_open ON outbox (org_id, status, created_at, id) WHERE status <> 'done';
CREATE INDEX outbox_done ON outbox (created_at) WHERE status = 'done';
CREATE INDEX outbox_by_org ON outbox (org_id, created_at, id);

CREATE TABLE idempotency (
  org_id TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  procedure TEXT NOT NULL,
  key TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  response TEXT NOT NULL CHECK (json_valid(response)),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, actor_id, procedure, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE stripe_events (
  id TEXT PRIMARY KEY,
  endpoint TEXT NOT NULL CHECK (endpoint IN ('platform', 'connect', 'events', 'catch_up')),
  type TEXT NOT NULL,
  account TEXT,
  object_id TEXT,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  body TEXT NOT NULL CHECK (json_valid(body)),
  created_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  processed_at INTEGER,
  outcome TEXT
) STRICT;
CREATE INDEX stripe_events_open ON stripe_events (received_at, id) WHERE processed_at IS NULL;
CREATE INDEX stripe_events_by_received ON stripe_events (received_at, id);

CREATE TABLE emails (
  id TEXT PRIMARY KEY,
  org_id TEXT,
  event_id TEXT NOT NULL,
  template TEXT NOT NULL,
  recipient TEXT NOT NULL,
  recipient_name TEXT NOT NULL DEFAULT '',
  partner_id TEXT,
  payout_id TEXT,
  subject TEXT NOT NULL,
  html TEXT NOT NULL,
  text TEXT NOT NULL,
  message_id TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL CHECK (status IN ('sending', 'sent', 'failed')),
  error TEXT,
  created_at INTEGER NOT NULL,
  sent_at INTEGER,
  UNIQUE (event_id, recipient, template)
) STRICT;
CREATE INDEX emails_by_org ON emails (org_id, created_at, id);
CREATE INDEX emails_by_payout ON emails (payout_id) WHERE payout_id IS NOT NULL;
CREATE INDEX emails_by_partner ON emails (org_id, partner_id, created_at) WHERE partner_id IS NOT NULL;
