alter table trackers drop column lost_at, drop column returned_at;
-- What the older version has no word for stays on hold.
update shipments set hold = 'excursion' where hold in ('returned', 'decision');
alter table shipments
    drop column days_to_return,
    drop column turn_back_reason,
    drop column turned_back_at,
    drop column cancel_reason,
    drop column cancelled_at,
    drop column disposition_id,
    drop constraint shipments_hold_check,
    add constraint shipments_hold_check check (hold in ('excursion', 'incomplete', 'recall'));
drop table dispositions;
