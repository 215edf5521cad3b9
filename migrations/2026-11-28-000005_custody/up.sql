-- The keys with which the service has signed, so that every signature can be checked after a change of keys.
create table ledger_keys (
    -- Of its public key, as the service computes it.
    id text primary key check (id ~ '^[0-9a-f]{16}$'),
    public_key bytea not null unique check (length(public_key) = 32),
    first_used_at timestamptz not null
);

-- The ledger of each shipment: what its parties wrote of its custody, in the order in which the service came to know
-- it. The texts are what is hashed and signed; the other columns are taken from them.
create table custody_records (
    shipment_id uuid not null references shipments,
    sequence int not null check (sequence > 0),
    organisation_id int not null references organisations,
    -- Given by the writer, so that an entry that is handed in twice is kept once.
    entry_id uuid not null,
    entry text not null,
    record text not null,
    signature bytea not null check (length(signature) = 64),
    key_id text not null references ledger_keys,
    primary key (shipment_id, sequence),
    unique (shipment_id, entry_id)
);
create index custody_records_organisation on custody_records (organisation_id);
create index custody_records_key on custody_records (key_id);

create function refuse_change_of_ledger() returns trigger language plpgsql as $$
begin
    raise exception '% is only added to: what is wrong in it is corrected by a further entry', tg_table_name;
end $$;
create trigger custody_records_append_only before update or delete or truncate on custody_records
    for each statement execute function refuse_change_of_ledger();
create trigger ledger_keys_append_only before update or delete or truncate on ledger_keys
    for each statement execute function refuse_change_of_ledger();
