-- What quality decided on a shipment: who (as printed then), when, what it means and why, and on what. Never changed.
create table dispositions (
    id uuid primary key,
    organisation_id int not null references organisations,
    shipment_id uuid not null references shipments,
    decision text not null check (decision in ('release', 'reject', 'return', 'destroy')),
    -- A release that ends the hold for a recall, too.
    lifts_recall boolean not null check (not lifts_recall or decision = 'release'),
    decided_by uuid not null references users,
    printed_name text not null check (length(printed_name) between 1 and 254),
    meaning text not null check (length(meaning) between 1 and 500),
    reason text not null check (length(reason) between 1 and 2000),
    decided_at timestamptz not null,
    -- The hold that it settles, and the assessment as it was then; null without a tracker.
    hold text,
    verdict text check (verdict in ('no_excursion', 'incomplete', 'excursion')),
    assessment jsonb not null,
    -- The name of what was known, as the assessment showed it.
    digest text not null check (digest ~ '^[0-9a-f]{64}$'),
    -- What was wrong second by second: a release covers this and no more.
    flaws jsonb not null
);
create index dispositions_organisation on dispositions (organisation_id);
create index dispositions_shipment on dispositions (shipment_id, decided_at desc, id desc);
create index dispositions_decided_by on dispositions (decided_by);
create trigger dispositions_append_only before update or delete or truncate on dispositions
    for each statement execute function refuse_change_of_signature();

alter table shipments
    drop constraint shipments_hold_check,
    add constraint shipments_hold_check
        check (hold in ('excursion', 'incomplete', 'returned', 'recall', 'decision')),
    -- The last decision.
    add column disposition_id uuid references dispositions,
    -- Called off before anybody took it over, or turned back on its way.
    add column cancelled_at timestamptz,
    add column cancel_reason text,
    add column turned_back_at timestamptz,
    add column turn_back_reason text,
    -- How long its trackers may take to come back after their rides; null: the domain's default.
    add column days_to_return int check (days_to_return between 1 and 365),
    add check ((cancelled_at is null) = (cancel_reason is null)),
    add check ((turned_back_at is null) = (turn_back_reason is null));
create index shipments_disposition on shipments (disposition_id);

alter table trackers
    -- When somebody last said that it is back, and that it is lost; who, stands in the audit trail.
    add column returned_at timestamptz,
    add column lost_at timestamptz;
