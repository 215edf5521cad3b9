alter table downlinks drop constraint downlinks_state_check, add constraint downlinks_state_check
    check (state in ('queued', 'handed_over', 'acknowledged', 'refused', 'unanswered', 'failed', 'expired'));

-- By each integration for itself.
drop index downlinks_due;
create index downlinks_due on downlinks (integration_id, next_attempt_at) where next_attempt_at is not null;

create index downlinks_limits on downlinks (tracker_id, number) where commands @> '[{"kind": "thresholds"}]';
create index tracker_log_alarms on tracker_log (tracker_id, at)
    where kind in ('alarm_high', 'alarm_low', 'alarm_ended');

-- What is in force with each tracker, and the downlink that told it its limits last.
create view setups_in_force as
    select r.tracker_id, r.organisation_id, r.setup, r.setup_at, d.number as told_number, d.commands as told_commands,
        d.ended_at as told_ended_at
    from tracker_reports r
    left join lateral (select number, commands, ended_at from downlinks d
        where d.tracker_id = r.tracker_id and d.commands @> '[{"kind": "thresholds"}]'
        order by d.number desc limit 1) d on true
    where r.setup is not null;
