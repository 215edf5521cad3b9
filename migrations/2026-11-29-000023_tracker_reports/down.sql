alter table tracker_states add column battery_pct int;
drop index tracker_log_restarts;
drop table tracker_reports;
