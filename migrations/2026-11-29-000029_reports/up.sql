-- When the network received the latest uplink that told what the tracker is there for: a reading that counts, or, of one that
-- measures none, anything. Silence is judged by it: who is heard and measures nothing must not pass for well.
alter table tracker_states add column reported_at timestamptz;
update tracker_states set reported_at = heard_at;
