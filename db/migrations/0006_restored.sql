-- Since when Stripe may hold transfers that are missing here, in UTC milliseconds: the time of the backup that was restored. Null once both
-- sides were compared. Until then nothing may be sent, whoever tries to resume it.
ALTER TABLE organizations ADD COLUMN unreconciled_since INTEGER
  CHECK (unreconciled_since IS NULL OR transfers_paused_at IS NOT NULL);
