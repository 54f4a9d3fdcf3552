-- Programs and deals ---------------------------------------------------------------------------------------------------

-- The numbers that people quote, counted up by kind.
CREATE TABLE counters (
  org_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL CHECK (name IN ('deals', 'registrations', 'commissions', 'runs')),
  next INTEGER NOT NULL CHECK (next > 0),
  PRIMARY KEY (org_id, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE partners ADD COLUMN tier TEXT NOT NULL DEFAULT 'registered' CHECK (tier IN ('registered', 'silver', 'gold', 'platinum'));
ALTER TABLE partners ADD COLUMN class TEXT NOT NULL DEFAULT 'partner' CHECK (class IN ('partner', 'hyperscaler', 'vendor'));
ALTER TABLE partners ADD COLUMN default_rate_bp INTEGER CHECK (default_rate_bp BETWEEN 0 AND 10000);
ALTER TABLE partners ADD COLUMN settlement TEXT NOT NULL DEFAULT 'one' CHECK (settlement IN ('one', 'each'));

CREATE TABLE programs (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  model TEXT NOT NULL CHECK (model IN ('equal_split', 'equal_touches', 'first_touch', 'last_touch', 'time_decay', 'role_based', 'position_based', 'custom',
    'first_touch_sourcer', 'role_weighted', 'implementation_credit', 'cosell_split')),
  parameters TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(parameters)),
  time_zone TEXT NOT NULL,
  protection_days INTEGER NOT NULL DEFAULT 90 CHECK (protection_days BETWEEN 1 AND 730),
  debt_cap_bp INTEGER NOT NULL DEFAULT 10000 CHECK (debt_cap_bp BETWEEN 0 AND 10000),
  archived_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  UNIQUE (org_id, id),
  UNIQUE (org_id, name)
) STRICT;
-- Nobody has to set a program up before the first deal.
INSERT INTO programs (id, org_id, name, model, time_zone, created_at)
SELECT 'prg_' || id, id, 'Partner program', 'equal_split', time_zone, created_at FROM organizations;
CREATE TRIGGER organizations_first_program AFTER INSERT ON organizations BEGIN
  INSERT INTO programs (id, org_id, name, model, time_zone, created_at)
  VALUES ('prg_' || NEW.id, NEW.id, 'Partner program', 'equal_split', NEW.time_zone, NEW.created_at);
END;

CREATE TABLE data_imports (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES organizations (id),
  kind TEXT NOT NULL CHECK (kind IN ('deals', 'touches', 'partners', 'commissions', 'payouts')),
  preset TEXT,
  status TEXT NOT NULL CHECK (status IN ('reading', 'mapping', 'checking', 'ready', 'committing', 'committed', 'undoing', 'undone')),
  file_name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  headers TEXT NOT NULL CHECK (json_valid(headers)),
  header_hash TEXT NOT NULL,
  mapping TEXT NOT NULL CHECK (json_valid(mapping)),
  options TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(options)),
  row_count INTEGER NOT NULL DEFAULT 0,
  checked INTEGER NOT NULL DEFAULT 0,
  errors INTEGER NOT NULL DEFAULT 0,
  duplicates INTEGER NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0,
  -- how far the work at hand is: the last line, or the last deal's number, that it is past
  step TEXT NOT NULL DEFAULT 'rows' CHECK (step IN ('rows', 'deals')),
  cursor INTEGER NOT NULL DEFAULT 0,
  figures TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(figures)),
  created_by TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  committed_at INTEGER,
  undone_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (org_id, id)
) STRICT;
CREATE INDEX data_imports_by_org ON data_imports (org_id, created_at, id);
CREATE INDEX data_imports_by_content ON data_imports (org_id, sha256);

