-- As printed beside what somebody did; the address stands for it where nobody gave a name.
alter table users add column name text check (length(name) between 1 and 254);
update users set name = email;
alter table users alter column name set not null;

-- Nothing that entitled somebody is ever deleted: it ends, with the reason.
create function refuse_deletion() returns trigger language plpgsql as $$
begin
    raise exception 'a row of % is never removed: end it with its reason', tg_table_name;
end $$;

-- A partner works under contract for the tenant: [from_at, until_at), cut short by ended_at.
create table contracts (
    id uuid primary key,
    organisation_id int not null references organisations,
    partner_id int not null references organisations,
    title text not null check (length(title) between 1 and 200),
    reference text check (length(reference) between 1 and 100),
    from_at timestamptz not null,
    until_at timestamptz,
    ended_at timestamptz,
    ended_reason text check (length(ended_reason) between 1 and 500),
    created_at timestamptz not null,
    check (until_at > from_at),
    check ((ended_at is null) = (ended_reason is null))
);
create index contracts_organisation on contracts (organisation_id);
create index contracts_partner on contracts (partner_id);
create trigger contracts_are_kept before delete or truncate on contracts
    for each statement execute function refuse_deletion();

-- People without an account show a badge. Its number is short and could be guessed from a plain hash: the hash is keyed
-- with the installation's badge.key. A number is given out once, so that it never means two people.
create table badges (
    id uuid primary key,
    organisation_id int not null references organisations,
    holder_organisation_id int not null references organisations,
    holder text not null check (length(holder) between 1 and 200),
    number_hmac bytea not null check (length(number_hmac) = 32),
    from_at timestamptz not null,
    until_at timestamptz,
    ended_at timestamptz,
    ended_reason text check (length(ended_reason) between 1 and 500),
    created_at timestamptz not null,
    unique (organisation_id, number_hmac),
    check (until_at > from_at),
    check ((ended_at is null) = (ended_reason is null))
);
create index badges_holder_organisation on badges (holder_organisation_id);
create trigger badges_are_kept before delete or truncate on badges
    for each statement execute function refuse_deletion();

-- Somebody was trained in a topic and may act on it: [from_at, until_at), cut short by ended_at.
create table trainings (
    id uuid primary key,
    organisation_id int not null references organisations,
    user_id uuid references users,
    badge_id uuid references badges,
    topic text not null,
    from_at timestamptz not null,
    until_at timestamptz,
    ended_at timestamptz,
    ended_reason text check (length(ended_reason) between 1 and 500),
    created_at timestamptz not null,
    check (num_nonnulls(user_id, badge_id) = 1),
    check (until_at > from_at),
    check ((ended_at is null) = (ended_reason is null))
);
create index trainings_organisation on trainings (organisation_id);
create index trainings_user on trainings (user_id);
create index trainings_badge on trainings (badge_id);
create trigger trainings_are_kept before delete or truncate on trainings
    for each statement execute function refuse_deletion();

-- Secrets with which somebody without an account accepts one offer of custody: told as a code, or sent as a link.
create table acceptance_codes (
    id uuid primary key,
    organisation_id int not null references organisations,
    shipment_id uuid not null references shipments,
    -- The offer's entry in the shipment's ledger.
    offer_id uuid not null,
    purpose text not null check (purpose in ('code', 'link')),
    -- Keyed like a badge's number.
    secret_hmac bytea not null check (length(secret_hmac) = 32),
    -- Who is expected to accept.
    receiver_id int not null references organisations,
    receiver_name text check (length(receiver_name) between 1 and 200),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    -- Wrong codes that were told for its offer since it was made.
    attempts int not null default 0 check (attempts between 0 and 5),
    used_at timestamptz,
    check (expires_at > created_at),
    unique (offer_id, secret_hmac)
);
create index acceptance_codes_organisation on acceptance_codes (organisation_id);
create index acceptance_codes_shipment on acceptance_codes (shipment_id);
create index acceptance_codes_receiver on acceptance_codes (receiver_id);
create unique index acceptance_codes_link on acceptance_codes (secret_hmac) where purpose = 'link';
