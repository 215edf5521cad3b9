drop table custody_records;
drop table ledger_keys;
drop function refuse_change_of_ledger();
