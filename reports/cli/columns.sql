-- The columns of one table, in its order.
select
    column_name || ' ' || lower(data_type) as name,
    coalesce(comment, '') as meaning
from duckdb_columns()
where table_name = $table_name
order by column_index
