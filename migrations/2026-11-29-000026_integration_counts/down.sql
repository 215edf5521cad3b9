drop index alerts_refusals;
drop table integration_refusals;
drop table integration_counts;
