-- Second factors: authenticator apps, passkeys, recovery codes, and when a session last proved whose it is.

-- Whatever moves money takes a second factor. On for every organization, those that were here before included: whoever has none
-- is led to set one up when it is first needed, so nobody is shut out.
ALTER TABLE organizations ADD COLUMN two_factor_required INTEGER NOT NULL DEFAULT 1 CHECK (two_factor_required IN (0, 1));

-- When and how the person last proved that it is them. Sessions from before have not.
ALTER TABLE sessions ADD COLUMN proven_at INTEGER;
ALTER TABLE sessions ADD COLUMN proven_by TEXT CHECK (proven_by IS NULL OR proven_by IN ('password', 'totp', 'passkey', 'recovery'));

-- One authenticator app a person. The secret is sealed with a key that is not in the database; last_step is the time step of the
-- last code that was taken, so that each works once.
CREATE TABLE totp_factors (
  user_id TEXT PRIMARY KEY REFERENCES users (id),
  secret TEXT NOT NULL,
  last_step INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER
) STRICT;

-- id is the credential's own, base64url; the public key is in COSE form, base64url. The private one never leaves its device.
CREATE TABLE passkeys (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  public_key TEXT NOT NULL,
  counter INTEGER NOT NULL,
  transports TEXT NOT NULL CHECK (json_valid(transports)),
  created_at INTEGER NOT NULL,
  last_used_at INTEGER
) STRICT;
CREATE INDEX passkeys_by_user ON passkeys (user_id);

-- id is the SHA-256 of the code, which has 120 random bits.
CREATE TABLE recovery_codes (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT;
CREATE INDEX recovery_codes_by_user ON recovery_codes (user_id);

-- Somebody gave the right password and owes the second factor. It is no session, and nothing but the second step looks here.
-- id is the SHA-256 of the token in a cookie of its own.
CREATE TABLE sign_ins (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  membership_id TEXT NOT NULL REFERENCES memberships (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_ins_by_user ON sign_ins (user_id);

-- What a passkey was asked to sign; each is used once. id is the SHA-256 of the challenge. Without a user for a sign-in by passkey
-- alone, where the passkey says whose it is.
CREATE TABLE passkey_challenges (
  id TEXT PRIMARY KEY,
  purpose TEXT NOT NULL CHECK (purpose IN ('add', 'confirm', 'sign_in')),
  user_id TEXT REFERENCES users (id),
  expires_at INTEGER NOT NULL,
  CHECK (purpose = 'sign_in' OR user_id IS NOT NULL)
) STRICT;
CREATE INDEX passkey_challenges_by_expiry ON passkey_challenges (expires_at);
