drop table sscc_series;
drop function refuse_number_again;
alter table organisations drop column company_prefix, drop column extension_digit;
