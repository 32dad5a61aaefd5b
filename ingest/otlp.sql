-- OTLP's values as plain JSON text, and the requests of a batch as their resources, scopes and spans or log records.

-- A character that no JSON text holds stands for a value that is read elsewhere: bytes, nothing, or deeper nested.
create or replace temp macro otlp_unread() as chr(1);

-- Attributes as they are sent: pairs of a key and one of these.
create or replace temp macro otlp_pairs() as
'[{
    "key": "VARCHAR",
    "value": {
        "stringValue": "VARCHAR", "intValue": "VARCHAR", "boolValue": "VARCHAR", "doubleValue": "VARCHAR",
        "arrayValue": "VARCHAR", "kvlistValue": "VARCHAR"
    }
}]';

-- A scalar inside a list, as JSON text: its digits or its text is the one group.
create or replace temp macro otlp_item() as
'\{"(?:stringValue|boolValue|intValue|doubleValue)":("(?:[^"\\]|\\.)*"|true|false|-?[0-9][-+.0-9eE]*)\}';

create or replace temp macro otlp_list(sent) as
case
    when sent in ('{}', '{"values":[]}') then '[]'
    -- whole numbers come as text, too, and then need their quotes taken away
    when regexp_full_match(sent, '\{"values":\[(?:' || otlp_item() || ',?)*\]\}')
        then regexp_replace(regexp_replace(sent[11:-2], '"intValue":"(-?(?:0|[1-9][0-9]{0,18}))"', '"intValue":\1', 'g'), otlp_item(), '\1', 'g')
    else otlp_unread()
end;

create or replace temp macro otlp_map(sent) as
case
    when sent in ('{}', '{"values":[]}') then '{}'
    when regexp_full_match(sent, '\{"values":\[(?:\{"key":"(?:[^"\\]|\\.)*","value":' || otlp_item() || '\},?)*\]\}')
        then
            '{' || regexp_replace(
                regexp_replace(sent[12:-3], '"intValue":"(-?(?:0|[1-9][0-9]{0,18}))"', '"intValue":\1', 'g'),
                '\{"key":("(?:[^"\\]|\\.)*"),"value":' || otlp_item() || '\}', '\1:\2', 'g'
            ) || '}'
    else otlp_unread()
end;

create or replace temp macro otlp_value(any_value) as
case
    when any_value.stringValue is not null then to_json(any_value.stringValue)::varchar
    -- sent as text or as a number: copied digit by digit, never through a floating-point number
    when regexp_full_match(any_value.intValue, '-?(0|[1-9]\d{0,18})') then any_value.intValue
    when any_value.boolValue in ('true', 'false') then any_value.boolValue
    when regexp_full_match(any_value.doubleValue, '-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?') then any_value.doubleValue
    when any_value.doubleValue is not null then to_json(any_value.doubleValue)::varchar
    when any_value.arrayValue is not null then otlp_list(any_value.arrayValue)
    when any_value.kvlistValue is not null then otlp_map(any_value.kvlistValue)
    else otlp_unread()
end;

create or replace temp macro otlp_object(pairs) as
'{' || coalesce(
    array_to_string(
        list_transform(
            pairs, lambda pair: coalesce(to_json(pair.key)::varchar || ':' || otlp_value(pair.value), '"":' || otlp_unread())
        ), ','
    ), ''
) || '}';

-- A scope with the schema its holder names, as an object.
create or replace temp macro otlp_scope(scope, url) as
json_merge_patch(
    case when starts_with(scope, '{') then scope else '{}' end::json,
    case when coalesce(url, '') <> '' then json_object('schemaUrl', url) else '{}'::json end
);

create or replace temp macro otlp_nanos(written) as
case when regexp_full_match(written, '\d{1,19}') then nullif(try_cast(written as bigint), 0) end;

-- Hex in either case; base64 is what generic converters from protobuf write.
create or replace temp macro otlp_id(written) as
case
    when regexp_full_match(written, '0*') then null
    when regexp_full_match(written, '[0-9a-fA-F]+') then lower(written)
    when regexp_full_match(written, 'A+=*') then null
    when regexp_full_match(written, '[0-9a-zA-Z+/]{22}==|[0-9a-zA-Z+/]{11}=') then lower(hex(from_base64(written)))
end;

create or replace temp macro otlp_integer(written) as
case when regexp_full_match(written, '-?\d+') then try_cast(written as integer) end;

create or replace temp macro otlp_pid(written) as
case when regexp_full_match(written, '\d+') then try_cast(written as bigint) end;

create or replace temp table requests as
select
    line_no,
    request_no,
    text,
    -- what is damaged is null, and told apart in words only where there is cause to look
    json_transform(
        try_cast(text as json),
        '{
                "resourceSpans": [{
                    "resource": "VARCHAR", "schemaUrl": "VARCHAR",
                    "scopeSpans": [{"scope": "VARCHAR", "schemaUrl": "VARCHAR", "spans": ["VARCHAR"]}]
                }],
                "resourceLogs": [{
                    "resource": "VARCHAR", "schemaUrl": "VARCHAR",
                    "scopeLogs": [{"scope": "VARCHAR", "schemaUrl": "VARCHAR", "logRecords": ["VARCHAR"]}]
                }],
                "resourceMetrics": "VARCHAR"
            }'
    ) as sent
from records
order by line_no, request_no;

create or replace temp table resources as
with holders as (
    select
        line_no,
        request_no,
        'span' as signal,
        list_transform(sent.resourceSpans, lambda holder: { 'resource': holder.resource, 'url': holder.schemaUrl }) as held
    from requests
    union all
    select
        line_no,
        request_no,
        'log record' as signal,
        list_transform(sent.resourceLogs, lambda holder: { 'resource': holder.resource, 'url': holder.schemaUrl }) as held
    from requests
)

select
    line_no,
    request_no,
    signal,
    generate_subscripts(held, 1) as resource_no,
    unnest(held, recursive := true)
from holders;
