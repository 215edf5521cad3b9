-- Since when it is known that readings of a tracker lie further apart than it measures, where its log is asked for by time.
-- Which ones these are is seen from the readings.
alter table spoken_trackers add column gaps_known_at timestamptz;
