-- What an alert about custody is about within its shipment, so that the same thing is one alert; and what a person should
-- know of it.
alter table alerts add column finding text, add column detail text;
create index alerts_findings on alerts (shipment_id, kind) where finding is not null;

-- When each shipment's custody has to be looked at again. Whoever writes something that it depends on marks it; who looks
-- sets the next time only where nobody has marked it meanwhile.
create table watches (
    shipment_id uuid primary key references shipments,
    organisation_id int not null references organisations,
    -- None: only a mark can change anything.
    due_at timestamptz,
    marks bigint not null default 1,
    -- The latest handover: an earlier reading that comes late can change what was known then.
    handed_over_at timestamptz
);
create index watches_organisation on watches (organisation_id);
create index watches_due on watches (due_at) where due_at is not null;
-- What is delivered already was handed over before anybody watched.
insert into watches (shipment_id, organisation_id, due_at, handed_over_at)
    select id, organisation_id, now(), now() from shipments where status in ('packed', 'in_transit');
