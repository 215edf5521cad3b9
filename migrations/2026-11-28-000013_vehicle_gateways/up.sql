-- A gateway that rides in a vehicle: where it says that it is, it is within so many metres.
alter table gateways add column vehicle_accuracy_m int check (vehicle_accuracy_m between 10 and 10000);
