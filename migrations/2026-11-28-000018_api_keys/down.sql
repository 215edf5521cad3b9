-- Without its key such a user could do nothing, and is named by what it did.
update users set disabled_at = now() where disabled_at is null and id in (select user_id from api_keys);
drop table api_keys;
