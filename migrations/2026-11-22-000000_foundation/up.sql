-- Every table carries its organisation. Times are UTC; temperatures are integers of 0.01 °C.

-- A tenant, or a partner that a tenant works with: its carriers, consignees and suppliers.
create table organisations (
    id int generated always as identity primary key,
    -- The tenant that made the partner and manages its users; null: it is a tenant itself.
    host_id int references organisations,
    kind text not null default 'consignor' check (kind in ('consignor', 'carrier', 'consignee', 'supplier')),
    name text not null check (length(name) between 1 and 200),
    gln text check (gln ~ '^[0-9]{13}$'),
    created_at timestamptz not null,
    unique nulls not distinct (host_id, name)
);

create table users (
    id uuid primary key,
    organisation_id int not null references organisations,
    email text not null unique check (email = lower(email) and length(email) between 3 and 254),
    role text not null,
    password_hash text not null,
    created_at timestamptz not null,
    disabled_at timestamptz
);
create index users_organisation on users (organisation_id);

-- One webhook source. The token itself is never stored: it has 256 random bits, so a plain SHA-256 suffices.
create table integrations (
    id text primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    organisation_id int not null references organisations,
    network text not null,
    token_sha256 bytea not null check (length(token_sha256) = 32),
    on_broker_away text not null default 'spool' check (on_broker_away in ('spool', 'refuse')),
    created_at timestamptz not null,
    disabled_at timestamptz
);
create index integrations_organisation on integrations (organisation_id);

create table profiles (
    id uuid primary key,
    organisation_id int not null references organisations,
    name text not null,
    version int not null check (version > 0),
    definition jsonb not null,
    created_at timestamptz not null,
    unique (organisation_id, name, version)
);

create table trackers (
    id int generated always as identity primary key,
    organisation_id int not null references organisations,
    dev_eui bigint not null,
    name text not null check (length(name) between 1 and 200),
    codec text not null,
    interval_s int not null check (interval_s between 1 and 86400),
    created_at timestamptz not null,
    unique (organisation_id, dev_eui)
);

-- The latest state: the greatest measured_at, whatever arrived last.
create table tracker_states (
    tracker_id int primary key references trackers on delete cascade,
    organisation_id int not null references organisations,
    heard_at timestamptz not null,
    measured_at timestamptz,
    temperature int,
    humidity int,
    battery_pct int,
    sequence int,
    -- The gateways that heard its latest uplink.
    gateways int[] not null default '{}' check (cardinality(gateways) <= 8),
    -- The numbers of its readings that are followed, when the highest was measured, and how many holes are between them
    -- (missing_readings).
    followed_from int,
    followed_to int,
    followed_to_at timestamptz,
    holes int not null default 0 check (holes between 0 and 64),
    check (followed_from between 0 and followed_to and followed_to <= 16777215)
) with (fillfactor = 80);
create index tracker_states_organisation on tracker_states (organisation_id);

create table shipments (
    id uuid primary key,
    organisation_id int not null references organisations,
    reference text not null check (length(reference) between 1 and 100),
    profile_id uuid not null references profiles,
    status text not null check (status in
        ('draft', 'packed', 'in_transit', 'delivered', 'received', 'closed', 'cancelled')),
    hold text check (hold in ('excursion', 'incomplete', 'recall')),
    origin text,
    destination text,
    created_at timestamptz not null,
    created_by uuid references users,
    unique (organisation_id, reference)
);
-- Partners that have to do with a shipment, and so may see it: planned or present custodians.
create table shipment_parties (
    shipment_id uuid not null references shipments on delete cascade,
    organisation_id int not null references organisations,
    since timestamptz not null,
    primary key (shipment_id, organisation_id)
);
create index shipment_parties_organisation on shipment_parties (organisation_id);
create index shipments_newest on shipments (organisation_id, created_at desc, id desc);
create index shipments_profile on shipments (profile_id);
create index shipments_created_by on shipments (created_by);

