-- Which products are a supplier's. A product is one supplier's at a time, or two would see each other's units.
create table supplier_products (
    -- The tenant whose supplier it is.
    organisation_id int not null references organisations,
    gtin text not null check (gtin ~ '^[0-9]{14}$'),
    supplier_id int not null references organisations,
    name text check (length(name) between 1 and 200),
    primary key (organisation_id, gtin)
);
create index supplier_products_supplier on supplier_products (supplier_id, gtin);
