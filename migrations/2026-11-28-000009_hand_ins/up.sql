-- What other companies' systems handed in of handovers. An event whose entry is not written yet waits for what it
-- continues.
create table hand_ins (
    -- The tenant whose shipment it is.
    organisation_id int not null references organisations,
    -- Whose event it is; the event's id is that system's own.
    party_id int not null references organisations,
    event_id text not null check (length(event_id) between 1 and 100),
    shipment_id uuid not null references shipments,
    -- What its entry bears in the ledger, made of organisation and event.
    entry_id uuid not null,
    -- What was sent, to tell the same from another; and what it was taken for, with its box found.
    sent_sha256 bytea not null check (length(sent_sha256) = 32),
    event text not null,
    -- Who handed it in, as he was called then.
    handed_in_by uuid not null references users,
    person text not null,
    received_at timestamptz not null,
    written_at timestamptz,
    primary key (organisation_id, party_id, event_id)
);
create index hand_ins_party on hand_ins (party_id);
create index hand_ins_shipment on hand_ins (shipment_id, received_at, entry_id);
create index hand_ins_handed_in_by on hand_ins (handed_in_by);
create index hand_ins_waiting on hand_ins (shipment_id) where written_at is null;
