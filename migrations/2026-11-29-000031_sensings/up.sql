-- What changed with trackers that others made, found when they tell it: a page of it reads that much and no history.
create table tracker_sensings (
    tracker_id int not null references trackers on delete cascade,
    at timestamptz not null,
    -- Of domain::tracker_report::Sensed, and what it says from then on, or the peak of a shock.
    field text not null,
    value jsonb not null,
    organisation_id int not null references organisations,
    received_at timestamptz not null,
    primary key (tracker_id, at, field)
);
create index tracker_sensings_organisation on tracker_sensings (organisation_id);
-- What a field said before an instant.
create index tracker_sensings_of_field on tracker_sensings (tracker_id, field, at);

insert into tracker_sensings (tracker_id, at, field, value, organisation_id, received_at)
select tracker_id, at, field, value, organisation_id, received_at from (
    select *, lag(value, 1, 'false') over (partition by tracker_id, field order by at) as before from (
        select distinct on (s.tracker_id, e.key, s.at) s.tracker_id, s.at, e.key as field, e.value, s.organisation_id,
            s.received_at
        from tracker_senses s cross join lateral jsonb_each(s.sensed) e
        where e.key in ('open', 'moving', 'tampered', 'battery_low', 'sensor_failed', 'shock_mg')
        order by s.tracker_id, e.key, s.at, e.value desc, s.received_at) told) changed
where field = 'shock_mg' or value <> before;
