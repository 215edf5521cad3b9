-- What a tracker last said of itself, each with when the network received it.
create table tracker_reports (
    tracker_id int primary key references trackers on delete cascade,
    organisation_id int not null references organisations,
    -- How it is.
    status jsonb,
    status_at timestamptz,
    -- What is in force with it.
    setup jsonb,
    setup_at timestamptz,
    check (num_nulls(status, status_at) in (0, 2)),
    check (num_nulls(setup, setup_at) in (0, 2))
);
create index tracker_reports_organisation on tracker_reports (organisation_id);

create index tracker_log_restarts on tracker_log (tracker_id, number) where kind = 'restarted';

-- Said by a status, and never along with a reading.
alter table tracker_states drop column battery_pct;
