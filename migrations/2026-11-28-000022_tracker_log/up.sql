-- The number of the oldest entry that a tracker's log held when it last said so; it only grows.
alter table spoken_trackers add column oldest int check (oldest between 0 and 16777215);

-- What a tracker's log holds beside readings, under numbers of its own.
create table tracker_log (
    tracker_id int not null references trackers on delete cascade,
    number int not null check (number between 0 and 16777215),
    organisation_id int not null references organisations,
    -- Null: the tracker did not know the time.
    at timestamptz,
    received_at timestamptz not null,
    -- An event with its value, or entries that were lost.
    kind text,
    value int check (value between 0 and 255),
    lost_first int,
    lost_last int,
    primary key (tracker_id, number),
    check (num_nulls(kind, value) in (0, 2)),
    check ((kind is null) = (lost_first is not null)),
    check ((kind is null) = (lost_last is not null)),
    check (lost_first between 0 and lost_last)
);
create index tracker_log_organisation on tracker_log (organisation_id);
create index tracker_log_lost on tracker_log (tracker_id, lost_last) where lost_last is not null;

-- What a tracker still holds below the first number that came may begin at 0.
alter table missing_readings drop constraint missing_readings_first_number_check,
    add constraint missing_readings_first_number_check check (first_number >= 0);
alter table alert_readings drop constraint alert_readings_first_number_check,
    add constraint alert_readings_first_number_check check (first_number >= 0);
