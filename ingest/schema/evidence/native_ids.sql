-- Ids that lines had before they were exported: how the same line in two exports is known to be one.
create table native_ids (
    source_id integer not null,          -- where the line stands: the stream in sources
    line_no bigint not null,             -- and the line, counted from 1
    record_no integer not null,          -- which record of that line; else 0
    native_id varchar not null           -- the journal's cursor, the event id of CloudWatch or Datadog, index and id of a document
);
