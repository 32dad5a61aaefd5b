-- The derived tables that stand in the database: their columns, and what each says it means.
select
    t.table_name,
    t.comment,
    list([c.column_name, c.data_type, c.comment] order by c.column_index) as columns
from duckdb_tables() as t
inner join duckdb_columns() as c on t.table_oid = c.table_oid and t.database_oid = c.database_oid
where t.database_name = current_database() and not t.temporary
group by t.table_name, t.comment
