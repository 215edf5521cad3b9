-- An organisation's own runbook in the place of the one that a kind of alert has in the house.
create table runbooks (
    organisation_id int not null references organisations,
    kind text not null,
    what_to_do text not null check (length(what_to_do) between 1 and 2000),
    who_to_call text not null check (length(who_to_call) between 1 and 200),
    changed_at timestamptz not null,
    changed_by uuid not null references users,
    primary key (organisation_id, kind)
);
create index runbooks_changed_by on runbooks (changed_by);

-- Who is told of an open alert, one after the other. A step that is moved keeps its id.
create table on_call_steps (
    id uuid primary key,
    organisation_id int not null references organisations,
    place int not null check (place between 1 and 20),
    user_id uuid not null references users,
    wait_s int not null check (wait_s between 0 and 86400),
    severity text not null check (severity in ('info', 'warning', 'critical')),
    unique (organisation_id, place)
);
create index on_call_steps_user on on_call_steps (user_id);

-- When an acknowledged alert became open anew, since its severity rose; and when it is next looked at who is to be
-- told of it. That is at once where it is new; null where nobody further is to be told.
alter table alerts add reopened_at timestamptz, add escalate_at timestamptz;
alter table alerts alter escalate_at set default '-infinity';
create index alerts_to_escalate on alerts (escalate_at)
    where acknowledged_at is null and closed_as is null and escalate_at is not null;

-- Of a notification to somebody on call: the opening of the alert, the round and the step, and its place among how many.
-- It is called off when the alert is no longer open, or the step is told anew.
alter table notifications add opened_at timestamptz, add round int check (round > 0), add step_id uuid,
    add place int check (place > 0), add steps int check (steps >= place), add called_off_at timestamptz,
    add check (num_nulls(opened_at, round, step_id, place, steps) in (0, 5)),
    add check (called_off_at is null or (sent_at is null and next_attempt_at is null));
-- However many processes look at the same time, a step of a round is told once.
create unique index notifications_step on notifications (alert_id, opened_at, round, step_id)
    where step_id is not null;

-- Every attempt to deliver a notification, with the mail server's words.
create table notification_attempts (
    id bigint generated always as identity primary key,
    organisation_id int not null references organisations,
    notification_id uuid not null references notifications,
    at timestamptz not null,
    outcome text not null check (outcome in ('delivered', 'failed', 'called_off')),
    words text not null check (length(words) <= 1000)
);
create index notification_attempts_organisation on notification_attempts (organisation_id);
create index notification_attempts_notification on notification_attempts (notification_id);

create function refuse_change_of_attempt() returns trigger language plpgsql as $$
begin
    raise exception '% is only added to', tg_table_name;
end $$;
create trigger notification_attempts_append_only before update or delete or truncate on notification_attempts
    for each statement execute function refuse_change_of_attempt();
