-- Words used by several of the derivations.
create or replace temp macro job_key_of(scope, system, id) as
case when scope = '' then '' else scope || '/' end || system || ':' || id;

-- The name of a job that its system gives none: which one it is of those with the same class and arguments.
create or replace temp macro nameless_id_of(job_class, arguments_digest, life) as
coalesce(job_class, '?') || ':' || coalesce(substr(arguments_digest, 1, 12), '?') || ':' || life;

-- The log that a file is a piece of: its path without what rotation and compression put behind it.
create or replace temp macro log_of(path) as
regexp_replace(path, '(\.(gz|zst|bz2|xz)|\.\d{1,4}|[-._]\d{4}-?\d{2}-?\d{2}([T_-]?[\d-]*))+$', '');

-- What an error says, without what differs from case to case: addresses, paths behind a host, quoted values, paths, ids and
-- numbers. Quoted words without digits are kept: they tell one missing key or method from another.
create or replace temp macro error_words_of(error_message) as
regexp_replace(
    regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    regexp_replace(
                        left(split_part(error_message, chr(10), 1), 500), '[\w.+-]+@[\w-]+\.[\w.-]+', '<address>', 'g'
                    ),
                    '(https?://[^/\s?#''"<>]+)[^\s''"<>)\]]*', '\1', 'g'
                ),
                '("[^"]*[^"A-Za-z_?!.=][^"]*"|''[^'']*[^''A-Za-z_?!.=][^'']*''|`[^`'']*[^`''A-Za-z_?!.=][^`'']*[`''])', '<value>', 'g'
            ),
            '(?:/[\w.@+-]+){2,}/?', '<path>', 'g'
        ),
        '\b(?:(?:[A-Za-z_-]*\d){2,}(?:[\w-]|[.,:]\d)*|\d[\d.,:]*[A-Za-z%]{0,3})\b', '<n>', 'g'
    ),
    '\d+', '<n>', 'g'
);

-- A digest of an error: of its class and what it says. The version in front changes with the way it is made.
create or replace temp macro error_fingerprint_of(error_class, error_message) as
case
    when error_class is null and error_message is null then null
    else 'v2:' || substr(md5(coalesce(error_class, '') || chr(10) || coalesce(error_words_of(error_message), '')), 1, 16)
end;

create or replace temp macro seconds_between(earlier, later) as
date_diff('microsecond', earlier, later) / 1e6;
