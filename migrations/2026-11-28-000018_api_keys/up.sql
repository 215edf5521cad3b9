-- Keys by which programs of a tenant's partners act. Each is a user, so that what it does stands under its name; it shows a
-- key in the place of a password. The key itself is never stored: it has 256 random bits, so a plain SHA-256 suffices.
create table api_keys (
    user_id uuid primary key references users,
    -- The tenant; the user's organisation is the partner.
    organisation_id int not null references organisations,
    prefix text not null unique check (prefix ~ '^ist_[0-9a-f]{10}$'),
    sha256 bytea not null check (length(sha256) = 32),
    expires_at timestamptz,
    -- Noted at most once an hour.
    last_used_at timestamptz,
    -- Null: the operator, at the command line.
    created_by uuid references users,
    revoked_reason text check (length(revoked_reason) between 1 and 500)
);
create index api_keys_organisation on api_keys (organisation_id);
create index api_keys_created_by on api_keys (created_by);
