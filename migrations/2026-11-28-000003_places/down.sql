drop table positions;
drop table legs;
drop table plans;
drop table lanes;
drop table places;
