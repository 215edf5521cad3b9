-- What a shipment holds. Numbered from 1 without a gap; fixed when it is packed.
create table boxes (
    shipment_id uuid not null references shipments on delete cascade,
    number int not null check (number between 1 and 500),
    organisation_id int not null references organisations,
    sscc text check (sscc ~ '^[0-9]{18}$'),
    primary key (shipment_id, number)
);
create index boxes_sscc on boxes (organisation_id, sscc);
insert into boxes (shipment_id, number, organisation_id) select id, 1, organisation_id from shipments;

create table box_contents (
    id bigint generated always as identity primary key,
    organisation_id int not null references organisations,
    shipment_id uuid not null,
    box_number int not null,
    product text check (length(product) between 1 and 200),
    gtin text check (gtin ~ '^[0-9]{14}$'),
    lot text check (length(lot) between 1 and 20),
    expires_on date,
    serial text check (length(serial) between 1 and 20),
    quantity int not null check (quantity > 0),
    check (product is not null or gtin is not null),
    check (serial is null or (gtin is not null and quantity = 1)),
    foreign key (shipment_id, box_number) references boxes on delete cascade
);
create index box_contents_box on box_contents (shipment_id, box_number);
create index box_contents_gtin on box_contents (organisation_id, gtin, lot);
create index box_contents_lot on box_contents (organisation_id, lot);

-- In which box of the shipment the tracker rides; null: nobody said.
alter table assignments add column box_number int;
alter table assignments add constraint assignments_box foreign key (shipment_id, box_number) references boxes;

-- A pallet, a roll cage or a manifest, which holds boxes for intervals of time: [from_at, until_at).
create table parents (
    id uuid primary key,
    organisation_id int not null references organisations,
    kind text not null check (kind in ('pallet', 'roll_cage', 'manifest')),
    sscc text check (sscc ~ '^[0-9]{18}$'),
    reference text check (length(reference) between 1 and 100),
    created_at timestamptz not null,
    created_by uuid references users,
    check (sscc is not null or reference is not null),
    unique (organisation_id, sscc),
    unique (organisation_id, kind, reference)
);
create index parents_newest on parents (organisation_id, created_at desc, id desc);
create index parents_created_by on parents (created_by);
create table parent_boxes (
    id bigint generated always as identity primary key,
    organisation_id int not null references organisations,
    parent_id uuid not null references parents,
    shipment_id uuid not null,
    box_number int not null,
    from_at timestamptz not null,
    until_at timestamptz,
    created_at timestamptz not null,
    check (until_at > from_at),
    foreign key (shipment_id, box_number) references boxes
);
create index parent_boxes_organisation on parent_boxes (organisation_id);
create index parent_boxes_parent on parent_boxes (parent_id, from_at);
-- A box is in one parent at a time; that intervals do not meet is looked at under its lock.
create unique index parent_boxes_one_now on parent_boxes (shipment_id, box_number) where until_at is null;
create index parent_boxes_box on parent_boxes (shipment_id, box_number, from_at);

-- Quality calls a lot back: what holds it, or is packed with it later, is on hold. Only added to.
create table recalls (
    id uuid primary key,
    organisation_id int not null references organisations,
    gtin text not null check (gtin ~ '^[0-9]{14}$'),
    lot text not null check (length(lot) between 1 and 20),
    reason text not null check (length(reason) between 1 and 1000),
    created_at timestamptz not null,
    created_by uuid not null references users
);
create index recalls_newest on recalls (organisation_id, created_at desc, id desc);
create index recalls_lot on recalls (organisation_id, lot);
create index recalls_created_by on recalls (created_by);
create table recall_shipments (
    recall_id uuid not null references recalls,
    shipment_id uuid not null references shipments on delete cascade,
    organisation_id int not null references organisations,
    held_at timestamptz not null,
    -- The hold that stood before the first recall, which a recall stands above.
    hold_before text check (hold_before <> 'recall'),
    primary key (recall_id, shipment_id)
);
create index recall_shipments_organisation on recall_shipments (organisation_id);
create index recall_shipments_shipment on recall_shipments (shipment_id, held_at desc);