CREATE TABLE import_rows (
  import_id TEXT NOT NULL,
  line INTEGER NOT NULL,
  org_id TEXT NOT NULL,
  cells TEXT NOT NULL CHECK (json_valid(cells)),
  status TEXT NOT NULL CHECK (status IN ('new', 'ok', 'error', 'duplicate', 'done', 'undone')),
  parsed TEXT CHECK (parsed IS NULL OR json_valid(parsed)),
  problem TEXT,
  created_id TEXT,
  PRIMARY KEY (import_id, line),
  FOREIGN KEY (org_id, import_id) REFERENCES data_imports (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_rows_by_status ON import_rows (import_id, status, line);
CREATE INDEX import_rows_by_problem ON import_rows (import_id, line) WHERE problem IS NOT NULL;

-- What makes a row the same as another: a hash of its reference, or of all that it says. The first line with it holds it.
CREATE TABLE import_keys (
  import_id TEXT NOT NULL REFERENCES data_imports (id),
  key TEXT NOT NULL,
  org_id TEXT NOT NULL,
  line INTEGER NOT NULL,
  PRIMARY KEY (import_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_keys_by_org ON import_keys (org_id, key, import_id, line);

CREATE TABLE import_mappings (
  org_id TEXT NOT NULL REFERENCES organizations (id),
  kind TEXT NOT NULL,
  header_hash TEXT NOT NULL,
  mapping TEXT NOT NULL CHECK (json_valid(mapping)),
  used_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, kind, header_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE deals (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  program_id TEXT NOT NULL,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  account_name TEXT NOT NULL CHECK (length(account_name) BETWEEN 1 AND 200),
  account_domain TEXT CHECK (account_domain IS NULL OR (account_domain = lower(account_domain) AND length(account_domain) BETWEEN 3 AND 253)),
  contact_email TEXT CHECK (contact_email IS NULL OR (contact_email = lower(contact_email) AND length(contact_email) BETWEEN 3 AND 254)),
  -- up to 10^12 minor units: times a rate in basis points that is past 2^53, so the arithmetic is in BigInt
  amount INTEGER NOT NULL CHECK (amount BETWEEN 0 AND 999999999999),
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  product TEXT CHECK (product IS NULL OR length(product) BETWEEN 1 AND 120),
  territory TEXT CHECK (territory IS NULL OR length(territory) BETWEEN 1 AND 120),
  type TEXT NOT NULL DEFAULT 'new' CHECK (type IN ('new', 'expansion', 'renewal')),
  stage TEXT NOT NULL DEFAULT 'open' CHECK (stage IN ('open', 'won', 'lost')),
  opened_at INTEGER NOT NULL,
  qualified_at INTEGER,
  closed_at INTEGER,
  registered_by TEXT,
  external_ref TEXT CHECK (external_ref IS NULL OR length(external_ref) BETWEEN 1 AND 120),
  notes TEXT CHECK (notes IS NULL OR length(notes) <= 2000),
  source TEXT NOT NULL CHECK (source IN ('form', 'api', 'import', 'registration', 'demo')),
  import_id TEXT,
  refunded INTEGER NOT NULL DEFAULT 0,
  current_run_id TEXT,
  -- whether that one credits anybody
  credited INTEGER NOT NULL DEFAULT 0 CHECK (credited IN (0, 1)),
  created_by TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  -- taken back with the import that made it
  removed_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (org_id, id),
  UNIQUE (org_id, number),
  FOREIGN KEY (org_id, program_id) REFERENCES programs (org_id, id),
  FOREIGN KEY (org_id, registered_by) REFERENCES partners (org_id, id),
  FOREIGN KEY (org_id, import_id) REFERENCES data_imports (org_id, id),
  CHECK (refunded BETWEEN 0 AND amount),
  CHECK ((stage = 'open') = (closed_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX deals_by_ref ON deals (org_id, external_ref) WHERE external_ref IS NOT NULL AND removed_at IS NULL;
CREATE INDEX deals_by_created ON deals (org_id, created_at, id) WHERE removed_at IS NULL;
CREATE INDEX deals_by_stage ON deals (org_id, stage, created_at, id) WHERE removed_at IS NULL;
CREATE INDEX deals_by_closed ON deals (org_id, closed_at, id) WHERE closed_at IS NOT NULL AND removed_at IS NULL;
CREATE INDEX deals_by_amount ON deals (org_id, amount, id) WHERE removed_at IS NULL;
CREATE INDEX deals_by_domain ON deals (org_id, account_domain) WHERE account_domain IS NOT NULL;
CREATE INDEX deals_by_contact ON deals (org_id, contact_email) WHERE contact_email IS NOT NULL;
CREATE INDEX deals_by_import ON deals (import_id) WHERE import_id IS NOT NULL;
CREATE INDEX deals_by_name ON deals (org_id, name COLLATE NOCASE) WHERE removed_at IS NULL;
CREATE INDEX deals_by_account ON deals (org_id, account_name COLLATE NOCASE) WHERE removed_at IS NULL;
CREATE INDEX deals_unattributed ON deals (org_id, created_at, id) WHERE stage = 'won' AND credited = 0 AND removed_at IS NULL;
-- Counts and sums for the tabs of a list of a million; `amount` in minor units.
CREATE TABLE deal_totals (
  org_id TEXT NOT NULL,
  stage TEXT NOT NULL,
  currency TEXT NOT NULL,
  count INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  uncredited INTEGER NOT NULL,
  PRIMARY KEY (org_id, stage, currency)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER deal_totals_insert AFTER INSERT ON deals WHEN NEW.removed_at IS NULL BEGIN
  INSERT INTO deal_totals VALUES (NEW.org_id, NEW.stage, NEW.currency, 1, NEW.amount, NEW.stage = 'won' AND NEW.credited = 0)
  ON CONFLICT DO UPDATE SET count = count + 1, amount = amount + excluded.amount, uncredited = uncredited + excluded.uncredited;
END;
CREATE TRIGGER deal_totals_update AFTER UPDATE OF stage, currency, amount, credited, removed_at ON deals BEGIN
  UPDATE deal_totals SET count = count - 1, amount = amount - OLD.amount, uncredited = uncredited - (OLD.stage = 'won' AND OLD.credited = 0)
    WHERE OLD.removed_at IS NULL AND org_id = OLD.org_id AND stage = OLD.stage AND currency = OLD.currency;
  INSERT INTO deal_totals
    SELECT NEW.org_id, NEW.stage, NEW.currency, 1, NEW.amount, NEW.stage = 'won' AND NEW.credited = 0 WHERE NEW.removed_at IS NULL
  ON CONFLICT DO UPDATE SET count = count + 1, amount = amount + excluded.amount, uncredited = uncredited + excluded.uncredited;
END;
CREATE TRIGGER deals_version_rises BEFORE UPDATE ON deals WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of a deal raises its version by one'); END;
CREATE TRIGGER deals_refunded_only_grows BEFORE UPDATE OF refunded ON deals WHEN NEW.refunded < OLD.refunded
BEGIN SELECT RAISE(ABORT, 'refunds are never taken back'); END;
CREATE TRIGGER deals_stay BEFORE DELETE ON deals BEGIN SELECT RAISE(ABORT, 'deals are kept'); END;

CREATE TABLE touches (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  deal_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('referral', 'introduction', 'demo', 'content_share', 'proposal', 'negotiation', 'deal_registration', 'co_sell',
    'technical_enablement', 'crm_sync')),
  role TEXT CHECK (role IN ('sourcer', 'influencer', 'implementer', 'closer')),
  at INTEGER NOT NULL,
  weight INTEGER CHECK (weight BETWEEN 0 AND 1000000),
  note TEXT CHECK (note IS NULL OR length(note) <= 2000),
  source TEXT NOT NULL CHECK (source IN ('form', 'api', 'import', 'registration', 'demo')),
  import_id TEXT,
  external_ref TEXT CHECK (external_ref IS NULL OR length(external_ref) BETWEEN 1 AND 120),
  created_by TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  removed_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  FOREIGN KEY (org_id, deal_id) REFERENCES deals (org_id, id),
  FOREIGN KEY (org_id, partner_id) REFERENCES partners (org_id, id),
  FOREIGN KEY (org_id, import_id) REFERENCES data_imports (org_id, id)
) STRICT;
CREATE INDEX touches_by_deal ON touches (deal_id, at, id) WHERE removed_at IS NULL;
CREATE INDEX touches_by_partner ON touches (org_id, partner_id, at, id) WHERE removed_at IS NULL;
CREATE INDEX touches_by_import ON touches (import_id, deal_id) WHERE import_id IS NOT NULL;
CREATE UNIQUE INDEX touches_by_ref ON touches (org_id, external_ref) WHERE external_ref IS NOT NULL AND removed_at IS NULL;
CREATE TRIGGER touches_stay BEFORE DELETE ON touches BEGIN SELECT RAISE(ABORT, 'touches are removed, never deleted'); END;

CREATE TABLE refunds (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  deal_id TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  at INTEGER NOT NULL,
  reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
  external_ref TEXT CHECK (external_ref IS NULL OR length(external_ref) BETWEEN 1 AND 120),
  created_by TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  FOREIGN KEY (org_id, deal_id) REFERENCES deals (org_id, id)
) STRICT;
CREATE INDEX refunds_by_deal ON refunds (deal_id, at, id);
CREATE UNIQUE INDEX refunds_by_ref ON refunds (org_id, external_ref) WHERE external_ref IS NOT NULL;
CREATE TRIGGER refunds_append_only_update BEFORE UPDATE ON refunds BEGIN SELECT RAISE(ABORT, 'refunds are append-only'); END;
CREATE TRIGGER refunds_append_only_delete BEFORE DELETE ON refunds BEGIN SELECT RAISE(ABORT, 'refunds are append-only'); END;

CREATE TABLE registrations (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  partner_id TEXT NOT NULL,
  program_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('draft', 'submitted', 'approved', 'declined', 'withdrawn', 'expired')),
  account_name TEXT NOT NULL CHECK (length(account_name) BETWEEN 1 AND 200),
  account_domain TEXT CHECK (account_domain IS NULL OR account_domain = lower(account_domain)),
  contact_email TEXT CHECK (contact_email IS NULL OR contact_email = lower(contact_email)),
  expected_amount INTEGER CHECK (expected_amount BETWEEN 0 AND 999999999999),
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  notes TEXT CHECK (notes IS NULL OR length(notes) <= 2000),
  submitted_at INTEGER,
  decided_by TEXT REFERENCES users (id),
  decided_at INTEGER,
  decline_reason TEXT CHECK (decline_reason IS NULL OR length(decline_reason) BETWEEN 1 AND 2000),
  protected_until INTEGER,
  reminded_at INTEGER,
  deal_id TEXT,
  created_by TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (org_id, id),
  UNIQUE (org_id, number),
  FOREIGN KEY (org_id, partner_id) REFERENCES partners (org_id, id),
  FOREIGN KEY (org_id, program_id) REFERENCES programs (org_id, id),
  FOREIGN KEY (org_id, deal_id) REFERENCES deals (org_id, id),
  CHECK (status NOT IN ('approved', 'expired') OR (deal_id IS NOT NULL AND protected_until IS NOT NULL)),
  CHECK (status <> 'declined' OR decline_reason IS NOT NULL)
) STRICT;
CREATE INDEX registrations_by_partner ON registrations (org_id, partner_id, created_at, id);
CREATE INDEX registrations_by_created ON registrations (org_id, created_at, id);
CREATE INDEX registrations_by_status ON registrations (org_id, status, created_at, id);
CREATE INDEX registrations_by_domain ON registrations (org_id, account_domain) WHERE account_domain IS NOT NULL;
CREATE INDEX registrations_by_contact ON registrations (org_id, contact_email) WHERE contact_email IS NOT NULL;
CREATE INDEX registrations_by_deal ON registrations (deal_id) WHERE deal_id IS NOT NULL;
CREATE INDEX registrations_expiring ON registrations (protected_until) WHERE status = 'approved';
CREATE TRIGGER registrations_transition BEFORE UPDATE OF status ON registrations
WHEN OLD.status <> NEW.status AND NOT (
     (OLD.status = 'draft' AND NEW.status IN ('submitted', 'withdrawn'))
  OR (OLD.status = 'submitted' AND NEW.status IN ('approved', 'declined', 'withdrawn'))
  OR (OLD.status = 'approved' AND NEW.status = 'expired'))
BEGIN SELECT RAISE(ABORT, 'illegal_transition'); END;

-- Attribution ----------------------------------------------------------------------------------------------------------

CREATE TABLE deal_splits (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  deal_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'accepted', 'confirmed', 'expired', 'withdrawn')),
  shares TEXT CHECK (shares IS NULL OR json_valid(shares)),
  round INTEGER NOT NULL DEFAULT 0,
  proposed_by TEXT REFERENCES users (id),
  proposed_by_partner TEXT,
  note TEXT CHECK (note IS NULL OR length(note) <= 2000),
  deadline INTEGER NOT NULL,
  confirmed_by TEXT REFERENCES users (id),
  confirmed_at INTEGER,
  created_by TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (org_id, id),
  FOREIGN KEY (org_id, deal_id) REFERENCES deals (org_id, id),
  CHECK (status NOT IN ('accepted', 'confirmed') OR shares IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX deal_splits_one_live ON deal_splits (deal_id) WHERE status IN ('open', 'accepted', 'confirmed');
CREATE INDEX deal_splits_by_deal ON deal_splits (deal_id, status);
CREATE INDEX deal_splits_due ON deal_splits (deadline) WHERE status IN ('open', 'accepted');
CREATE TRIGGER deal_splits_transition BEFORE UPDATE OF status ON deal_splits
WHEN OLD.status <> NEW.status AND NOT (
     (OLD.status = 'open' AND NEW.status IN ('accepted', 'expired', 'withdrawn'))
  OR (OLD.status = 'accepted' AND NEW.status IN ('open', 'confirmed', 'expired', 'withdrawn'))
  OR (OLD.status = 'confirmed' AND NEW.status = 'withdrawn'))
BEGIN SELECT RAISE(ABORT, 'illegal_transition'); END;

CREATE TABLE split_answers (
  split_id TEXT NOT NULL,
  org_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  round INTEGER NOT NULL,
  answer TEXT NOT NULL CHECK (answer IN ('invited', 'accepted', 'declined')),
  user_id TEXT REFERENCES users (id),
  answered_at INTEGER,
  PRIMARY KEY (split_id, partner_id, round),
  FOREIGN KEY (org_id, split_id) REFERENCES deal_splits (org_id, id),
  FOREIGN KEY (org_id, partner_id) REFERENCES partners (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX split_answers_by_partner ON split_answers (org_id, partner_id, split_id);

CREATE TABLE attribution_runs (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  deal_id TEXT NOT NULL,
  number INTEGER NOT NULL CHECK (number > 0),
  basis TEXT NOT NULL CHECK (basis IN ('model', 'override', 'split')),
  model TEXT NOT NULL,
  parameters TEXT NOT NULL CHECK (json_valid(parameters)),
  amount INTEGER NOT NULL,
  currency TEXT NOT NULL,
  closed_at INTEGER NOT NULL,
  cutoff_at INTEGER NOT NULL,
  touches TEXT NOT NULL CHECK (json_valid(touches)),
  partners TEXT NOT NULL CHECK (json_valid(partners)),
  cause TEXT NOT NULL CHECK (length(cause) BETWEEN 1 AND 500),
  reason TEXT CHECK (reason IS NULL OR length(reason) BETWEEN 1 AND 2000),
  split_id TEXT REFERENCES deal_splits (id),
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (org_id, id),
  UNIQUE (deal_id, number),
  FOREIGN KEY (org_id, deal_id) REFERENCES deals (org_id, id),
  CHECK (basis <> 'override' OR reason IS NOT NULL),
  CHECK ((basis = 'split') = (split_id IS NOT NULL))
) STRICT;
CREATE TRIGGER attribution_runs_stay BEFORE DELETE ON attribution_runs BEGIN SELECT RAISE(ABORT, 'attribution is append-only'); END;
CREATE TRIGGER attribution_runs_frozen BEFORE UPDATE ON attribution_runs BEGIN SELECT RAISE(ABORT, 'attribution is append-only'); END;

CREATE TABLE attribution_credits (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  deal_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  bp INTEGER NOT NULL CHECK (bp BETWEEN 0 AND 10000),
  amount INTEGER NOT NULL CHECK (amount >= 0),
  currency TEXT NOT NULL,
  role TEXT CHECK (role IN ('sourcer', 'influencer', 'implementer', 'closer')),
  reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
  touch_ids TEXT NOT NULL CHECK (json_valid(touch_ids)),
  UNIQUE (run_id, partner_id),
  FOREIGN KEY (org_id, run_id) REFERENCES attribution_runs (org_id, id),
  FOREIGN KEY (org_id, deal_id) REFERENCES deals (org_id, id),
  FOREIGN KEY (org_id, partner_id) REFERENCES partners (org_id, id)
) STRICT;
CREATE INDEX attribution_credits_by_run ON attribution_credits (run_id, position);
CREATE INDEX attribution_credits_by_partner ON attribution_credits (org_id, partner_id, deal_id);
CREATE TRIGGER attribution_credits_stay BEFORE DELETE ON attribution_credits BEGIN SELECT RAISE(ABORT, 'attribution is append-only'); END;
CREATE TRIGGER attribution_credits_frozen BEFORE UPDATE ON attribution_credits BEGIN SELECT RAISE(ABORT, 'attribution is append-only'); END;

-- Rules and commissions ------------------------------------------------------------------------------------------------

CREATE TABLE commission_rules (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES organizations (id),
  program_id TEXT,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  stream TEXT NOT NULL CHECK (stream IN ('base', 'spiff')),
  created_by TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  UNIQUE (org_id, id),
  UNIQUE (org_id, name),
  FOREIGN KEY (org_id, program_id) REFERENCES programs (org_id, id)
) STRICT;

CREATE TABLE rule_versions (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  rule_id TEXT NOT NULL,
  number INTEGER NOT NULL CHECK (number > 0),
  status TEXT NOT NULL CHECK (status IN ('draft', 'published', 'discarded')),
  priority INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 10000),
  conditions TEXT NOT NULL CHECK (json_valid(conditions)),
  currency TEXT CHECK (currency IS NULL OR currency GLOB '[A-Z][A-Z][A-Z]'),
  pay TEXT NOT NULL CHECK (json_valid(pay)),
  floor INTEGER CHECK (floor >= 0),
  cap INTEGER CHECK (cap > 0),
  months INTEGER NOT NULL DEFAULT 1 CHECK (months BETWEEN 1 AND 60),
  holding_days INTEGER NOT NULL CHECK (holding_days BETWEEN 0 AND 365),
  clawback_days INTEGER NOT NULL CHECK (clawback_days BETWEEN 0 AND 1825),
  effective_from TEXT NOT NULL CHECK (effective_from GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
  effective_to TEXT CHECK (effective_to IS NULL OR effective_to GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
  created_by TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  published_by TEXT REFERENCES users (id),
  published_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (org_id, id),
  UNIQUE (rule_id, number),
  FOREIGN KEY (org_id, rule_id) REFERENCES commission_rules (org_id, id),
  CHECK (cap IS NULL OR floor IS NULL OR cap >= floor),
  CHECK (effective_to IS NULL OR effective_to >= effective_from),
  CHECK ((status = 'published') = (published_by IS NOT NULL AND published_at IS NOT NULL)),
  CHECK (currency IS NOT NULL OR (floor IS NULL AND cap IS NULL AND pay ->> '$.kind' = 'percent'))
) STRICT;
CREATE UNIQUE INDEX rule_versions_one_draft ON rule_versions (rule_id) WHERE status = 'draft';
CREATE INDEX rule_versions_in_force ON rule_versions (org_id, status, rule_id, number);
-- Whoever wrote a rule may not put it in force, unless the organization lets creators approve.
CREATE TRIGGER rule_versions_four_eyes BEFORE UPDATE OF status ON rule_versions
WHEN NEW.status = 'published' AND NEW.published_by = OLD.created_by
  AND (SELECT creator_may_approve FROM organizations WHERE id = OLD.org_id) = 0
BEGIN SELECT RAISE(ABORT, 'creator_cannot_publish'); END;
CREATE TRIGGER rule_versions_start BEFORE INSERT ON rule_versions WHEN NEW.status <> 'draft'
BEGIN SELECT RAISE(ABORT, 'a rule starts as a draft'); END;
CREATE TRIGGER rule_versions_frozen BEFORE UPDATE ON rule_versions WHEN OLD.status <> 'draft'
BEGIN SELECT RAISE(ABORT, 'a published rule never changes: write a new version'); END;
CREATE TRIGGER rule_versions_stay BEFORE DELETE ON rule_versions BEGIN SELECT RAISE(ABORT, 'rules are kept'); END;

CREATE TABLE commissions (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  partner_id TEXT NOT NULL,
  program_id TEXT NOT NULL,
  deal_id TEXT,
  run_id TEXT,
  rule_version_id TEXT,
  kind TEXT NOT NULL CHECK (kind IN ('earned', 'adjustment', 'reversal', 'dispute', 'carry', 'imported')),
  stream TEXT NOT NULL CHECK (stream IN ('base', 'spiff')),
  installment INTEGER NOT NULL DEFAULT 1 CHECK (installment BETWEEN 1 AND 60),
  origin_id TEXT,
  amount INTEGER NOT NULL CHECK (amount <> 0 AND amount BETWEEN -999999999999 AND 999999999999),
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  status TEXT NOT NULL DEFAULT 'accrued' CHECK (status IN ('accrued', 'in_payout', 'paid')),
  period TEXT NOT NULL CHECK (period GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]'),
  origin_period TEXT CHECK (origin_period IS NULL OR origin_period GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]'),
  release_at INTEGER NOT NULL,
  clawback_until INTEGER,
  disputed_at INTEGER,
  payout_id TEXT,
  snapshot TEXT NOT NULL CHECK (json_valid(snapshot)),
  note TEXT CHECK (note IS NULL OR length(note) <= 2000),
  import_id TEXT,
  external_ref TEXT CHECK (external_ref IS NULL OR length(external_ref) BETWEEN 1 AND 120),
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (org_id, id),
  UNIQUE (org_id, number),
  FOREIGN KEY (org_id, partner_id) REFERENCES partners (org_id, id),
  FOREIGN KEY (org_id, program_id) REFERENCES programs (org_id, id),
  FOREIGN KEY (org_id, deal_id) REFERENCES deals (org_id, id),
  FOREIGN KEY (org_id, run_id) REFERENCES attribution_runs (org_id, id),
  FOREIGN KEY (org_id, rule_version_id) REFERENCES rule_versions (org_id, id),
  FOREIGN KEY (org_id, origin_id) REFERENCES commissions (org_id, id),
  FOREIGN KEY (org_id, payout_id) REFERENCES payouts (org_id, id),
  FOREIGN KEY (org_id, import_id) REFERENCES data_imports (org_id, id),
  CHECK (kind NOT IN ('earned', 'adjustment', 'reversal') OR deal_id IS NOT NULL OR origin_id IS NOT NULL),
  CHECK (kind NOT IN ('reversal', 'dispute', 'carry') OR origin_id IS NOT NULL),
  CHECK (status <> 'in_payout' OR payout_id IS NOT NULL),
  CHECK (status <> 'accrued' OR payout_id IS NULL),
  CHECK (disputed_at IS NULL OR status <> 'in_payout')
) STRICT;
-- One first booking a deal, partner, stream and month: whatever comes later is a correction of it.
CREATE UNIQUE INDEX commissions_earned_once ON commissions (deal_id, partner_id, stream, installment) WHERE kind = 'earned';
-- What is owed, in order, without touching the table.
CREATE INDEX commissions_open ON commissions (org_id, partner_id, currency, id, status, release_at, disputed_at, amount) WHERE status <> 'paid';
CREATE INDEX commissions_by_created ON commissions (org_id, created_at, id);
CREATE INDEX commissions_by_partner ON commissions (org_id, partner_id, created_at, id);
CREATE INDEX commissions_by_status ON commissions (org_id, status, created_at, id);
CREATE INDEX commissions_by_period ON commissions (org_id, period, created_at, id);
CREATE INDEX commissions_by_deal ON commissions (deal_id, partner_id, stream, installment) WHERE deal_id IS NOT NULL;
CREATE INDEX commissions_by_payout ON commissions (payout_id) WHERE payout_id IS NOT NULL;
CREATE INDEX commissions_by_origin ON commissions (origin_id) WHERE origin_id IS NOT NULL;
CREATE INDEX commissions_by_import ON commissions (import_id) WHERE import_id IS NOT NULL;
CREATE INDEX commissions_disputed ON commissions (org_id, disputed_at, id) WHERE disputed_at IS NOT NULL;
CREATE UNIQUE INDEX commissions_by_ref ON commissions (org_id, external_ref) WHERE external_ref IS NOT NULL;
CREATE TRIGGER commissions_start BEFORE INSERT ON commissions
WHEN NEW.status <> 'accrued' AND NOT (NEW.kind = 'imported' AND NEW.status = 'paid') AND NOT (NEW.kind = 'carry' AND NEW.status = 'in_payout')
BEGIN SELECT RAISE(ABORT, 'a commission starts accrued'); END;
CREATE TRIGGER commissions_transition BEFORE UPDATE OF status ON commissions
WHEN OLD.status <> NEW.status AND NOT (
     (OLD.status = 'accrued' AND NEW.status = 'in_payout')
  OR (OLD.status = 'in_payout' AND NEW.status IN ('accrued', 'paid')))
BEGIN SELECT RAISE(ABORT, 'illegal_transition'); END;
CREATE TRIGGER commissions_disputed_stays BEFORE UPDATE OF status ON commissions WHEN NEW.status = 'in_payout' AND NEW.disputed_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a disputed commission is not paid'); END;
CREATE TRIGGER commissions_frozen BEFORE UPDATE OF id, org_id, number, partner_id, program_id, deal_id, run_id, rule_version_id, kind, stream, installment, origin_id, amount,
  currency, period, origin_period, clawback_until, snapshot, created_by, created_at ON commissions
BEGIN SELECT RAISE(ABORT, 'a commission never changes: book an adjustment'); END;
CREATE TRIGGER commissions_stay BEFORE DELETE ON commissions BEGIN SELECT RAISE(ABORT, 'commissions are reversed, never deleted'); END;

CREATE TABLE commission_schedules (
  commission_id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  deal_id TEXT NOT NULL,
  next_installment INTEGER NOT NULL CHECK (next_installment BETWEEN 2 AND 61),
  next_at INTEGER NOT NULL,
  ended_at INTEGER,
  FOREIGN KEY (org_id, commission_id) REFERENCES commissions (org_id, id),
  FOREIGN KEY (org_id, deal_id) REFERENCES deals (org_id, id)
) STRICT;
CREATE INDEX commission_schedules_due ON commission_schedules (next_at) WHERE ended_at IS NULL;
CREATE INDEX commission_schedules_by_deal ON commission_schedules (deal_id);

CREATE TABLE disputes (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  commission_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'released', 'adjusted', 'withdrawn')),
  opened_by TEXT NOT NULL REFERENCES users (id),
  opened_at INTEGER NOT NULL,
  resolved_by TEXT REFERENCES users (id),
  resolved_at INTEGER,
  adjustment_id TEXT REFERENCES commissions (id),
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (org_id, id),
  FOREIGN KEY (org_id, commission_id) REFERENCES commissions (org_id, id),
  FOREIGN KEY (org_id, partner_id) REFERENCES partners (org_id, id),
  CHECK ((status = 'open') = (resolved_at IS NULL)),
  CHECK (status <> 'adjusted' OR adjustment_id IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX disputes_one_open ON disputes (commission_id) WHERE status = 'open';
CREATE INDEX disputes_by_commission ON disputes (commission_id);
CREATE INDEX disputes_by_org ON disputes (org_id, status, opened_at, id);
CREATE INDEX disputes_by_partner ON disputes (org_id, partner_id, opened_at, id);

CREATE TABLE dispute_messages (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  dispute_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  side TEXT NOT NULL CHECK (side IN ('partner', 'staff')),
  body TEXT NOT NULL CHECK (length(body) BETWEEN 1 AND 4000),
  at INTEGER NOT NULL,
  FOREIGN KEY (org_id, dispute_id) REFERENCES disputes (org_id, id)
) STRICT;
CREATE INDEX dispute_messages_by_dispute ON dispute_messages (dispute_id, at, id);

CREATE TABLE closed_periods (
  org_id TEXT NOT NULL REFERENCES organizations (id),
  period TEXT NOT NULL CHECK (period GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]'),
  closed_by TEXT NOT NULL REFERENCES users (id),
  closed_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, period)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER closed_periods_stay BEFORE DELETE ON closed_periods BEGIN SELECT RAISE(ABORT, 'a closed period stays closed'); END;
CREATE TRIGGER commissions_open_period BEFORE INSERT ON commissions
WHEN EXISTS (SELECT 1 FROM closed_periods WHERE org_id = NEW.org_id AND period >= NEW.period)
BEGIN SELECT RAISE(ABORT, 'period_closed'); END;

-- What each month's books took, kept by the trigger: a GROUP BY over a million commissions costs a second.
CREATE TABLE period_totals (
  org_id TEXT NOT NULL,
  period TEXT NOT NULL,
  currency TEXT NOT NULL,
  kind TEXT NOT NULL,
  count INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  PRIMARY KEY (org_id, period, currency, kind)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER period_totals_insert AFTER INSERT ON commissions BEGIN
  INSERT INTO period_totals VALUES (NEW.org_id, NEW.period, NEW.currency, NEW.kind, 1, NEW.amount)
  ON CONFLICT DO UPDATE SET count = count + 1, amount = amount + excluded.amount;
END;

-- Payout runs ----------------------------------------------------------------------------------------------------------

CREATE TABLE fx_rates (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES organizations (id),
  base TEXT NOT NULL CHECK (base GLOB '[A-Z][A-Z][A-Z]'),
  quote TEXT NOT NULL CHECK (quote GLOB '[A-Z][A-Z][A-Z]' AND quote <> base),
  day TEXT NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
  -- units of quote for one of base, times 10^8
  rate_e8 INTEGER NOT NULL CHECK (rate_e8 BETWEEN 1 AND 100000000000000),
  source TEXT NOT NULL CHECK (source IN ('ecb', 'manual')),
  note TEXT CHECK (note IS NULL OR length(note) <= 500),
  created_by TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  UNIQUE (org_id, base, quote, day, source)
) STRICT;
CREATE INDEX fx_rates_by_day ON fx_rates (org_id, day, id);
CREATE TRIGGER fx_rates_frozen BEFORE UPDATE ON fx_rates BEGIN SELECT RAISE(ABORT, 'a rate is kept as it was: enter the next day''s'); END;
CREATE TRIGGER fx_rates_stay BEFORE DELETE ON fx_rates BEGIN SELECT RAISE(ABORT, 'rates are kept'); END;

CREATE TABLE run_minimums (
  org_id TEXT NOT NULL REFERENCES organizations (id),
  scope TEXT NOT NULL CHECK (scope IN ('program', 'partner')),
  scope_id TEXT NOT NULL,
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 99999999),
  PRIMARY KEY (org_id, scope, scope_id, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE payout_runs (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES organizations (id),
  number INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('draft', 'executed', 'discarded')),
  period TEXT NOT NULL CHECK (period GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]'),
  cutoff_at INTEGER NOT NULL,
  program_ids TEXT CHECK (program_ids IS NULL OR json_valid(program_ids)),
  digest TEXT NOT NULL,
  planned_at INTEGER NOT NULL,
  created_by TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  executed_by TEXT REFERENCES users (id),
  executed_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (org_id, id),
  UNIQUE (org_id, number),
  CHECK ((status = 'executed') = (executed_at IS NOT NULL))
) STRICT;
CREATE INDEX payout_runs_by_org ON payout_runs (org_id, created_at, id);
CREATE TRIGGER payout_runs_transition BEFORE UPDATE ON payout_runs WHEN OLD.status <> 'draft'
BEGIN SELECT RAISE(ABORT, 'a run is executed once'); END;

CREATE TABLE payout_run_rows (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  amount INTEGER NOT NULL,
  last_amount INTEGER,
  outcome TEXT NOT NULL CHECK (outcome IN ('pay', 'rolls_over', 'blocked')),
  reason TEXT,
  included INTEGER NOT NULL CHECK (included IN (0, 1)),
  lines TEXT NOT NULL CHECK (json_valid(lines)),
  flags TEXT NOT NULL CHECK (json_valid(flags)),
  blockers TEXT NOT NULL CHECK (json_valid(blockers)),
  digest TEXT NOT NULL,
  payout_id TEXT,
  UNIQUE (run_id, partner_id, currency),
  FOREIGN KEY (org_id, run_id) REFERENCES payout_runs (org_id, id),
  FOREIGN KEY (org_id, partner_id) REFERENCES partners (org_id, id),
  FOREIGN KEY (org_id, payout_id) REFERENCES payouts (org_id, id),
  CHECK (included = 0 OR outcome = 'pay'),
  CHECK (outcome = 'pay' OR reason IS NOT NULL)
) STRICT;
CREATE INDEX payout_run_rows_by_run ON payout_run_rows (run_id, amount, id);

-- Payouts are made of commissions now ------------------------------------------------------------------------------------

-- SQLite changes no CHECK in place: both tables are built anew, row by row. Renaming would otherwise read every trigger while its
-- table is away.
PRAGMA legacy_alter_table = ON;
CREATE TABLE payouts_next (
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
  source TEXT NOT NULL CHECK (source IN ('form', 'api', 'import', 'run', 'demo')),
  import_id TEXT REFERENCES payout_imports (id),
  created_by TEXT NOT NULL REFERENCES users (id),
  -- the payout whose taken-back money this one pays again; its accrual is booked already
  repays TEXT REFERENCES payouts (id),
  -- the payout run that made it of commissions, whose accruals are booked already
  run_id TEXT,
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
  CHECK (needs_review = 0 OR status = 'processing'),
  CHECK ((source = 'run') = (run_id IS NOT NULL)),
  FOREIGN KEY (org_id, run_id) REFERENCES payout_runs (org_id, id)
) STRICT;
INSERT INTO payouts_next (id, org_id, partner_id, number, status, amount, currency, period, reference, notes, source, import_id, created_by, repays, created_at, updated_at, version, approved_at, approved_digest, destination, reject_reason, closed_at, paid_via, paid_at, transfer_id, simulated, manual_method, manual_reference, manual_paid_on, amount_reversed, failure_code, failure_message, needs_review, confirmed_at, destination_payment, bank_status, bank_payout_id, bank_arrival_at, bank_failure_message)
SELECT id, org_id, partner_id, number, status, amount, currency, period, reference, notes, source, import_id, created_by, repays, created_at, updated_at, version, approved_at, approved_digest, destination, reject_reason, closed_at, paid_via, paid_at, transfer_id, simulated, manual_method, manual_reference, manual_paid_on, amount_reversed, failure_code, failure_message, needs_review, confirmed_at, destination_payment, bank_status, bank_payout_id, bank_arrival_at, bank_failure_message FROM payouts;
DROP TABLE payouts;
ALTER TABLE payouts_next RENAME TO payouts;
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
CREATE INDEX payouts_by_run ON payouts (run_id) WHERE run_id IS NOT NULL;

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

CREATE TABLE ledger_next (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES organizations (id),
  partner_id TEXT NOT NULL,
  payout_id TEXT,
  commission_id TEXT,
  kind TEXT NOT NULL CHECK (kind IN ('accrual', 'accrual_void', 'mark_paid', 'settle', 'fail', 'manual_payment', 'reversal', 'reversal_owed', 'reversal_not_owed', 'reversal_reopened',
    'commission', 'commission_reversal', 'imported_payment', 'imported_payment_void', 'conversion_out', 'conversion_in', 'conversion_out_void', 'conversion_in_void')),
  seq INTEGER NOT NULL,
  debit TEXT NOT NULL CHECK (debit IN ('commission_expense', 'partner_payable', 'transfer_clearing', 'stripe_balance', 'reversal_suspense', 'paid_outside', 'fx_conversion')),
  credit TEXT NOT NULL CHECK (credit IN ('commission_expense', 'partner_payable', 'transfer_clearing', 'stripe_balance', 'reversal_suspense', 'paid_outside', 'fx_conversion')),
  amount INTEGER NOT NULL CHECK (amount > 0),
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  at INTEGER NOT NULL,
  UNIQUE (payout_id, kind, seq, currency),
  UNIQUE (commission_id, kind),
  FOREIGN KEY (org_id, payout_id) REFERENCES payouts (org_id, id),
  FOREIGN KEY (org_id, commission_id) REFERENCES commissions (org_id, id),
  CHECK (debit <> credit),
  CHECK ((payout_id IS NULL) <> (commission_id IS NULL))
) STRICT;
INSERT INTO ledger_next (id, org_id, partner_id, payout_id, kind, seq, debit, credit, amount, currency, at)
SELECT id, org_id, partner_id, payout_id, kind, seq, debit, credit, amount, currency, at FROM ledger_entries;
DROP TABLE ledger_entries;
ALTER TABLE ledger_next RENAME TO ledger_entries;
CREATE INDEX ledger_by_org ON ledger_entries (org_id, at, id);
CREATE TRIGGER ledger_append_only_update BEFORE UPDATE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_append_only_delete BEFORE DELETE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
PRAGMA legacy_alter_table = OFF;

-- Each line of a run's payout is a commission; `released_at` is set when the payout is rejected or canceled, or the line leaves it.
ALTER TABLE payout_lines ADD COLUMN commission_id TEXT REFERENCES commissions (id);
ALTER TABLE payout_lines ADD COLUMN conversion TEXT CHECK (conversion IS NULL OR json_valid(conversion));
ALTER TABLE payout_lines ADD COLUMN released_at INTEGER;
-- A commission is in one live payout at most, whatever the code above thinks.
CREATE UNIQUE INDEX payout_lines_once ON payout_lines (commission_id) WHERE commission_id IS NOT NULL AND released_at IS NULL;
DROP TRIGGER payout_lines_frozen;
CREATE TRIGGER payout_lines_frozen BEFORE UPDATE OF payout_id, position, description, amount, currency, commission_id, conversion ON payout_lines
WHEN (SELECT status FROM payouts WHERE id = OLD.payout_id) <> 'pending_approval'
BEGIN SELECT RAISE(ABORT, 'payout_frozen'); END;
