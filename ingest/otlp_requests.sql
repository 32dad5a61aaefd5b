-- One row per request of the batch: whether it is spelled as the SQL for spans and log records expects.
create or replace temp table looked_at as
select
    line_no,
    request_no,
    case
        when sent is null then false
        when not list_has_all(['resourceSpans', 'resourceLogs', 'resourceMetrics'], json_keys(text)) then false
        when contains(text, '"resourceSpans"') and sent.resourceSpans is null then false
        when contains(text, '"resourceLogs"') and sent.resourceLogs is null then false
        when coalesce(sent.resourceSpans, sent.resourceLogs) is null then sent.resourceMetrics is not null
        when
            sent.resourceSpans is not null
            and not (
                list_has_all(['resource', 'schemaUrl', 'scopeSpans'], flatten(json_keys(text, '$.resourceSpans[*]')))
                and list_has_all(['scope', 'schemaUrl', 'spans'], flatten(json_keys(text, '$.resourceSpans[*].scopeSpans[*]')))
            )
            then false
        when
            sent.resourceLogs is not null
            and not (
                list_has_all(['resource', 'schemaUrl', 'scopeLogs'], flatten(json_keys(text, '$.resourceLogs[*]')))
                and list_has_all(['scope', 'schemaUrl', 'logRecords'], flatten(json_keys(text, '$.resourceLogs[*].scopeLogs[*]')))
            )
            then false
        else true
    end as is_plain,
    sent.resourceMetrics is not null as has_metrics
from requests
order by line_no, request_no;
