drop table rereadings;
alter table uplinks drop column gave_readings;
