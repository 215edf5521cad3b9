drop table watches;
drop index alerts_findings;
alter table alerts drop column finding, drop column detail;