-- A tracker rides with a shipment for an interval of time: [from_at, until_at).
create table assignments (
    id uuid primary key,
    organisation_id int not null references organisations,
    shipment_id uuid not null references shipments,
    tracker_id int not null references trackers,
    from_at timestamptz not null,
    until_at timestamptz,
    created_at timestamptz not null,
    check (until_at > from_at)
);
create index assignments_organisation on assignments (organisation_id);
create index assignments_shipment on assignments (shipment_id);
create index assignments_tracker on assignments (tracker_id, from_at);

-- The fold of an assignment's readings so far, and the next instant at which it changes by the clock alone.
create table assignment_states (
    assignment_id uuid primary key references assignments on delete cascade,
    organisation_id int not null references organisations,
    evaluation bytea not null,
    verdict text check (verdict in ('no_excursion', 'incomplete', 'excursion')),
    next_due_at timestamptz,
    -- It has taken in every reading of its ride that was recorded by then.
    known_at timestamptz
) with (fillfactor = 80);
create index assignment_states_organisation on assignment_states (organisation_id);
create index assignment_states_due on assignment_states (next_due_at) where next_due_at is not null;

-- Folds to begin again from when a reading comes late: each has seen the readings up to its instant.
create table evaluation_checkpoints (
    assignment_id uuid not null references assignments on delete cascade,
    at timestamptz not null,
    organisation_id int not null references organisations,
    evaluation bytea not null,
    primary key (assignment_id, at)
);
create index evaluation_checkpoints_organisation on evaluation_checkpoints (organisation_id);

-- The latest time at which something became known to this installation, whatever is done to clocks: one row, so that
-- batches of several processes follow on each other.
create table recording_clock (
    one boolean primary key default true check (one),
    at timestamptz not null
);
insert into recording_clock (at) values ('-infinity');

-- What was known when: an assessment at each instant at which its meaning changed, with the reason. Only added to.
create table assessments (
    id bigint generated always as identity primary key,
    organisation_id int not null references organisations,
    shipment_id uuid not null references shipments,
    assignment_id uuid not null references assignments on delete cascade,
    recorded_at timestamptz not null,
    -- It knew every reading of its ride that was recorded by then; null where there was none.
    known_at timestamptz,
    -- It lists the episodes that ended from then on; null: all.
    settled_until timestamptz,
    cause text not null check (cause in ('readings', 'late_readings', 'clock', 'bound', 'unbound')),
    -- The readings that brought it about.
    new_readings int not null check (new_readings >= 0),
    measured_from timestamptz,
    measured_to timestamptz,
    verdict text not null check (verdict in ('no_excursion', 'incomplete', 'excursion')),
    assessment jsonb not null,
    check ((measured_from is null) = (new_readings = 0) and (measured_to is null) = (new_readings = 0))
);
create index assessments_organisation on assessments (organisation_id);
create index assessments_shipment on assessments (shipment_id, id desc);
create index assessments_assignment on assessments (assignment_id, id);

-- The same value of the same instant is the same reading, however often it comes.
create table readings (
    measured_at timestamptz not null,
    received_at timestamptz not null,
    organisation_id int not null,
    tracker_id int not null,
    sequence int,
    temperature int not null,
    humidity int,
    temperature_min int,
    temperature_max int,
    -- Seconds beyond the tracker's own limits since the reading before.
    out_of_range_s int check (out_of_range_s >= 0),
    -- When this service came to know it: what an earlier assessment could know is what was recorded by then.
    recorded_at timestamptz not null
) partition by range (measured_at);
create unique index readings_key on readings
    (tracker_id, measured_at, temperature, humidity, temperature_min, temperature_max, out_of_range_s)
    nulls not distinct;

-- What cannot count as a reading of its time: without a time, too far ahead, too old. Kept and shown with its reason.
create table set_aside_readings (
    id bigint generated always as identity primary key,
    organisation_id int not null references organisations,
    tracker_id int not null references trackers on delete cascade,
    measured_at timestamptz,
    received_at timestamptz not null,
    sequence int,
    temperature int not null,
    humidity int,
    reason text not null
);
create unique index set_aside_readings_key on set_aside_readings
    (tracker_id, sequence, measured_at, temperature, humidity, reason) nulls not distinct;
create index set_aside_readings_organisation on set_aside_readings (organisation_id);
create index set_aside_readings_tracker on set_aside_readings (tracker_id, id);

