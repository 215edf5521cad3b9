drop table tracker_sensings;
