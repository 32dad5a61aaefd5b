-- Every table and what a row of it is.
select
    table_name as name,
    coalesce(comment, '') as meaning
from duckdb_tables()
where schema_name = 'main' and not temporary
order by table_name
