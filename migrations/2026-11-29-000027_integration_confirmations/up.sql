alter table integrations
    -- Where a person says that the network may post here, and when it asked. Anybody may ask, and replaces it: nothing opens it.
    add column confirm_url text check (length(confirm_url) between 1 and 4096),
    add column confirm_asked_at timestamptz,
    add constraint integrations_confirm_check check ((confirm_url is null) = (confirm_asked_at is null));