-- Every uplink as the network server reported it; copies that differ in receive time are rows of their own.
create table uplinks (
    received_at timestamptz not null,
    arrived_at timestamptz not null,
    organisation_id int not null,
    integration_id text not null,
    dev_eui bigint,
    dev_addr text,
    f_cnt bigint not null,
    f_port int not null,
    payload bytea,
    confirmed boolean not null,
    gateways text not null,
    problem text
) partition by range (received_at);
-- Payload and address by their hashes: an entry of an index has a bound, and what senders write has none.
create unique index uplinks_key on uplinks
    (dev_eui, received_at, f_cnt, integration_id, md5(dev_addr), sha256(payload)) nulls not distinct;

-- Joins, status reports and the like: what a network server says of a device beside its uplinks.
create table device_events (
    organisation_id int not null references organisations,
    integration_id text not null,
    dev_eui bigint,
    kind text not null,
    received_at timestamptz not null,
    arrived_at timestamptz not null,
    unique nulls not distinct (integration_id, dev_eui, kind, received_at)
);
create index device_events_organisation on device_events (organisation_id);

create table unknown_trackers (
    organisation_id int not null references organisations,
    dev_eui bigint not null,
    integration_id text not null,
    first_heard_at timestamptz not null,
    last_heard_at timestamptz not null,
    primary key (organisation_id, dev_eui)
);

-- Bodies of known senders that could not be read.
create table unreadable_bodies (
    sha256 bytea primary key,
    organisation_id int not null references organisations,
    integration_id text not null,
    arrived_at timestamptz not null,
    reason text not null,
    body bytea not null
);
create index unreadable_bodies_organisation on unreadable_bodies (organisation_id, arrived_at desc);

create table alerts (
    id uuid primary key,
    organisation_id int not null references organisations,
    shipment_id uuid references shipments,
    assignment_id uuid references assignments,
    tracker_id int references trackers,
    subject text,
    kind text not null,
    alarm text,
    severity text not null check (severity in ('info', 'warning', 'critical')),
    began_at timestamptz not null,
    alarmed_at timestamptz not null,
    ended_at timestamptz,
    exposure_s bigint,
    extreme int,
    closed_as text check (closed_as in ('closed', 'withdrawn', 'merged')),
    closed_at timestamptz,
    closed_reason text,
    merged_into uuid references alerts,
    acknowledged_at timestamptz,
    acknowledged_by uuid references users,
    acknowledge_reason text,
    created_at timestamptz not null,
    check ((closed_as is null) = (closed_at is null)),
    check ((acknowledged_at is null) = (acknowledge_reason is null)),
    check ((closed_as = 'merged') = (merged_into is not null))
);
create index alerts_newest on alerts (organisation_id, created_at desc, id desc);
create index alerts_open on alerts (organisation_id, created_at desc, id desc)
    where acknowledged_at is null and closed_as is null;
create index alerts_shipment on alerts (shipment_id);
create index alerts_assignment on alerts (assignment_id);
create index alerts_live on alerts (assignment_id, ended_at) where alarm is not null and closed_as is null;
create index alerts_tracker on alerts (tracker_id);
create index alerts_merged_into on alerts (merged_into);
create index alerts_acknowledged_by on alerts (acknowledged_by);
-- One open alert for a subject that is not an episode of an assignment (an integration, a spool).
create unique index alerts_one_open_subject on alerts (organisation_id, kind, subject)
    where subject is not null and closed_as is null and acknowledged_at is null;

-- The audit trail: who or what changed which record, when, from what to what.
create table audit_entries (
    id bigint generated always as identity primary key,
    organisation_id int not null references organisations,
    at timestamptz not null,
    actor uuid references users,
    action text not null,
    subject text not null,
    detail jsonb not null
);
create index audit_entries_subject on audit_entries (organisation_id, subject);
create index audit_entries_actor on audit_entries (actor);

