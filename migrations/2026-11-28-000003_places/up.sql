-- Where shipments begin, change hands and end. Changed in place: what stood before is in the audit trail.
create table places (
    id uuid primary key,
    organisation_id int not null references organisations,
    name text not null check (length(name) between 1 and 200),
    address text check (length(address) between 1 and 500),
    gln text check (gln ~ '^[0-9]{13}$'),
    -- Whose it is: the tenant's, or a partner's; null: nobody said.
    operator_id int references organisations,
    fence jsonb,
    opening jsonb,
    storage text[] not null default '{}',
    created_at timestamptz not null,
    unique (organisation_id, name)
);
create index places_operator on places (operator_id);

-- A way that is driven again and again. Its ends never change: plans rest on them.
create table lanes (
    id uuid primary key,
    organisation_id int not null references organisations,
    name text not null check (length(name) between 1 and 200),
    from_place_id uuid not null references places,
    to_place_id uuid not null references places,
    corridor jsonb,
    duration_s bigint not null check (duration_s > 0),
    -- Dark stretches, [{"from","to"}] after departure.
    dark jsonb not null,
    hold_time_s bigint check (hold_time_s > 0),
    unattended boolean not null,
    created_at timestamptz not null,
    unique (organisation_id, name),
    check (from_place_id <> to_place_id)
);
create index lanes_from on lanes (from_place_id);
create index lanes_to on lanes (to_place_id);

-- The plan of a shipment: to whom it goes, and the legs below.
create table plans (
    shipment_id uuid primary key references shipments on delete cascade,
    organisation_id int not null references organisations,
    consignee_id int not null references organisations,
    planned_at timestamptz not null,
    planned_by uuid references users
);
create index plans_organisation on plans (organisation_id);
create index plans_consignee on plans (consignee_id);
create index plans_planned_by on plans (planned_by);

create table legs (
    shipment_id uuid not null references plans on delete cascade,
    number int not null check (number between 1 and 20),
    organisation_id int not null references organisations,
    lane_id uuid references lanes,
    from_place_id uuid not null references places,
    to_place_id uuid not null references places,
    carrier_id int not null references organisations,
    courier_id uuid references users,
    pick_up_from timestamptz not null,
    pick_up_to timestamptz not null,
    delivery_from timestamptz not null,
    delivery_to timestamptz not null,
    primary key (shipment_id, number),
    check (pick_up_from < pick_up_to and delivery_from < delivery_to)
);
create index legs_organisation on legs (organisation_id);
create index legs_lane on legs (lane_id);
create index legs_from on legs (from_place_id);
create index legs_to on legs (to_place_id);
create index legs_carrier on legs (carrier_id);
create index legs_courier on legs (courier_id);

-- Where trackers were: the same value of the same instant is the same position, however often it comes.
create table positions (
    id bigint generated always as identity,
    organisation_id int not null references organisations,
    tracker_id int not null references trackers on delete cascade,
    measured_at timestamptz not null,
    -- Steps of 1e-7 degrees.
    lat_e7 int not null check (lat_e7 between -900000000 and 900000000),
    lon_e7 int not null check (lon_e7 between -1800000000 and 1800000000),
    accuracy_m int not null check (accuracy_m >= 0),
    source text not null check (source in ('tracker', 'network', 'gateway', 'van_gateway', 'scan')),
    recorded_at timestamptz not null,
    primary key (tracker_id, measured_at, source, lat_e7, lon_e7, accuracy_m)
);
create index positions_organisation on positions (organisation_id);
