drop table notification_attempts;
drop function refuse_change_of_attempt;
drop index notifications_step;
alter table notifications drop opened_at, drop round, drop step_id, drop place, drop steps, drop called_off_at;
drop index alerts_to_escalate;
alter table alerts drop reopened_at, drop escalate_at;
drop table on_call_steps;
drop table runbooks;
