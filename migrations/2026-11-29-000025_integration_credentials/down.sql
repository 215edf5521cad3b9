alter table integrations
    drop column allowed_addresses, drop column older_shared_key, drop column shared_key,
    drop column older_token_sha256;
