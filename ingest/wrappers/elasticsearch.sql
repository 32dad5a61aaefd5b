-- One row per document: its source, and where it was stored.
with
lines as (
    select
        r.line_no,
        case when json_valid(r.text) then r.text::json end as document
    from records as r
),

told as (
    select
        line_no,
        document,
        json_transform(document, '{"_index": "VARCHAR", "_id": "VARCHAR", "_source": "JSON"}') as f
    from lines
)

select
    told.line_no,
    case
        when told.document is null then 'it begins like a document of Elasticsearch, but is cut or damaged'
        when coalesce(json_type(f._source), '') <> 'OBJECT' then 'a document of Elasticsearch without its "_source"'
    end as reason,
    f._source::varchar as text,
    f._index || '/' || f._id as native_id,
    json_merge_patch(told.document, '{"_source": null}')::varchar as kept
from told
order by told.line_no
