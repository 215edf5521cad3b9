-- From which the organisation's own SSCCs are made. A tenant has it; its partners number nothing here.
alter table organisations
    add column company_prefix text check (company_prefix ~ '^[0-9]{4,12}$'),
    add column extension_digit int check (extension_digit between 0 and 9),
    add check ((company_prefix is null) = (extension_digit is null)),
    add check (host_id is null or company_prefix is null);

-- The next serial reference of each series that was ever used: it only goes up, so that no number is given twice, also
-- where an organisation leaves a prefix and comes back to it.
create table sscc_series (
    organisation_id int not null references organisations,
    company_prefix text not null check (company_prefix ~ '^[0-9]{4,12}$'),
    extension_digit int not null check (extension_digit between 0 and 9),
    next_serial bigint not null check (next_serial >= 0),
    primary key (organisation_id, company_prefix, extension_digit)
);
create function refuse_number_again() returns trigger language plpgsql as $$
begin
    raise exception 'an SSCC that was given is never given again';
end $$;
create trigger sscc_series_go_up before update on sscc_series
    for each row when (new.next_serial < old.next_serial) execute function refuse_number_again();
create trigger sscc_series_are_kept before delete or truncate on sscc_series
    for each statement execute function refuse_deletion();
