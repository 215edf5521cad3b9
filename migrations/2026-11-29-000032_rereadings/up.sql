-- Whether readings were stored of an uplink, also where not all of it could be read: it is not read anew.
alter table uplinks add column gave_readings boolean not null default false;

-- Trackers that were registered, or are read in another way now: what was kept of each and gave no readings is read anew, page
-- by page.
create table rereadings (
    tracker_id int primary key references trackers on delete cascade,
    organisation_id int not null references organisations,
    -- By the network's receive time; null at the beginning.
    done_until timestamptz
);
create index rereadings_organisation on rereadings (organisation_id);
