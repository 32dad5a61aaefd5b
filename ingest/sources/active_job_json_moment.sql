-- A moment as some logger wrote it: ISO 8601 with its zone, or a count since 1970 in seconds or a fraction of them.
create or replace temp macro moment_of(told) as
case
    when regexp_full_match(told, '\d{9,19}(\.\d+)?')
        then
            make_timestamp((
                try_cast(told as double) * case
                    when try_cast(told as double) < 1e11 then 1e6
                    when try_cast(told as double) < 1e14 then 1e3
                    when try_cast(told as double) < 1e17 then 1
                    else 1e-3
                end
            )::bigint)
    when not regexp_full_match(told, '(19[7-9]\d|2[01]\d\d|22[0-5]\d)-\d\d-\d\d[T ].*(Z|UTC|[+-]\d\d:?\d\d)') then null
    when told[-1] = 'Z' then try_cast(told as timestamp)
    else try_cast(replace(told, ' UTC', '+00') as timestamptz) at time zone 'UTC'
end;
