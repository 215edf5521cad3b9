-- How many rows the shipment's ledger has, apart from it: rows that are taken off its end are missed.
alter table shipments add column ledger_rows int not null default 0;
update shipments s set ledger_rows = (select count(*) from custody_records r where r.shipment_id = s.id);
