-- Words used by several of the derivations.
create or replace temp macro job_key_of(scope, system, id) as
case when scope = '' then '' else scope || '/' end || system || ':' || id;

-- The name of a job that its system gives none: which one it is of those with the same class and arguments.
create or replace temp macro nameless_id_of(job_class, arguments_digest, life) as
coalesce(job_class, '?') || ':' || coalesce(substr(arguments_digest, 1, 12), '?') || ':' || life;

-- The log that a file is a piece of: its path without what rotation and compression put behind it.
create or replace temp macro log_of(path) as
regexp_replace(path, '(\.(gz|zst|bz2|xz)|\.\d{1,4}|[-._]\d{4}-?\d{2}-?\d{2}([T_-]?[\d-]*))+$', '');

-- A digest of an error without what differs from case to case: numbers, ids, quoted values. Versioned.
create or replace temp macro error_fingerprint_of(error_class, error_message) as
case
    when error_class is null and error_message is null then null
    else 'v1:' || substr(md5(
        coalesce(error_class, '') || chr(10)
        || regexp_replace(
            regexp_replace(
                split_part(coalesce(error_message, ''), chr(10), 1),
                '("[^"]*"|''[^'']*''|`[^`'']*['']?)', '<value>', 'g'
            ),
            '(0x[0-9a-fA-F]+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|\b[0-9a-fA-F]{12,}\b|\d+)', '<n>', 'g'
        )
    ), 1, 16)
end;

create or replace temp macro seconds_between(earlier, later) as
date_diff('microsecond', earlier, later) / 1e6;
