alter table tracker_states drop column reported_at;
