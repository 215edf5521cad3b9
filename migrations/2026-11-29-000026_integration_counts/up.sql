-- What came by each integration, since this is counted. By the arrival at the ingester.
create table integration_counts (
    integration_id text primary key references integrations,
    organisation_id int not null references organisations,
    -- Events that were not known before, and such that were.
    accepted bigint not null check (accepted >= 0),
    repeated bigint not null check (repeated >= 0),
    -- Bodies of the right sender that nobody can read.
    unreadable bigint not null check (unreadable >= 0),
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null
);
create index integration_counts_organisation on integration_counts (organisation_id);

-- Webhooks that were turned away, and are lost with most senders.
create table integration_refusals (
    integration_id text not null references integrations,
    reason text not null,
    organisation_id int not null references organisations,
    count bigint not null check (count > 0),
    first_refused_at timestamptz not null,
    last_refused_at timestamptz not null,
    primary key (integration_id, reason)
);
create index integration_refusals_organisation on integration_refusals (organisation_id);

-- Asked each second: the alerts about refused webhooks that data have not ended.
create index alerts_refusals on alerts (organisation_id, subject) where kind = 'webhook_refused' and closed_as is null;
