delete from missing_readings where last_number = 0;
update missing_readings set first_number = 1 where first_number = 0;
alter table missing_readings drop constraint missing_readings_first_number_check,
    add constraint missing_readings_first_number_check check (first_number > 0);
update alert_readings set first_number = 1, last_number = greatest(last_number, 1),
    readings = least(readings, greatest(last_number, 1)) where first_number = 0;
alter table alert_readings drop constraint alert_readings_first_number_check,
    add constraint alert_readings_first_number_check check (first_number > 0);
drop table tracker_log;
alter table spoken_trackers drop column oldest;
