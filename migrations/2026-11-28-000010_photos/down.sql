drop table custody_photos;
