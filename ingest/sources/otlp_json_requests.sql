-- One row per line of the batch: why it cannot be read, if so, and what to say of it where it brings no span and no log record.
select
    line_no,
    case
        when request is null then 'no valid JSON: the line is cut or damaged'
        when json_type(request) <> 'OBJECT' then 'JSON, but no object'
        when
            coalesce(
                json_type(request, '$.resourceSpans'),
                json_type(request, '$.resourceLogs'),
                json_type(request, '$.resourceMetrics')
            ) is null
            then 'an object without "resourceSpans", "resourceLogs" and "resourceMetrics"'
        when coalesce(json_type(request, '$.resourceSpans'), 'ARRAY') <> 'ARRAY' then '"resourceSpans" is no list'
        when coalesce(json_type(request, '$.resourceLogs'), 'ARRAY') <> 'ARRAY' then '"resourceLogs" is no list'
    end as reason,
    coalesce(json_exists(request, '$.resourceMetrics'), false) as has_metrics
from requests
order by line_no