-- The outbox: written in the transaction of its cause, sent afterwards, never dropped.
create table notifications (
    id uuid primary key,
    organisation_id int not null references organisations,
    alert_id uuid not null references alerts,
    user_id uuid not null references users,
    subject text not null,
    body text not null,
    created_at timestamptz not null,
    attempts int not null default 0,
    next_attempt_at timestamptz,
    sent_at timestamptz,
    last_error text,
    check (sent_at is null or next_attempt_at is null)
);
create index notifications_organisation on notifications (organisation_id);
create index notifications_alert on notifications (alert_id);
create index notifications_user on notifications (user_id);
create index notifications_due on notifications (next_attempt_at) where next_attempt_at is not null;

-- The first answer to a request that carried an Idempotency-Key, given again to each repetition.
create table idempotency_keys (
    organisation_id int not null references organisations,
    user_id uuid not null references users,
    key text not null check (length(key) between 1 and 255),
    request_sha256 bytea not null,
    status int not null,
    answer jsonb not null,
    created_at timestamptz not null,
    primary key (user_id, key)
);
create index idempotency_keys_organisation on idempotency_keys (organisation_id);

-- Quality's signature on one version of a profile: who (as printed then), when, and what it means. Never changed.
create table profile_approvals (
    profile_id uuid primary key references profiles,
    organisation_id int not null references organisations,
    approved_by uuid not null references users,
    printed_name text not null check (length(printed_name) between 1 and 254),
    meaning text not null check (length(meaning) between 1 and 500),
    approved_at timestamptz not null
);
create index profile_approvals_organisation on profile_approvals (organisation_id);
create index profile_approvals_approved_by on profile_approvals (approved_by);

create function refuse_change_of_signature() returns trigger language plpgsql as $$
begin
    raise exception 'a signature in % is never changed or removed', tg_table_name;
end $$;
create trigger profile_approvals_append_only before update or delete or truncate on profile_approvals
    for each statement execute function refuse_change_of_signature();
-- When each gateway last heard any device, to the minute.
create table gateways (
    id int generated always as identity primary key,
    organisation_id int not null references organisations,
    integration_id text not null,
    name text not null check (length(name) between 1 and 100),
    heard_at timestamptz not null,
    unique (organisation_id, integration_id, name)
);

-- Consecutive numbers of a tracker that are missing between others that came.
create table missing_readings (
    tracker_id int not null references trackers on delete cascade,
    organisation_id int not null references organisations,
    first_number int not null check (first_number > 0),
    last_number int not null check (last_number between first_number and 16777214),
    -- When the readings beside them were measured.
    before_at timestamptz,
    after_at timestamptz,
    known_at timestamptz not null,
    -- They were waited for long enough: the alert of each ride that misses them says so.
    overdue boolean not null,
    primary key (tracker_id, first_number)
);
create index missing_readings_organisation on missing_readings (organisation_id);
create index missing_readings_awaited on missing_readings (tracker_id, first_number) where not overdue;

-- What an alert about missing readings says of them.
create table alert_readings (
    alert_id uuid primary key references alerts on delete cascade,
    organisation_id int not null references organisations,
    first_number int not null check (first_number > 0),
    last_number int not null check (last_number >= first_number),
    readings int not null check (readings between 1 and last_number - first_number + 1)
);
create index alert_readings_organisation on alert_readings (organisation_id);

-- The gateway that an alert is about, and the rides that are silent because of it.
create table alert_gateways (
    alert_id uuid primary key references alerts on delete cascade,
    organisation_id int not null references organisations,
    gateway_id int not null references gateways
);
create index alert_gateways_organisation on alert_gateways (organisation_id);
create index alert_gateways_gateway on alert_gateways (gateway_id);
create table alert_rides (
    alert_id uuid not null references alert_gateways on delete cascade,
    assignment_id uuid not null references assignments,
    organisation_id int not null references organisations,
    silent_since timestamptz not null,
    joined_at timestamptz not null,
    -- Its tracker was heard again, or could have been, or nobody waits for it any more.
    until_at timestamptz,
    primary key (alert_id, assignment_id)
);
create index alert_rides_organisation on alert_rides (organisation_id);
create index alert_rides_assignment on alert_rides (assignment_id);
create index alert_rides_under_way on alert_rides (alert_id) where until_at is null;
create index alerts_of_gateways on alerts (id) where kind = 'gateway_silent' and closed_as is null;
