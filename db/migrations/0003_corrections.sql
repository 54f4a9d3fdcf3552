-- Paid and reversed by month -------------------------------------------------------------------------------------------

-- What was paid in a month stays its figure: a reversal counts in the month in which it happened, and says which month it is of.
CREATE TABLE payout_reversals (
  payout_id TEXT NOT NULL,
  -- what of the payout was reversed in all, this one included
  total INTEGER NOT NULL CHECK (total > 0),
  org_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  currency TEXT NOT NULL,
  month TEXT NOT NULL CHECK (month GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]'),
  -- the month of the payment
  origin_month TEXT NOT NULL CHECK (origin_month GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]'),
  at INTEGER NOT NULL,
  PRIMARY KEY (payout_id, total),
  FOREIGN KEY (org_id, payout_id) REFERENCES payouts (org_id, id),
  FOREIGN KEY (org_id, partner_id) REFERENCES partners (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX payout_reversals_by_month ON payout_reversals (org_id, month, at, payout_id);

ALTER TABLE payout_months ADD COLUMN reversed INTEGER NOT NULL DEFAULT 0;
UPDATE payout_months SET amount = payout_months.amount + r.amount
FROM (
  SELECT p.org_id, iif(w.own, p.partner_id, '') AS partner_id, p.currency, strftime('%Y-%m', p.paid_at / 1000, 'unixepoch') AS month, sum(p.amount_reversed) AS amount
  FROM payouts p CROSS JOIN (SELECT 0 AS own UNION ALL SELECT 1) w
  WHERE p.amount_reversed > 0 AND p.paid_at IS NOT NULL GROUP BY 1, 2, 3, 4) AS r
WHERE r.org_id = payout_months.org_id AND r.partner_id = payout_months.partner_id AND r.currency = payout_months.currency AND r.month = payout_months.month;

CREATE TRIGGER payout_reversals_months AFTER INSERT ON payout_reversals BEGIN
  INSERT INTO payout_months VALUES
    (NEW.org_id, '', NEW.currency, NEW.month, 0, 0, NEW.amount),
    (NEW.org_id, NEW.partner_id, NEW.currency, NEW.month, 0, 0, NEW.amount)
  ON CONFLICT DO UPDATE SET reversed = reversed + excluded.reversed;
END;
-- Each reversal is in the ledger with its time.
INSERT INTO payout_reversals
SELECT l.payout_id, sum(l.amount) OVER (PARTITION BY l.payout_id ORDER BY l.seq), l.org_id, l.partner_id, l.amount, l.currency,
  strftime('%Y-%m', l.at / 1000, 'unixepoch'), strftime('%Y-%m', p.paid_at / 1000, 'unixepoch'), l.at
FROM ledger_entries l JOIN payouts p ON p.id = l.payout_id AND p.org_id = l.org_id
WHERE l.kind = 'reversal' AND p.paid_at IS NOT NULL;
CREATE TRIGGER payout_reversals_append_only_update BEFORE UPDATE ON payout_reversals BEGIN SELECT RAISE(ABORT, 'reversals are append-only'); END;
CREATE TRIGGER payout_reversals_append_only_delete BEFORE DELETE ON payout_reversals BEGIN SELECT RAISE(ABORT, 'reversals are append-only'); END;

DROP TRIGGER payout_months_insert;
DROP TRIGGER payout_months_paid;
DROP TRIGGER payout_months_reversed;
-- A closed month takes nothing, whatever the clock says: then it is the first open one.
CREATE TRIGGER payout_months_insert AFTER INSERT ON payouts WHEN NEW.paid_at IS NOT NULL BEGIN
  INSERT INTO payout_months
  SELECT NEW.org_id, partner, NEW.currency, max(strftime('%Y-%m', NEW.paid_at / 1000, 'unixepoch'), first_open), 1, NEW.amount, 0
  FROM (SELECT '' AS partner UNION ALL SELECT NEW.partner_id),
    (SELECT coalesce(strftime('%Y-%m', max(period) || '-01', '+1 month'), '') AS first_open FROM closed_periods WHERE org_id = NEW.org_id) WHERE true
  ON CONFLICT DO UPDATE SET count = count + 1, amount = amount + excluded.amount;
  INSERT INTO payout_reversals
  SELECT NEW.id, NEW.amount_reversed, NEW.org_id, NEW.partner_id, NEW.amount_reversed, NEW.currency,
    max(strftime('%Y-%m', NEW.updated_at / 1000, 'unixepoch'), first_open), strftime('%Y-%m', NEW.paid_at / 1000, 'unixepoch'), NEW.updated_at
  FROM (SELECT coalesce(strftime('%Y-%m', max(period) || '-01', '+1 month'), '') AS first_open FROM closed_periods WHERE org_id = NEW.org_id)
  WHERE NEW.amount_reversed > 0;
END;
CREATE TRIGGER payout_months_paid AFTER UPDATE OF paid_at ON payouts WHEN OLD.paid_at IS NULL AND NEW.paid_at IS NOT NULL BEGIN
  INSERT INTO payout_months
  SELECT NEW.org_id, partner, NEW.currency, max(strftime('%Y-%m', NEW.paid_at / 1000, 'unixepoch'), first_open), 1, NEW.amount, 0
  FROM (SELECT '' AS partner UNION ALL SELECT NEW.partner_id),
    (SELECT coalesce(strftime('%Y-%m', max(period) || '-01', '+1 month'), '') AS first_open FROM closed_periods WHERE org_id = NEW.org_id) WHERE true
  ON CONFLICT DO UPDATE SET count = count + 1, amount = amount + excluded.amount;
END;
CREATE TRIGGER payout_months_reversed AFTER UPDATE OF amount_reversed ON payouts
WHEN NEW.paid_at IS NOT NULL AND OLD.amount_reversed <> NEW.amount_reversed BEGIN
  INSERT INTO payout_reversals
  SELECT NEW.id, NEW.amount_reversed, NEW.org_id, NEW.partner_id, NEW.amount_reversed - OLD.amount_reversed, NEW.currency,
    max(strftime('%Y-%m', NEW.updated_at / 1000, 'unixepoch'), first_open), strftime('%Y-%m', NEW.paid_at / 1000, 'unixepoch'), NEW.updated_at
  FROM (SELECT coalesce(strftime('%Y-%m', max(period) || '-01', '+1 month'), '') AS first_open FROM closed_periods WHERE org_id = NEW.org_id);
END;

-- Rules matched again --------------------------------------------------------------------------------------------------

-- A partner keeps the rule by which a deal was booked, unless somebody decides to match the rules again: the newest decision counts.
CREATE TABLE rule_rematches (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  deal_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  stream TEXT NOT NULL CHECK (stream IN ('base', 'spiff')),
  -- counts up by deal, partner and stream
  number INTEGER NOT NULL CHECK (number > 0),
  -- both null: nothing pays
  rule_version_id TEXT,
  default_rate_bp INTEGER CHECK (default_rate_bp BETWEEN 0 AND 10000),
  losing TEXT NOT NULL CHECK (json_valid(losing)),
  reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (deal_id, partner_id, stream, number),
  FOREIGN KEY (org_id, deal_id) REFERENCES deals (org_id, id),
  FOREIGN KEY (org_id, partner_id) REFERENCES partners (org_id, id),
  FOREIGN KEY (org_id, rule_version_id) REFERENCES rule_versions (org_id, id),
  CHECK (rule_version_id IS NULL OR default_rate_bp IS NULL)
) STRICT;
CREATE TRIGGER rule_rematches_append_only_update BEFORE UPDATE ON rule_rematches BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER rule_rematches_append_only_delete BEFORE DELETE ON rule_rematches BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
