drop table downlinks;
drop table spoken_trackers;
alter table uplinks drop column application, drop column device;
