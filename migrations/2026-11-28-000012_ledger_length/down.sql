alter table shipments drop column ledger_rows;
