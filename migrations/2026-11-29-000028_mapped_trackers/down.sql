drop table tracker_senses;

alter table trackers drop constraint trackers_mapping_check, drop column mapping;

drop index uplinks_key;
-- Of what differs in nothing else one stays.
delete from uplinks u using uplinks o
    where u.payload is null and o.payload is null and coalesce(u.decoded, '') > coalesce(o.decoded, '')
        and u.dev_eui is not distinct from o.dev_eui and u.received_at = o.received_at and u.f_cnt = o.f_cnt
        and u.integration_id = o.integration_id and u.dev_addr is not distinct from o.dev_addr;
alter table uplinks drop column decoded;
create unique index uplinks_key on uplinks
    (dev_eui, received_at, f_cnt, integration_id, md5(dev_addr), sha256(payload)) nulls not distinct;
