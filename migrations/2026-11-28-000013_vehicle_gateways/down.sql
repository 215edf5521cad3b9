alter table gateways drop column vehicle_accuracy_m;
