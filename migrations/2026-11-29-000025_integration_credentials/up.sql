alter table integrations
    -- Counts beside the newer one until it is retired, so that a sender can change over without losing a frame.
    add column older_token_sha256 bytea check (length(older_token_sha256) = 32),
    -- The token as it is, of networks that sign with it: their signature cannot be checked by a hash.
    add column shared_key text check (length(shared_key) between 1 and 200),
    add column older_shared_key text check (length(older_shared_key) between 1 and 200),
    -- In CIDR notation; none: webhooks may come from anywhere.
    add column allowed_addresses text[] not null default '{}',
    add constraint integrations_older_check check (older_shared_key is null or older_token_sha256 is not null);
