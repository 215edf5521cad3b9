-- How many wrong badges were shown on an account within the hour is asked at each badge, whatever else its user did.
create index audit_entries_refused_signatures on audit_entries (actor, at)
    where action = 'custody.signature_refused';

-- The clock looks at these each time, however many alerts there ever were.
create index alerts_standing_returns on alerts (tracker_id)
    where kind = 'tracker_not_returned' and closed_as is null;
