-- Photos of a shipment's boxes at a handover, byte by byte as they came; entries of its ledger name them by their hash.
create table custody_photos (
    shipment_id uuid not null references shipments,
    sha256 bytea not null check (length(sha256) = 32),
    organisation_id int not null references organisations,
    -- Whose people kept it: the organisation itself or a partner.
    kept_for int not null references organisations,
    kept_by uuid not null references users,
    kept_at timestamptz not null,
    kind text not null check (kind in ('jpeg', 'png')),
    content bytea not null check (length(content) between 1 and 5000000),
    primary key (shipment_id, sha256)
);
-- It is compressed already.
alter table custody_photos alter column content set storage external;
create index custody_photos_organisation on custody_photos (organisation_id);
create index custody_photos_kept_for on custody_photos (kept_for);
create index custody_photos_kept_by on custody_photos (kept_by);
create trigger custody_photos_append_only before update or delete or truncate on custody_photos
    for each statement execute function refuse_change_of_ledger();
