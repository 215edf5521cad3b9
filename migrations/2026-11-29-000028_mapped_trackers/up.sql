-- What the network server's own decoder made of a payload, as JSON text: kept where a tracker is read by it, or is not
-- registered yet. Where there is no payload it tells two uplinks apart.
alter table uplinks add column decoded text;
drop index uplinks_key;
create unique index uplinks_key on uplinks (dev_eui, received_at, f_cnt, integration_id, md5(dev_addr), sha256(payload),
    (case when payload is null then md5(decoded) end)) nulls not distinct;

-- Where a decoded object says what a tracker measured.
alter table trackers add column mapping jsonb,
    add constraint trackers_mapping_check check ((codec = 'mapped') = (mapping is not null));

-- What trackers that others made tell beside readings, as domain::tracker_report::Sensed has it without what is unknown.
create table tracker_senses (
    tracker_id int not null references trackers on delete cascade,
    organisation_id int not null references organisations,
    at timestamptz not null,
    received_at timestamptz not null,
    sensed jsonb not null,
    primary key (tracker_id, at, sensed)
);
create index tracker_senses_organisation on tracker_senses (organisation_id);
