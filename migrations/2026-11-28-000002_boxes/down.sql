drop table recall_shipments;
drop table recalls;
drop table parent_boxes;
drop table parents;
alter table assignments drop column box_number;
drop table box_contents;
drop table boxes;
