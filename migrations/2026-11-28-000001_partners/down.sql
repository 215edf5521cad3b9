drop table acceptance_codes;
drop table trainings;
drop table badges;
drop table contracts;
drop function refuse_deletion;
alter table users drop column name;
