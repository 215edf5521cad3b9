drop view setups_in_force;
drop index tracker_log_alarms;
drop index downlinks_limits;
drop index downlinks_due;
create index downlinks_due on downlinks (next_attempt_at) where next_attempt_at is not null;
update downlinks set state = 'unanswered' where state = 'refused';
alter table downlinks drop constraint downlinks_state_check, add constraint downlinks_state_check
    check (state in ('queued', 'handed_over', 'acknowledged', 'unanswered', 'failed', 'expired'));
