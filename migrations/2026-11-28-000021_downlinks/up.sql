-- How a network names a device, where the DevEUI is not enough to send something to it.
alter table uplinks add column application text, add column device text;

-- What is known of a tracker as one who is spoken to.
create table spoken_trackers (
    tracker_id int primary key references trackers on delete cascade,
    organisation_id int not null references organisations,
    -- Of the last downlink that was made: the next one has a higher one, for the tracker's life.
    last_number int not null default 0 check (last_number between 0 and 16777215),
    -- Up to which number of its log it was told that all is held, and said that it knows.
    acknowledged int check (acknowledged between 0 and 16777215),
    -- When that was for the last time; before the first time, since when it is followed.
    acknowledged_at timestamptz not null,
    -- Until then nothing is planned for it.
    paused_until timestamptz not null,
    -- Its latest question how far its clock is off, until the tracker has the answer.
    clock jsonb
);
create index spoken_trackers_organisation on spoken_trackers (organisation_id);

-- What is said to trackers, and what became of it.
create table downlinks (
    tracker_id int not null references trackers on delete cascade,
    number int not null check (number between 1 and 16777215),
    organisation_id int not null references organisations,
    -- By which it goes out: the one that brought the tracker's latest uplink.
    integration_id text not null references integrations,
    -- The device as the network names it, where the DevEUI is not enough.
    application text,
    device text,
    commands jsonb not null check (jsonb_typeof(commands) = 'array'),
    f_port int not null check (f_port between 1 and 223),
    payload bytea not null,
    state text not null
        check (state in ('queued', 'handed_over', 'acknowledged', 'unanswered', 'failed', 'expired')),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    attempts int not null default 0,
    next_attempt_at timestamptz,
    handed_over_at timestamptz,
    -- By which the network speaks of it.
    network_name text,
    ended_at timestamptz,
    -- Why the last attempt failed, or how it ended.
    reason text,
    primary key (tracker_id, number),
    check ((state = 'queued') = (next_attempt_at is not null)),
    check ((state in ('queued', 'handed_over')) = (ended_at is null)),
    check (state <> 'handed_over' or (handed_over_at is not null and network_name is not null))
);
-- One at a time, so that nothing overtakes.
create unique index downlinks_open on downlinks (tracker_id) where state in ('queued', 'handed_over');
create index downlinks_organisation on downlinks (organisation_id);
create index downlinks_integration on downlinks (integration_id);
create index downlinks_due on downlinks (next_attempt_at) where next_attempt_at is not null;
create index downlinks_waiting on downlinks (expires_at) where ended_at is null;
create index downlinks_named on downlinks (integration_id, network_name) where state = 'handed_over';
