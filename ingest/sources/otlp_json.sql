-- OTLP values as plain JSON, and the requests of a batch.
create or replace temp macro otlp_scalar(any_value) as
case
    when json_exists(any_value, '$.stringValue') then any_value -> '$.stringValue'
    when json_exists(any_value, '$.intValue')
        -- sent as text or as a number: copied digit by digit, never through a floating-point number
        then case when regexp_full_match(any_value ->> '$.intValue', '-?(0|[1-9]\d{0,18})') then (any_value ->> '$.intValue')::json end
    when json_exists(any_value, '$.boolValue') then any_value -> '$.boolValue'
    when json_exists(any_value, '$.doubleValue') then any_value -> '$.doubleValue'
    when any_value::varchar = '{}' then 'null'::json
end;

create or replace temp macro otlp_value(any_value) as
case
    when json_type(any_value, '$.arrayValue.values') = 'ARRAY'
        then ('[' || array_to_string(list_transform(json_extract(any_value, '$.arrayValue.values[*]'), lambda item: coalesce(otlp_scalar(item), item)::varchar), ',') || ']')::json
    when json_type(any_value, '$.kvlistValue.values') = 'ARRAY'
        then (
            '{' || array_to_string(
                list_transform(
                    json_extract(any_value, '$.kvlistValue.values[*]'),
                    lambda pair: to_json(coalesce(pair ->> '$.key', ''))::varchar || ':' || coalesce(otlp_scalar(pair -> '$.value'), pair -> '$.value', 'null')::varchar
                ), ','
            ) || '}'
        )::json
    else coalesce(otlp_scalar(any_value), any_value, 'null'::json)
end;

create or replace temp macro otlp_object(attributes) as
(
    '{' || array_to_string(
        list_transform(
            coalesce(json_extract(attributes, '$[*]'), []),
            lambda pair: to_json(coalesce(pair ->> '$.key', ''))::varchar || ':' || otlp_value(pair -> '$.value')::varchar
        ), ','
    ) || '}'
)::json;

create or replace temp macro otlp_nanos(written) as
case when regexp_full_match(written, '\d{1,19}') then nullif(try_cast(written as bigint), 0) end;

create or replace temp macro otlp_id(written) as
case when regexp_full_match(written, '[0-9a-fA-F]+') and not regexp_full_match(written, '0+') then lower(written) end;

create or replace temp macro otlp_integer(written) as
case when regexp_full_match(written, '-?\d+') then try_cast(written as integer) end;

create or replace temp table requests as
select
    line_no,
    case when json_valid(ltrim(text, chr(65279))) then ltrim(text, chr(65279))::json end as request
from records;
