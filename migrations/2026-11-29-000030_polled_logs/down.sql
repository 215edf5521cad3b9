alter table spoken_trackers drop column gaps_known_at;
