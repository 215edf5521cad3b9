alter table integrations drop column confirm_url, drop column confirm_asked_at;
